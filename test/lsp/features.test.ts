import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type {
  CodeAction,
  CodeLens,
  CompletionList,
  DocumentLink,
  DocumentSymbol,
  FoldingRange,
  Hover,
  SemanticTokens,
  SignatureHelp,
  TextEdit,
} from 'vscode-languageserver-protocol/node';
import { temporaryDir } from '../temporary-dir.ts';
import { type Editor, startEditor } from './client.ts';

let dir: string;
let editor: Editor;

beforeAll(async () => {
  dir = temporaryDir({ 'src/main.ts': '12345', 'src/deep/x.ts': '123', 'package.json': '{}' });
  mkdirSync(path.join(dir, 'docker'));
  editor = await startEditor({ folders: [dir] });
});
afterAll(() => editor.kill());

const open = (name: string, text: string) => editor.open(path.join(dir, name), text);
const ask = <R>(method: string, uri: string, more: object = {}) =>
  editor.connection.sendRequest<R>(`textDocument/${method}`, { textDocument: { uri }, ...more });

/** A text after edits that do not overlap. */
function applied(text: string, edits: readonly TextEdit[]): string {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  const offset = ({ line, character }: TextEdit['range']['start']) => starts[line]! + character;
  return [...edits]
    .sort((a, b) => offset(b.range.start) - offset(a.range.start))
    .reduce((it, { range, newText }) => it.slice(0, offset(range.start)) + newText + it.slice(offset(range.end)), text);
}

test('formatting gives what tsfront fmt writes, and leaves a file with errors alone', async () => {
  const document = await open('Dockerfile.fmt', 'from alpine:3\nrun   a \\\n b\n');
  const edits = await ask<TextEdit[]>('formatting', document.uri, { options: { tabSize: 2, insertSpaces: true } });
  const formatted = applied(document.text(), edits);
  expect(formatted).toMatch(/^FROM alpine:3\n+RUN a/);
  const broken = await open('Dockerfile.fmt2', 'from\nrun   a\n');
  expect(await ask('formatting', broken.uri, { options: { tabSize: 2, insertSpaces: true } })).toBeNull();
});

test('stages, instructions of several lines, here-documents and comments fold', async () => {
  const text = '# one\n# two\nFROM a AS x\nRUN a \\\n  b\nRUN <<EOF\nc\nEOF\n\n# three\nFROM b\nRUN d\n';
  const document = await open('Dockerfile.fold', text);
  const ranges = await ask<FoldingRange[]>('foldingRange', document.uri);
  const lines = ranges.map(({ startLine, endLine }) => [startLine, endLine]);
  expect(lines).toEqual(
    expect.arrayContaining([
      [0, 1],
      [2, 7],
      [3, 4],
      [5, 7],
      [10, 11],
    ]),
  );
  expect(lines).toHaveLength(5);
});

test('the outline has stages with their instructions, and no secret', async () => {
  const document = await open('Dockerfile.outline', 'ARG V=1\nFROM a AS x\nENV API_TOKEN=hunter22\nFROM x\nRUN b\n');
  const symbols = await ask<DocumentSymbol[]>('documentSymbol', document.uri);
  expect(symbols.map(({ name, children }) => [name, children?.length ?? 0])).toEqual([
    ['ARG V=1', 0],
    ['x', 1],
    ['stage 1', 1],
  ]);
  expect(JSON.stringify(symbols)).not.toContain('hunter22');
});

test('semantic tokens tell keywords, flags, variables, stages and comments, on one line each and without overlap', async () => {
  const text =
    '# syntax=docker/dockerfile:1\nFROM a AS x\n# c\nRUN --mount=type=cache,target=$T echo ${V} \\\n  # in\n  x\n';
  const document = await open('Dockerfile.tokens', text);
  const { data } = await ask<SemanticTokens>('semanticTokens/full', document.uri);
  const legend = editor.initialized.capabilities.semanticTokensProvider!.legend.tokenTypes;
  const lines = text.split('\n');
  let [line, character] = [0, 0];
  const found: string[] = [];
  for (let at = 0; at < data.length; at += 5) {
    character = data[at] === 0 ? character + data[at + 1]! : data[at + 1]!;
    line += data[at]!;
    found.push(`${legend[data[at + 3]!]} ${lines[line]!.slice(character, character + data[at + 2]!)}`);
  }
  expect(found).toEqual([
    'macro # syntax=docker/dockerfile:1',
    'keyword FROM',
    'class a',
    'keyword AS',
    'class x',
    'comment # c',
    'keyword RUN',
    'parameter --mount=type=cache,target=$',
    'variable T',
    'variable V',
    'comment # in',
  ]);
});

