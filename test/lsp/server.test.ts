import path from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import {
  type CompletionList,
  type Hover,
  InsertTextFormat,
  type Location,
  type WorkspaceEdit,
} from 'vscode-languageserver-protocol/node';
import { temporaryDir } from '../temporary-dir.ts';
import { type Editor, startEditor } from './client.ts';

let dir: string;
let editor: Editor;

beforeAll(async () => {
  dir = temporaryDir({
    'src/main.ts': '12345',
    'src/deep/x.ts': '123',
    'package.json': '{}',
    'secret.key': 'x',
    '.dockerignore': '*.key\n',
  });
  editor = await startEditor({ folders: [dir] });
});
afterAll(() => editor.kill());

const text = [
  'ARG VERSION=1.2',
  'ARG API_TOKEN=hunter22',
  'FROM alpine:3 AS base',
  'ARG VERSION',
  'ENV APP_HOME=/srv/$VERSION PATH=$PATH:/x',
  'WORKDIR $APP_HOME',
  'COPY --chmod=644 package.json ./',
  'RUN --mount=type=cache,target=/c echo "$VERSION" \\',
  '  # not $VERSION',
  "  && echo '$VERSION' ${APP_HOME}",
  '',
  'FROM base AS final',
  'COPY --from=base /srv /srv',
  'RUN --mount=from=base,target=/m true',
  'ARG API_TOKEN',
  'ENV URL=https://$API_TOKEN@example.com',
  'USER $APP_HOME',
  '',
].join('\n');

const open = (name: string, content = text) => editor.open(path.join(dir, name), content);

async function hoverAt(document: Awaited<ReturnType<Editor['open']>>, part: string, plus = 0): Promise<string> {
  const found = await editor.connection.sendRequest<Hover | null>('textDocument/hover', document.at(part, plus));
  return found ? (found.contents as { value: string }).value : '';
}

async function completionsAt(name: string, marked: string): Promise<string[]> {
  const document = await open(name, marked);
  const place = document.at('|');
  await document.edit('|', '');
  const found = await editor.connection.sendRequest<CompletionList | null>('textDocument/completion', place);
  return (found?.items ?? []).map(({ label }) => label);
}

test('syntax errors come at once, and what lowering and the context say follows', async () => {
  const document = await open('Dockerfile.errors', 'FROM alpine:3\nCOPY --chwon=1 a b\nCOPY nothing.txt /\n');
  const first = await editor.diagnostics(document.uri, (it) => it.length > 0);
  expect(first[0]).toMatchObject({ code: 'unknown-flag', severity: 1, source: 'tsfront' });
  expect(first[0]!.message).toContain('--chown');
  expect(first[0]!.range).toEqual({ start: { line: 1, character: 5 }, end: { line: 1, character: 14 } });
  await document.edit('--chwon=1 a b', 'package.json /x');
  const isMissing = ({ code }: { code?: unknown }) => code === 'missing-source';
  const missing = (await editor.diagnostics(document.uri, (it) => it.some(isMissing))).find(isMissing);
  expect(missing!.range).toEqual({ start: { line: 2, character: 5 }, end: { line: 2, character: 16 } });
  await document.edit('nothing.txt', 'package.json');
  await editor.diagnostics(document.uri, (it) => !it.some(({ severity }) => severity === 1));
});

test('a change of a version that is no longer there changes nothing', async () => {
  const document = await open('Dockerfile.stale', 'FROM alpine:3 AS a\n');
  await document.edit('AS a', 'AS new');
  const { uri } = document;
  const stale = { textDocument: { uri, version: 2 }, contentChanges: [{ text: 'FROM alpine:3 AS old\n' }] };
  await editor.connection.sendNotification('textDocument/didChange', stale);
  const [stage] = await editor.connection.sendRequest<{ name: string }[]>('textDocument/documentSymbol', {
    textDocument: { uri },
  });
  expect(stage!.name).toBe('new');
});

test('an unknown image is no problem, and nothing is asked of its registry', async () => {
  const document = await open('Dockerfile.image', 'FROM registry.invalid/none:1\nRUN true\n');
  await editor.connection.sendRequest('textDocument/hover', document.at('RUN'));
  expect(await editor.diagnostics(document.uri, () => true)).toEqual([]);
});

test('findings of instructions that an edit leaves alone stay until the next analysis', async () => {
  const document = await open('Dockerfile.stay', 'FROM alpine:3\nWORKDIR x\nRUN true\n');
  const isIt = (code: unknown) => code === 'WorkdirRelativePath';
  await editor.diagnostics(document.uri, (it) => it.some(({ code }) => isIt(code)));
  const own = () => editor.published.filter(({ uri }) => uri === document.uri);
  const count = own().length;
  await document.edit('FROM alpine:3\n', 'FROM alpine:3 AS \\\n  x\n');
  await expect.poll(() => own().length).toBeGreaterThan(count);
  const next = own()[count]!.diagnostics.find(({ code }) => isIt(code));
  expect(next?.range.start.line).toBe(2);
});

