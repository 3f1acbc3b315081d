import { expect, test } from 'vitest';
import { contextNames } from '../../src/daemonless/context-names.ts';
import { memoryTree } from '../../src/daemonless/file-tree.ts';

const tree = memoryTree({ a: '', '.git/x': '', 'lib/b': '', 'lib/deep/c': '' });

test('lists a context but what is left out', async () => {
  expect(await contextNames(tree, ['lib/deep'])).toEqual({
    names: ['.git', 'a', 'lib', 'lib/b', 'lib/deep'],
    dirs: new Set(['.git', 'lib', 'lib/deep']),
    unsearched: ['.git', 'lib/deep'],
  });
});

test('looks where an exception may take something in again', async () => {
  const { names, unsearched } = await contextNames(tree, ['lib/deep', '!lib/deep/c']);
  expect(names).toContain('lib/deep/c');
  expect(unsearched).toEqual(['.git']);
});

test('lists names up to a limit', async () => {
  const many = Array.from({ length: 30 }, (_, at) => Array.from({ length: 999 }, (_, name) => [`f${at}/${name}`, '']));
  const { names, unsearched } = await contextNames(memoryTree(Object.fromEntries(many.flat())), []);
  expect(names.length).toBeLessThan(22_000);
  expect(unsearched).toEqual(['.']);
});