test('images, downloads and files are links', async () => {
  const text = 'FROM node:22 AS x\nFROM ghcr.io/a/b\nFROM x\nADD https://example.com/f /\nCOPY package.json src /\n';
  const document = await open('Dockerfile.links', text);
  const links = await ask<DocumentLink[]>('documentLink', document.uri);
  const targets = links.map(({ target }) => target);
  expect(targets).toContain('https://hub.docker.com/_/node');
  expect(targets).toContain('https://ghcr.io/a/b');
  expect(targets).toContain('https://example.com/f');
  expect(targets.some((it) => it?.endsWith('/package.json'))).toBe(true);
  expect(targets).toHaveLength(4);
});

test('the graph of a build is a page, and what fails the build is told instead', async () => {
  const document = await open('Dockerfile.graph', 'FROM alpine:3\nRUN echo hello-graph\n');
  const params = { textDocument: { uri: document.uri } };
  const page = await editor.connection.sendRequest<string>('tsfront/graphPage', params);
  expect(page).toMatch(/^<!doctype html>[\s\S]*echo hello-graph/i);
  await document.edit('RUN', 'RUNN');
  await expect(editor.connection.sendRequest('tsfront/graphPage', params)).rejects.toThrow('unknown instruction: RUNN');
});

test('a lens tells the files and bytes that COPY takes', async () => {
  const document = await open(
    'Dockerfile.lens',
    'FROM alpine:3 AS a\nFROM alpine:3\nCOPY src /src\nCOPY --from=a /x /y\n',
  );
  const lenses = await ask<CodeLens[]>('codeLens', document.uri);
  expect(lenses).toHaveLength(1);
  const resolved = await editor.connection.sendRequest<CodeLens>('codeLens/resolve', lenses[0]);
  expect(resolved.command?.title).toBe('2 files, 8B');
  await document.edit('--from=a /x', '--form=a /x');
  const [lens] = await ask<CodeLens[]>('codeLens', document.uri);
  const again = await editor.connection.sendRequest<CodeLens>('codeLens/resolve', lens);
  expect(again.command?.title).toBe('2 files, 8B');
});

test('signature help shows the forms of an instruction and the part that is being written', async () => {
  const document = await open('Dockerfile.signature', 'FROM a\nCOPY --link a b\n');
  const help = async (part: string, plus: number) => {
    const place = document.at(part, plus);
    return editor.connection.sendRequest<SignatureHelp | null>('textDocument/signatureHelp', place);
  };
  const found = await help('a b', 1);
  expect(found!.signatures[0]!.label).toBe('COPY [--FLAG…] SOURCE… DESTINATION');
  expect(found!.signatures[0]!.activeParameter).toBe(1);
  expect((await help('--link', 3))!.signatures[0]!.activeParameter).toBe(0);
  expect(await help('COPY', 1)).toBeNull();
});

test('each fix of a finding is a quick fix, safe ones are applied together, and a finding can be ignored', async () => {
  const document = await open('Dockerfile.fix', 'FROM alpine:3 as base\nRUN npm install -g x\nCOPY --chwon=1 a /b\n');
  const found = await editor.diagnostics(document.uri, (it) => it.some(({ code }) => code === 'unknown-flag'));
  const range = { start: { line: 0, character: 0 }, end: { line: 3, character: 0 } };
  const actions = await ask<CodeAction[]>('codeAction', document.uri, { range, context: { diagnostics: found } });
  const edited = (title: RegExp) => {
    const action = actions.find((it) => title.test(it.title));
    return applied(document.text(), action?.edit?.changes?.[document.uri] ?? []);
  };
  expect(edited(/^Write chown$/)).toContain('COPY --chown=1 a /b\n');
  await document.edit('--chwon=1 a', 'package.json');
  await editor.diagnostics(document.uri, (it) => it.some(({ code }) => code === 'FromAsCasing'));
  const only = { range, context: { diagnostics: [], only: ['source.fixAll'] } };
  const all = await ask<CodeAction[]>('codeAction', document.uri, only);
  expect(all.map(({ kind }) => kind)).toEqual(['source.fixAll.tsfront']);
  const text = applied(document.text(), all[0]!.edit!.changes![document.uri]!);
  expect(text).toContain('FROM alpine:3 AS base\n');
  const context = { diagnostics: [], only: ['quickfix'] };
  const quick = await ask<CodeAction[]>('codeAction', document.uri, { range, context });
  const ignore = quick.find(({ title }) => title === 'Ignore FromAsCasing for this instruction')!;
  expect(applied(document.text(), ignore.edit!.changes![document.uri]!)).toMatch(
    /^# tsfront-ignore FromAsCasing: reason\nFROM/,
  );
});

