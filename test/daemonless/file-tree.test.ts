import { symlink } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { dirTree, type FileTree, memoryTree, subTree } from '../../src/daemonless/file-tree.ts';
import { temporaryDir } from '../temporary-dir.ts';

let dir: string;
let onDisk: FileTree;
const inMemory = memoryTree(
  new Map([
    ['a', Buffer.from('A')],
    ['sub/b', Buffer.from('BB')],
    ['sub/deep/c', Buffer.from('')],
  ]),
);

beforeAll(async () => {
  dir = temporaryDir({ outside: 'secret', 'tree/a': 'A', 'tree/sub/b': 'BB', 'tree/sub/deep/c': '' });
  onDisk = dirTree(path.join(dir, 'tree'));
});

const text = async (tree: FileTree, file: string) => Buffer.from(await tree.readFile(file)).toString();

test('readStart reads the beginning of a file on disk, and nothing outside of the tree', async () => {
  const start = async (file: string, bytes: number) => Buffer.from(await onDisk.readStart!(file, bytes)).toString();
  expect([await start('sub/b', 1), await start('sub/b', 9), await start('sub/deep/c', 9)]).toEqual(['B', 'BB', '']);
  await expect(start('../outside', 9)).rejects.toThrow('open ../outside: no such file or directory');
  await expect(start('sub', 9)).rejects.toThrow('sub is not a regular file');
  expect(Buffer.from(await subTree(onDisk, 'sub').readStart!('b', 1)).toString()).toBe('B');
});

describe.each(['disk', 'memory'])('on %s', (where) => {
  const tree = () => (where === 'disk' ? onDisk : inMemory);

  test('a file tree finds files by any spelling of their path', async () => {
    for (const name of ['sub/b', '/sub/b', './sub//b', 'sub/deep/../b', '../../sub/b'])
      expect(await text(tree(), name), name).toBe('BB');
  });

  test('a missing file is an error with its name', async () => {
    await expect(tree().readFile('nope/x')).rejects.toThrow(new Error('open nope/x: no such file or directory'));
    await expect(tree().stat('nope')).rejects.toThrow(new Error('lstat nope: no such file or directory'));
    await expect(tree().readDir('nope')).rejects.toThrow(new Error('open nope: no such file or directory'));
    await expect(tree().readFile('sub')).rejects.toThrow(new Error('sub is not a regular file'));
    await expect(tree().readFile('../outside')).rejects.toThrow('no such file or directory');
  });

  test('a file tree tells the kind, size and names of its files', async () => {
    const file = await tree().stat('sub/b');
    expect([file.path, file.size, file.mode]).toEqual(['b', 2n, 0o644]);
    const root = await tree().stat('/');
    expect([root.path, Math.floor(root.mode / 2 ** 31)]).toEqual(['.', 1]);
    expect((await tree().readDir('')).map((entry) => entry.path)).toEqual(['a', 'sub']);
    expect((await tree().readDir('sub')).map((entry) => entry.path)).toEqual(['b', 'deep']);
  });

  test('a directory of the tree shows nothing of what is above it', async () => {
    const sub = subTree(tree(), '/sub');
    expect(await text(sub, 'b')).toBe('BB');
    await expect(sub.readFile('../a')).rejects.toThrow('no such file or directory');
  });
});

describe('links', () => {
  const link = (target: string, name: string) => symlink(target, path.join(dir, 'tree', name));

  test('links are followed inside the directory', async () => {
    await link('sub/deep/../b', 'relative');
    await link('/sub', 'absolute');
    await link('absolute/b', 'chain');
    expect(await text(onDisk, 'relative')).toBe('BB');
    expect(await text(onDisk, 'absolute/b')).toBe('BB');
    expect(await text(onDisk, 'chain')).toBe('BB');
    const stat = await onDisk.stat('chain');
    expect([stat.linkname, Math.floor(stat.mode / 2 ** 27)]).toEqual(['absolute/b', 1]);
  });

  test('links do not lead out of the directory', async () => {
    await link('../outside', 'out');
    await link(path.join(dir, 'outside'), 'far-out');
    await expect(onDisk.readFile('out')).rejects.toThrow('open out: no such file or directory');
    await expect(onDisk.readFile('far-out')).rejects.toThrow('open far-out: no such file or directory');
  });

  test('links in circles are an error', async () => {
    await link('round', 'about');
    await link('about', 'round');
    await expect(onDisk.readFile('round')).rejects.toThrow('open round: too many links');
  });
});