test('hover tells the value of a variable, and where it comes from', async () => {
  const document = await open('Dockerfile');
  expect(await hoverAt(document, '$APP_HOME', 2)).toContain('/srv/1.2');
  const version = await hoverAt(document, '"$VERSION"', 3);
  expect(version).toContain('**VERSION** = `1.2`');
  expect(version).toContain('ARG in line 4, in the stage `base`: takes the value from before FROM');
  expect(version).toContain('ARG in line 1, before the first FROM: its default');
  expect(await hoverAt(document, '$PATH', 2)).toContain('what the image `alpine:3` sets is not known');
});

test('hover tells that an ARG before FROM has to be repeated', async () => {
  const document = await open('Dockerfile.scope', 'ARG A=1\nFROM alpine:3\nRUN echo $A\n');
  expect(await hoverAt(document, '$A', 1)).toContain('the ARG in line 1 is before FROM. Repeat `ARG A`');
});

test('hover never shows a secret, nor a value that is made of one', async () => {
  const document = await open('Dockerfile.secret');
  for (const part of ['API_TOKEN=', '$API_TOKEN@', 'URL=', 'ENV URL'])
    expect(await hoverAt(document, part, 1)).not.toContain('hunter22');
  expect(await hoverAt(document, 'API_TOKEN=', 1)).toContain('***');
});

