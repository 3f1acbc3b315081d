import { expect, test } from 'vitest';
import { checkDockerfile } from '../../src/daemonless/check.ts';
import { type FileTree, memoryTree } from '../../src/daemonless/file-tree.ts';
import { findIgnoreFile, missingSourceHint } from '../../src/daemonless/missing-source-hint.ts';
import { lineColumn } from '../../src/diagnostic/source-file.ts';
import { clean } from '../../src/go/path.ts';

const tree = (files: Record<string, string>) =>
  memoryTree(new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])));

test('the files of a context are looked at, deep ones too', async () => {
  const context = tree({ 'Src/deep/Main.go': '', 'services/api/go.mod': '', 'node_modules/go.sum': '' });
  expect(await missingSourceHint('src/deep/main.go', context)).toBe(
    'The context has Src/deep/Main.go: names are case-sensitive.',
  );
  expect(await missingSourceHint('/go.mod', context)).toMatch(/^The context has services\/api\/go\.mod:/);
  expect(await missingSourceHint('go.sum', context)).toBeUndefined(); // of packages nobody copies one file by its name
});

test('the ignore file named for the Dockerfile wins over the other, even if it is empty', async () => {
  const context = tree({ '.dockerignore': 'a\n', a: '', b: '' });
  const beside = tree({ 'app.Dockerfile.dockerignore': '# none\nb\n', 'empty.dockerignore': '' });
  const own = await findIgnoreFile(context, beside, 'app.Dockerfile');
  expect(await missingSourceHint('b', context, own)).toMatch(/^app\.Dockerfile\.dockerignore:2 \(b\) leaves b out/);
  expect(await missingSourceHint('a', context, own)).toBeUndefined();
  const general = await findIgnoreFile(context, beside, 'Dockerfile');
  expect(await missingSourceHint('a', context, general)).toMatch(/^\.dockerignore:1 \(a\) leaves a out/);
  expect((await findIgnoreFile(context, beside, 'empty'))?.rules).toEqual([]);
  expect(await findIgnoreFile(undefined, undefined, 'Dockerfile')).toBeUndefined();
});

test('check says why a source is not there', async () => {
  const dockerfile = 'FROM scratch\nCOPY secret readme.md /\n';
  const context = tree({ Dockerfile: dockerfile, '.dockerignore': '# none\nsecret\n', secret: '', 'README.md': '' });
  const locals = new Map([
    ['context', context],
    ['dockerfile', context],
  ]);
  const { problems } = await checkDockerfile({ opts: {}, locals, images: [] });
  const missing = problems.filter(({ code }) => code === 'missing-source');
  expect(missing.map(({ hint }) => hint)).toEqual([
    '.dockerignore:2 (secret) leaves secret out of the context: take that line out, or add !secret below it.',
    'The context has README.md: names are case-sensitive.',
  ]);
});

const checkIn = (context: FileTree) => {
  const locals = new Map([
    ['context', context],
    ['dockerfile', context],
  ]);
  return checkDockerfile({ opts: {}, locals, images: [] });
};

const missingIn = async (context: FileTree) => {
  const { problems, source } = await checkIn(context);
  return problems
    .filter(({ code }) => code === 'missing-source')
    .map(({ range, hint }) => `${lineColumn(source, range!.start).line} ${hint}`);
};

test('check says that a path goes through a file, and goes on with what else is missing', async () => {
  const text = 'FROM scratch\nCOPY app/*.py /x/\nCOPY app/a /x/\nCOPY nosuch /y\n';
  expect(await missingIn(memoryTree({ Dockerfile: text, app: 'y\n' }))).toEqual([
    '2 app is a file, so nothing is below it: name the file alone, or another directory.',
    '3 app is a file, so nothing is below it: name the file alone, or another directory.',
    '4 Correct the path, which starts at the root of the context, or make the file before the build.',
  ]);
});

test.each(['readDir', 'stat'] as const)('check goes on if %s fails in a directory', async (call) => {
  const text = 'FROM scratch\nCOPY dir/*.py dir/in/*.py /x/\nCOPY nosuch /y\n';
  const files = memoryTree({ Dockerfile: text, 'dir/in/a': '' });
  const closed = (asked: string) =>
    clean(`/${asked}`).startsWith('/dir') ? Promise.reject(new Error(`open ${asked}: permission denied`)) : undefined;
  const context = { ...files, [call]: (asked: string) => closed(asked) ?? files[call](asked) };
  expect(await missingIn(context)).toEqual([
    '3 Correct the path, which starts at the root of the context, or make the file before the build.',
  ]);
});

test('a path that would lead out of the context, and one that is nowhere, have a hint of their own', async () => {
  const dockerfile = 'FROM scratch\nCOPY ../lib /lib\nRUN --mount=type=bind,source=nothing,target=/x ls\n';
  const context = tree({ Dockerfile: dockerfile, app: '' });
  expect(await missingIn(context)).toEqual([
    '2 No path leads out of the context, so ../lib means lib in it: name a directory above as the context, or pass one with `context:NAME`.',
    '3 Correct the path, which starts at the root of the context, or make the file before the build.',
  ]);
  const { problems } = await checkIn(context);
  const { start, end } = problems.filter(({ code }) => code === 'missing-source')[1]!.range!;
  expect(dockerfile.slice(start, end)).toBe('type=bind,source=nothing,target=/x');
});
