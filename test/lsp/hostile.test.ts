import { spawnSync } from 'node:child_process';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CancellationTokenSource } from 'vscode-languageserver-protocol/node';
import { temporaryDir } from '../temporary-dir.ts';
import { type Editor, startEditor } from './client.ts';

let dir: string;
let editor: Editor;

beforeAll(async () => {
  dir = temporaryDir();
  editor = await startEditor({ folders: [dir] });
});
afterAll(() => editor.kill());

/** Questions about a place. */
const atPlace = ['hover', 'definition', 'documentHighlight', 'prepareRename', 'completion', 'signatureHelp'];
/** Questions about a document. */
const ofDocument = ['foldingRange', 'documentSymbol', 'documentLink', 'codeLens', 'semanticTokens/full'];

const isAlive = () => editor.process.exitCode === null;

test('random edits and places end nothing, and each question has an answer', async () => {
  const pieces = [
    'FROM a AS b\n',
    'RUN <<E\n',
    'ENV A=$B ',
    '${',
    '"',
    "'",
    '\\\n',
    '\r\n',
    '--mount=type=',
    '#',
    '😀',
    '\u0000',
    '\ud800',
    '`',
  ];
  let count = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...pieces), { maxLength: 20 }),
      fc.array(
        fc.record({
          line: fc.integer({ min: -3, max: 30 }),
          character: fc.integer({ min: -3, max: 60 }),
          length: fc.nat(30),
          text: fc.constantFrom(...pieces, ''),
        }),
        { maxLength: 6 },
      ),
      async (parts, edits) => {
        const document = await editor.open(path.join(dir, `Dockerfile.${count++}`), parts.join(''));
        const textDocument = { uri: document.uri, version: 2 };
        for (const { line, character, length, text } of edits) {
          const range = {
            start: { line, character },
            end: { line: line + (length % 3), character: character + length },
          };
          await editor.connection.sendNotification('textDocument/didChange', {
            textDocument,
            contentChanges: [{ range, text }],
          });
          const place = { textDocument: { uri: document.uri }, position: { line, character } };
          const questions = [
            ...atPlace.map((it) => editor.connection.sendRequest(`textDocument/${it}`, place)),
            ...ofDocument.map((it) => editor.connection.sendRequest(`textDocument/${it}`, place)),
            editor.connection.sendRequest('textDocument/references', {
              ...place,
              context: { includeDeclaration: true },
            }),
          ];
          await Promise.all(questions);
        }
        await editor.connection.sendNotification('textDocument/didClose', { textDocument });
      },
    ),
    { numRuns: 60, seed: 18 },
  );
  expect(isAlive()).toBe(true);
  expect(editor.log).toEqual([]);
});

test('a document that was never opened has no answers, and wrong parameters are an error of the request alone', async () => {
  const place = { textDocument: { uri: 'file:///gone' }, position: { line: 0, character: 0 } };
  expect(await editor.connection.sendRequest('textDocument/hover', place)).toBeNull();
  const document = await editor.open(path.join(dir, 'Dockerfile'), 'FROM a\n');
  for (const position of [{ line: 1e9, character: 1e9 }, { line: 'x', character: null }, null])
    await editor.connection
      .sendRequest('textDocument/hover', { textDocument: { uri: document.uri }, position })
      .catch(() => {});
  for (const params of [{}, { textDocument: null }, null])
    await expect(editor.connection.sendRequest('textDocument/hover', params)).rejects.toMatchObject({ code: -32602 });
  await expect(editor.connection.sendRequest('tsfront/graphPage')).rejects.toMatchObject({ code: -32602 });
  await expect(editor.connection.sendRequest('tsfront/graphPage', {})).rejects.toMatchObject({ code: -32602 });
  await expect(editor.connection.sendRequest('textDocument/nothing', {})).rejects.toThrow('Unhandled method');
  expect(await editor.connection.sendRequest('textDocument/hover', document.at('FROM'))).not.toBeNull();
});

test('a question that is no longer of interest is given up', async () => {
  const text = `FROM alpine:3\n${'RUN echo $A && true\n'.repeat(3000)}`;
  const document = await editor.open(path.join(dir, 'Dockerfile.long'), text);
  const source = new CancellationTokenSource();
  const question = editor.connection.sendRequest('textDocument/hover', document.at('RUN'), source.token);
  source.cancel();
  await expect(question).rejects.toMatchObject({ code: -32800 });
  expect(await editor.connection.sendRequest('textDocument/hover', document.at('FROM'))).not.toBeNull();
});

test('the next edit ends the analysis of the one before', async () => {
  const document = await editor.open(path.join(dir, 'Dockerfile.edits'), 'FROM alpine:3\nWORKDIR a\n');
  for (let i = 0; i < 20; i++) await document.edit('WORKDIR a', 'WORKDIR aa');
  const found = await editor.diagnostics(document.uri, (it) => it.some(({ code }) => code === 'WorkdirRelativePath'));
  expect(found.filter(({ code }) => code === 'WorkdirRelativePath')).toHaveLength(1);
  const versions = editor.published.filter(({ uri }) => uri === document.uri).map(({ version }) => version);
  expect([...versions].sort((a, b) => a! - b!)).toEqual(versions);
});

test('without its editor the server ends', async () => {
  const other = await startEditor();
  const exit = new Promise((resolve) => other.process.on('exit', resolve));
  other.process.stdin!.end();
  expect(await exit).toBe(1);
});

test('the server ends soon after the process of its editor is gone', async () => {
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  const other = await startEditor({ processId: gone });
  expect(await new Promise((resolve) => other.process.on('exit', resolve))).toBe(1);
});