test('hover tells what an instruction, a flag and a mount option mean, and the ops of an instruction', async () => {
  const document = await open('Dockerfile.words');
  expect(await hoverAt(document, 'WORKDIR', 2)).toMatch(
    /Sets the working directory.*Becomes an op:\n\n- file `mkdir \/srv\/1\.2/s,
  );
  expect(await hoverAt(document, '--chmod', 3)).toContain('The permissions of what is copied');
  expect(await hoverAt(document, 'type=cache', 7)).toContain('`cache`: A directory that is kept for later builds.');
  expect(await hoverAt(document, 'FROM base', 6)).toContain('**Stage base**, line 3');
  expect(await hoverAt(document, 'package.json')).toContain('copy');
});

test('definition finds stages and variables in the scopes that Docker has', async () => {
  const document = await open('Dockerfile.definition');
  const at = async (part: string, plus: number) =>
    (await editor.connection.sendRequest<Location[]>('textDocument/definition', document.at(part, plus))).map(
      ({ range }) => range.start.line,
    );
  expect(await at('"$VERSION"', 3)).toEqual([3, 0]);
  expect(await at('FROM base', 6)).toEqual([2]);
  expect(await at('--from=base', 8)).toEqual([2]);
  expect(await at('mount=from=base', 12)).toEqual([2]);
  expect(await at('USER $APP', 7)).toEqual([4]);
  expect(await at("'$VERSION'", 3)).toEqual([]);
  expect(await at('# not $VERSION', 8)).toEqual([]);
});

test('rename changes a variable everywhere it stands for the same, and refuses what is no name', async () => {
  const document = await open('Dockerfile.rename');
  const place = document.at('"$VERSION"', 3);
  const { changes } = await editor.connection.sendRequest<WorkspaceEdit>('textDocument/rename', {
    ...place,
    newName: 'V',
  });
  expect(changes![document.uri]!.map(({ range }) => range.start.line)).toEqual([0, 3, 4, 7]);
  expect(await editor.connection.sendRequest('textDocument/prepareRename', document.at('alpine', 1))).toBeNull();
  await expect(editor.connection.sendRequest('textDocument/rename', { ...place, newName: '1x' })).rejects.toThrow(
    'no such name',
  );
  await expect(editor.connection.sendRequest('textDocument/rename', { ...place, newName: 'URL' })).rejects.toThrow(
    'already',
  );
});

test('completion offers what fits: instructions, flags, values, mounts, stages, variables, files', async () => {
  expect(await completionsAt('Dockerfile.c1', 'FROM a\n|')).toContain('RUN');
  expect(await completionsAt('Dockerfile.c2', 'FROM a\nwo|')).toContain('workdir');
  expect(await completionsAt('Dockerfile.c3', 'FROM a\nCOPY --|\n')).toEqual(
    expect.arrayContaining(['--chown', '--parents']),
  );
  expect(await completionsAt('Dockerfile.c4', 'FROM a\nRUN --network=|\n')).toEqual(['default', 'none', 'host']);
  expect(await completionsAt('Dockerfile.c5', 'FROM a\nRUN --mount=type=cache,|\n')).toContain('sharing');
  expect(await completionsAt('Dockerfile.c6', 'FROM a\nRUN --mount=type=|\n')).toContain('secret');
  expect(await completionsAt('Dockerfile.c7', 'FROM a AS one\nFROM b AS two\nCOPY --from=|\n')).toEqual(['one']);
  expect(await completionsAt('Dockerfile.c8', 'ARG X=1\nFROM a\nARG Y=2\nENV Z=3\nRUN echo $|\n')).toEqual(['Y', 'Z']);
  expect(await completionsAt('Dockerfile.c9', 'ARG X=1\nFROM ${|\n')).toContain('X');
  expect(await completionsAt('Dockerfile.c10', 'FROM a\nCOPY |\n')).toEqual(
    expect.arrayContaining(['src/', 'package.json']),
  );
  expect(await completionsAt('Dockerfile.c11', 'FROM a\nCOPY |\n')).not.toContain('secret.key');
  expect(await completionsAt('Dockerfile.c12', 'FROM a\nCOPY src/|\n')).toEqual(['deep/', 'main.ts']);
  expect(await completionsAt('Dockerfile.c13', '# |\nFROM a\n')).toContain('escape');
});

test('sources of bind mounts are files of the context, unless they are of a stage or another mount', async () => {
  expect(await completionsAt('Dockerfile.m1', 'FROM a\nRUN --mount=type=bind,source=|\n')).toEqual(
    expect.arrayContaining(['src/', 'package.json']),
  );
  expect(await completionsAt('Dockerfile.m2', 'FROM a\nRUN --mount=src=src/|\n')).toEqual(['deep/', 'main.ts']);
  expect(await completionsAt('Dockerfile.m3', 'FROM a AS b\nRUN --mount=from=b,source=|\n')).toEqual([]);
  expect(await completionsAt('Dockerfile.m4', 'FROM a\nRUN --mount=type=cache,source=|\n')).toEqual([]);
});

test('ONBUILD offers the instructions that it takes, and what they take', async () => {
  const triggers = await completionsAt('Dockerfile.o1', 'FROM a\nONBUILD |\n');
  expect(triggers).toContain('COPY');
  for (const name of ['FROM', 'MAINTAINER', 'ONBUILD']) expect(triggers).not.toContain(name);
  expect(await completionsAt('Dockerfile.o2', 'FROM a\nONBUILD COPY src/|\n')).toEqual(['deep/', 'main.ts']);
  expect(await completionsAt('Dockerfile.o3', 'FROM a\nONBUILD RUN --network=|\n')).toContain('none');
});

test('comments offer directives where one may stand, and the names of rules', async () => {
  const skipped = await completionsAt('Dockerfile.k1', '# check=skip=|\nFROM a\n');
  expect(skipped).toEqual(expect.arrayContaining(['all', 'StageNameCasing']));
  expect(skipped).not.toContain('UntaggedBase');
  expect(await completionsAt('Dockerfile.k2', '# check=skip=StageNameCasing,|\nFROM a\n')).not.toContain(
    'StageNameCasing',
  );
  expect(await completionsAt('Dockerfile.k3', '# check=skip=all;|\nFROM a\n')).toEqual(['experimental=', 'error=true']);
  for (const text of ['# tsfront-ignore |\nFROM a\n', 'FROM a\n# tsfront-ignore StageNameCasing, |\nRUN b\n']) {
    const names = await completionsAt('Dockerfile.k4', text);
    expect(names).toContain('UntaggedBase');
    expect(names).not.toContain('syntax');
  }
  expect(await completionsAt('Dockerfile.k5', '# tsfront-ignore UntaggedBase: |\nFROM a\n')).toEqual([]);
  expect(await completionsAt('Dockerfile.k6', '# escape=`\n# |\nFROM a\n')).toEqual(
    expect.not.arrayContaining(['escape']),
  );
  expect(await completionsAt('Dockerfile.k7', '# a comment\n# |\nFROM a\n')).toEqual([
    'tsfront-ignore',
    'tsfront-ignore-file',
  ]);
  expect(await completionsAt('Dockerfile.k8', 'FROM a\n# |\nRUN b\n')).toEqual(['tsfront-ignore']);
});

test('FROM offers what continues the name that is written', async () => {
  expect(await completionsAt('Dockerfile.f1', 'FROM |\n')).toContain('scratch');
  expect(await completionsAt('Dockerfile.f2', 'FROM alpine:|\n')).not.toContain('scratch');
});

