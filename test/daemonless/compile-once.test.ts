import { expect, test } from 'vitest';
import { compilingOnce } from '../../src/daemonless/compile-once.ts';
import { memoryTree } from '../../src/daemonless/file-tree.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function build(files: Readonly<Record<string, string>>, opts: Readonly<Record<string, string>> = {}) {
  const tree = memoryTree(new Map(Object.entries(files).map(([name, text]) => [name, bytes(text)])));
  return { opts, locals: new Map(['context', 'dockerfile'].map((name) => [name, tree])), images: [] };
}

test('a build that reads the same is not compiled again', async () => {
  const files = { Dockerfile: 'FROM scratch\nARG A=1\nCOPY a /$A\n', '.dockerignore': 'b\n', a: 'a' };
  const compile = compilingOnce();
  const first = await compile(build(files));
  expect(await compile(build({ ...files, a: 'other' }))).toBe(first);
  for (const other of [
    build({ ...files, Dockerfile: `${files.Dockerfile}COPY . /\n` }),
    build({ ...files, '.dockerignore': 'c\n' }),
    build({ Dockerfile: files.Dockerfile, a: 'a' }),
    build({ ...files, 'Dockerfile.dockerignore': '' }),
    build(files, { 'build-arg:A': '2' }),
  ]) {
    const last = await compile(build(files));
    expect(await compile(other)).not.toBe(last);
  }
});