test('tsfront.json sets the levels of rules, and its mistakes are shown in it', async () => {
  const file = path.join(dir, 'configured/tsfront.json');
  mkdirSync(path.dirname(file));
  writeFileSync(file, '{ "lint": { "rules": { "WorkdirRelativePath": "error" } } }');
  const text = 'FROM alpine:3\nWORKDIR x\n';
  const document = await open('configured/Dockerfile', text);
  const isIt = ({ code }: { code?: unknown }) => code === 'WorkdirRelativePath';
  const found = await editor.diagnostics(document.uri, (it) => it.some(isIt));
  expect(found.find(isIt)!.severity).toBe(1);
  writeFileSync(file, '{ "lint": { "rules": { "Workdir": "error" } } }');
  await editor.connection.sendNotification('workspace/didChangeWatchedFiles', { changes: [] });
  const wrong = await editor.diagnostics(pathToFileURL(file).href, (it) => it.length > 0);
  expect(wrong[0]!.range.start.character).toBeGreaterThan(20);
  writeFileSync(file, '{}');
  await editor.connection.sendNotification('workspace/didChangeWatchedFiles', { changes: [] });
  await editor.diagnostics(pathToFileURL(file).href, (it) => it.length === 0);
});

test('a Dockerfile below the workspace directory has the context that has its sources', async () => {
  const document = await editor.open(
    path.join(dir, 'docker/Dockerfile'),
    'FROM alpine:3\nCOPY package.json /\nCOPY gone /\n',
  );
  const found = await editor.diagnostics(document.uri, (it) => it.some(({ code }) => code === 'missing-source'));
  expect(found.filter(({ code }) => code === 'missing-source').map(({ range }) => range.start.line)).toEqual([2]);
});

test('a document that was never saved has everything but files', async () => {
  const document = await editor.open('untitled:Untitled-1', 'FROM alpine:3 AS a\nCOPY x /\nFROM a\nRUN --mont x\n');
  const found = await editor.diagnostics(document.uri, (it) => it.length > 0);
  expect(found.map(({ code }) => code)).toEqual(['unknown-flag']);
  const hover = await editor.connection.sendRequest<Hover>('textDocument/hover', document.at('FROM a\n', 5));
  expect(JSON.stringify(hover.contents)).toContain('Stage a');
});

test('positions count UTF-16 code units, with CR LF and another escape character', async () => {
  const text =
    '# escape=`\r\nFROM alpine:3 AS a\r\nLABEL x="😀ü" y=1\r\nENV HOME_DIR=/x\r\nRUN echo 😀 $HOME_DIR `\r\n  && echo $HOME_DIR\r\n';
  const document = await open('Dockerfile.utf16', text);
  const uses = await editor.connection.sendRequest<{ range: TextEdit['range'] }[]>('textDocument/references', {
    ...document.at('$HOME_DIR', 2),
    context: { includeDeclaration: true },
  });
  expect(uses.map(({ range }) => [range.start.line, range.start.character, range.end.character])).toEqual([
    [3, 4, 12],
    [4, 13, 21],
    [5, 11, 19],
  ]);
});

test('an ignore file gets its advice', async () => {
  const document = await editor.open(path.join(dir, '.dockerignore'), 'node_modules\n{a,b}\n', 'ignore');
  const found = await editor.diagnostics(document.uri, (it) => it.length > 0);
  expect(found[0]!.message).toContain('braces are characters like any other');
  expect(found[0]!.range.start.line).toBe(1);
});

test('the good part of a file with errors has all features', async () => {
  const document = await open('Dockerfile.good', 'FROM alpine:3 AS a\nENV X=1\nCOPP x\nRUN echo $X\nFROM a\n');
  const definition = await editor.connection.sendRequest<unknown[]>('textDocument/definition', document.at('$X', 1));
  expect(definition).toHaveLength(1);
  const place = document.at('COPP', 3);
  const { items } = await editor.connection.sendRequest<CompletionList>('textDocument/completion', place);
  expect(items.map(({ label }) => label)).toContain('COPY');
  const { contents } = await editor.connection.sendRequest<{ contents: { value: string } }>(
    'textDocument/hover',
    document.at('RUN'),
  );
  expect(contents.value).toMatch(/Becomes an op:\n\n- \w+ `.*echo.*`$/m);
});