test('only an editor that knows snippets gets places to fill in', async () => {
  const instructions = async (capabilities: object) => {
    const own = await startEditor({ capabilities });
    onTestFinished(() => own.kill());
    const { uri } = await own.open('untitled:snippets', 'FROM a\n');
    const { items } = await own.connection.sendRequest<CompletionList>('textDocument/completion', {
      textDocument: { uri },
      position: { line: 1, character: 0 },
    });
    return items.map(({ label, insertTextFormat, textEdit }) => ({ label, insertTextFormat, text: textEdit?.newText }));
  };
  const plain = await instructions({});
  expect(plain).toContainEqual({ label: 'COPY', text: 'COPY ' });
  for (const { insertTextFormat, text } of plain) {
    expect(insertTextFormat).toBeUndefined();
    expect(text).not.toContain('$');
  }
  const withPlaces = await instructions({ textDocument: { completion: { completionItem: { snippetSupport: true } } } });
  expect(withPlaces).toContainEqual({
    label: 'COPY',
    insertTextFormat: InsertTextFormat.Snippet,
    text: 'COPY ${1:source} ${2:destination}',
  });
  expect(withPlaces.map(({ label }) => label)).toContain('RUN <<EOF');
});

test('an editor that does not show Markdown gets plain text, and no command that only another one has', async () => {
  const own = await startEditor({ folders: [dir], capabilities: {} });
  onTestFinished(() => own.kill());
  const document = await own.open(path.join(dir, 'Dockerfile.plain'), 'FROM scratch\nCOPY src/main.ts /\n');
  const shown = await own.connection.sendRequest<Hover>('textDocument/hover', document.at('COPY'));
  expect(shown.contents).toMatchObject({ kind: 'plaintext', value: expect.stringContaining('Reference: https://') });
  expect((shown.contents as { value: string }).value).not.toMatch(/\*\*|`|\]\(/);
  const { items } = await own.connection.sendRequest<CompletionList>('textDocument/completion', document.at('src'));
  const directory = items.find(({ label }) => label === 'src/')!;
  expect(directory.command).toBeUndefined();
  const keywords = await own.connection.sendRequest<CompletionList>('textDocument/completion', {
    ...document.at('FROM'),
    position: { line: 2, character: 0 },
  });
  const run = keywords.items.find(({ label }) => label === 'RUN')!;
  const resolved = await own.connection.sendRequest<typeof run>('completionItem/resolve', run);
  expect(resolved.documentation).toMatchObject({ kind: 'plaintext' });
});

test('an editor that names its command for it asks again after a directory', async () => {
  const own = await startEditor({ folders: [dir], settings: { suggestCommand: 'own.suggest' } });
  onTestFinished(() => own.kill());
  const document = await own.open(path.join(dir, 'Dockerfile.again'), 'FROM scratch\nCOPY src/main.ts /\n');
  const { items } = await own.connection.sendRequest<CompletionList>('textDocument/completion', document.at('src'));
  expect(items.find(({ label }) => label === 'src/')?.command).toEqual({ title: 'Suggest', command: 'own.suggest' });
});

test('a typed colon completes the tag of an image, and nothing else', async () => {
  expect(editor.initialized.capabilities.completionProvider?.triggerCharacters).toContain(':');
  expect(editor.initialized.capabilities.positionEncoding).toBe('utf-16');
  const document = await open('Dockerfile.colon', 'FROM alpine:\nCOPY a:src /\n');
  const typed = async (part: string) => {
    const context = { triggerKind: 2, triggerCharacter: ':' };
    const place = { ...document.at(part, part.length), context };
    return (await editor.connection.sendRequest<CompletionList>('textDocument/completion', place)).items;
  };
  expect(await typed('COPY a:')).toEqual([]);
  expect((await typed('FROM alpine:')).every(({ label }) => label.startsWith('alpine:'))).toBe(true);
});

test('an item is described when the editor asks for more', async () => {
  const document = await open('Dockerfile.resolve', 'FROM a\n');
  const place = { textDocument: { uri: document.uri }, position: { line: 1, character: 0 } };
  const { items } = await editor.connection.sendRequest<CompletionList>('textDocument/completion', place);
  const run = items.find(({ label }) => label === 'RUN')!;
  expect(run.documentation).toBeUndefined();
  const resolved = await editor.connection.sendRequest<typeof run>('completionItem/resolve', run);
  expect(JSON.stringify(resolved.documentation)).toContain('Runs a command');
});

test('the server ends by the protocol: 0 after shutdown, 1 without it', async () => {
  const polite = await startEditor();
  expect(await polite.quit()).toBe(0);
  const rude = await startEditor();
  const exit = new Promise((resolve) => rude.process.on('exit', resolve));
  await rude.connection.sendNotification('exit');
  expect(await exit).toBe(1);
});
