/** Digests that are kept: a file that is as it was is not read again, and any other one is. */
import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { type ContextNode, readContextTree } from '../../src/context/context-tree.ts';
import type { TakenPath } from '../../src/daemonless/taken-paths.ts';
import { ContentHash } from '../../src/explain/content-hash.ts';
import { DigestCache } from '../../src/explain/digest-cache.ts';
import { createTurns } from '../../src/host/turns.ts';
import { temporaryDir } from '../temporary-dir.ts';

let dir: string;
let kept: string;
beforeEach(() => {
  dir = realpathSync(temporaryDir(files));
  kept = path.join(temporaryDir(), 'digests');
});

const files = { a: 'one\ntwo\n', 'src/b': 'b', 'src/deep/c': 'c\0', empty: '' };
const at = (name: string) => path.join(dir, name);

/** A clock by which all files have been at rest for a while. */
const later = () => Date.now() + 120_000;

const source = { local: 'context', include: [], exclude: [], follow: undefined };
const readTree = (root = dir) => readContextTree(root, source);
const everything: TakenPath = {
  input: 0,
  kind: 'whole',
  path: '/',
  allowWildcard: false,
  followLinks: true,
  include: [],
  exclude: [],
  required: [],
  index: undefined,
};

/** What a record has of the files, and which of them the cache knew. */
async function digests(now?: () => number, root = dir) {
  const tree = await readTree(root);
  const cache = now && DigestCache.open(kept, root, now);
  const found: string[] = [];
  if (cache) {
    const find = cache.find.bind(cache);
    cache.find = (node: ContextNode, attributes: string) => {
      const digests = find(node, attributes);
      if (digests) found.push(node.path);
      return digests;
    };
  }
  const hash = new ContentHash(tree, cache);
  const { digest } = await hash.ofSelection(everything, createTurns());
  const identities = tree.nodes.slice(1).map((node) => [node.path, hash.identity(node)]);
  hash.close();
  cache?.save();
  return { all: { digest, identities }, found: found.sort() };
}

/** Fills the cache. */
async function fill(): Promise<void> {
  expect((await digests(later)).found).toEqual([]);
  expect((await digests(later)).found).toEqual([...Object.keys(files)].sort());
}

test('files that are as they were are known, with the same digests', async () => {
  await fill();
  expect((await digests(later)).all).toEqual((await digests()).all);
});

const sameTimes = (name: string, change: () => void) => {
  const { atime, mtime } = statSync(at(name));
  change();
  utimesSync(at(name), atime, mtime);
};

/** What is changed, and the files that the cache knows afterwards. */
const changes: readonly (readonly [title: string, change: () => void, known: readonly string[]])[] = [
  ['other content', () => writeFileSync(at('a'), 'longer than before'), ['empty', 'src/b', 'src/deep/c']],
  [
    'content of the same size, with the time set back',
    () => sameTimes('a', () => writeFileSync(at('a'), 'one\ntwO\n')),
    ['empty', 'src/b', 'src/deep/c'],
  ],
  [
    'another file of the same size and time in its place',
    () => {
      writeFileSync(at('other'), 'z');
      sameTimes('src/b', () => renameSync(at('other'), at('src/b')));
    },
    ['a', 'empty', 'src/deep/c'],
  ],
  ['another mode', () => chmodSync(at('a'), 0o755), ['empty', 'src/b', 'src/deep/c']],
  [
    'another mode and back',
    () => {
      chmodSync(at('a'), 0o755);
      chmodSync(at('a'), 0o644);
    },
    ['empty', 'src/b', 'src/deep/c'],
  ],
  ['another name', () => renameSync(at('a'), at('z')), ['empty', 'src/b', 'src/deep/c']],
  [
    'exchanged names of files of the same size',
    () => {
      writeFileSync(at('src/b2'), 'x');
      renameSync(at('src/b'), at('src/b3'));
      renameSync(at('src/b2'), at('src/b'));
      renameSync(at('src/b3'), at('src/b2'));
    },
    ['a', 'empty', 'src/deep/c'],
  ],
  ['another time', () => utimesSync(at('a'), 1, 1), ['empty', 'src/b', 'src/deep/c']],
  ['a second name', () => linkSync(at('a'), at('second')), ['empty', 'src/b', 'src/deep/c']],
  ['a copy', () => copyFileSync(at('a'), at('copy')), ['a', 'empty', 'src/b', 'src/deep/c']],
  [
    'a link in its place',
    () => {
      rmSync(at('a'));
      symlinkSync('src/b', at('a'));
    },
    ['empty', 'src/b', 'src/deep/c'],
  ],
  ['a directory of another name', () => renameSync(at('src'), at('lib')), ['a', 'empty', 'lib/b', 'lib/deep/c']],
];

test.each(changes)('after a change the digests are those without a cache: %s', async (_, change, known) => {
  await fill();
  change();
  const { all, found } = await digests(later);
  expect(all).toEqual((await digests()).all);
  expect(found).toEqual(known);
});

test('a file that has been changed just now is not kept, since it may change again at the same time', async () => {
  utimesSync(at('a'), 1, 1); // its content is old by its own time
  await digests(Date.now);
  expect((await digests(later)).found).toEqual([]);
});

test('a file from the future is not kept, by the time of its change or of its content', async () => {
  const behind = () => Date.now() - 3_600_000;
  await digests(behind);
  expect((await digests(later)).found).toEqual([]);
  rmSync(kept, { recursive: true, force: true });
  utimesSync(at('a'), new Date(), new Date(Date.now() + 3_600_000));
  await digests(later);
  expect((await digests(later)).found).not.toContain('a');
});

test('a file that another one replaces between the walk and its reading is not kept', async () => {
  const tree = await readTree();
  renameSync(at('src'), at('moved'));
  mkdirSync(at('src/deep'), { recursive: true });
  writeFileSync(at('src/b'), 'x');
  writeFileSync(at('src/deep/c'), 'yz');
  const cache = DigestCache.open(kept, dir, later)!;
  const hash = new ContentHash(tree, cache);
  await hash.ofSelection(everything, createTurns());
  hash.close();
  cache.save();
  const { all, found } = await digests(later);
  expect(all).toEqual((await digests()).all);
  expect(found).toEqual(['a', 'empty']);
});

test('a cache that is damaged, cut or of another version counts as empty and is replaced', async () => {
  await fill();
  const [name] = readdirSync(kept);
  const file = path.join(kept, name!);
  const whole = readFileSync(file);
  const damaged = Buffer.from(whole);
  damaged[whole.length - 60]! ^= 1;
  const other = Buffer.from(whole);
  other.write('tsfront digests 2\n');
  for (const bytes of [damaged, whole.subarray(0, -10), other, Buffer.alloc(0), Buffer.alloc(200)]) {
    writeFileSync(file, bytes);
    expect((await digests(later)).found).toEqual([]);
    expect((await digests(later)).found).toHaveLength(4);
  }
});

test('other users cannot read a cache, and nothing else stays in its directory', async () => {
  await fill();
  expect(statSync(kept).mode & 0o777).toBe(0o700);
  expect(readdirSync(kept).map((name) => statSync(path.join(kept, name)).mode & 0o777)).toEqual([0o600]);
});

test('a cache is not written again for files that are as they were', async () => {
  await fill();
  const [name] = readdirSync(kept);
  const before = statSync(path.join(kept, name!)).ino;
  await digests(later);
  expect(statSync(path.join(kept, name!)).ino).toBe(before);
});

test('a directory that cannot be written is passed over', async () => {
  writeFileSync(kept, 'a file');
  expect((await digests(later)).all).toEqual((await digests()).all);
});

test('the caches of at most 20 contexts stay, those that were used last', async () => {
  await fill();
  const contexts = Array.from({ length: 25 }, () => realpathSync(temporaryDir()));
  for (const context of contexts) {
    writeFileSync(path.join(context, 'file'), context);
    await digests(later, context);
    expect((await digests(later)).found).toEqual(Object.keys(files).sort());
  }
  expect(readdirSync(kept)).toHaveLength(20);
  expect((await digests(later, contexts.at(-1))).found).toEqual(['file']);
  expect((await digests(later, contexts[0])).found).toEqual([]);
});

test('a file that is absent for some time is dropped from the cache', async () => {
  await fill();
  const [name] = readdirSync(kept);
  const size = () => statSync(path.join(kept, name!)).size;
  const full = size();
  rmSync(at('src/b'));
  for (let round = 0; round < 9; round++) {
    writeFileSync(at('a'), `one\ntwo${round}\n`);
    await digests(later);
    if (round === 0) expect(size()).toBe(full);
  }
  expect(size()).toBeLessThan(full);
});
