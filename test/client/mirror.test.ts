/** Outputs with `mode=delete`: what the daemon does not send goes, and nothing else. */
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Export } from '../../src/client/exporter-table.ts';
import { outputPaths, prepareExports } from '../../src/client/exporters.ts';
import type { ExportTarget } from '../../src/client/session/file-send.ts';
import { refuseClashes } from '../../src/system/output-clashes.ts';
import { temporaryDir, writeFiles } from '../temporary-dir.ts';
import { dir, exportTo, file, link, sendBytes, sendTree } from './export-peer.ts';

let root: string;
beforeEach(() => {
  root = temporaryDir();
});
const at = (...names: string[]) => path.join(root, ...names);
const tree = (below = root) => readdirSync(below, { recursive: true, encoding: 'utf8' }).sort();
const mirror = (name = 'out') =>
  new Map<number, ExportTarget>([[0, { kind: 'directory', path: at(name), mirror: true }]]);
const put = (name: string, text = 'old') => writeFiles(root, { [name]: text });

describe('a mirror', () => {
  test('a mirror has what was sent, and nothing else', async () => {
    for (const name of ['out/stale', 'out/d/stale', 'out/d/deep/er/stale', 'out/replaced/stale', 'out/f', 'beside'])
      put(name);
    mkdirSync(at('out/empty'));
    mkdirSync(at('out/locked'));
    put('out/locked/stale');
    chmodSync(at('out/locked'), 0o500);
    symlinkSync(root, at('out/link'));
    symlinkSync('nowhere', at('out/d/dangling'));
    writeFileSync(Buffer.concat([Buffer.from(at('out/')), Buffer.from([0xff, 0x41])]), 'bytes');
    const modTime = 1_000_000_000_000_000_000n;
    const entries = [{ ...dir('d'), modTime }, file('d/new', 'x'), file('f', 'new'), file('replaced', 'x'), link('z', 'f')];
    await exportTo(mirror(), (daemon) => sendTree(daemon, entries));
    expect(tree()).toEqual(['beside', 'out', 'out/d', 'out/d/new', 'out/f', 'out/replaced', 'out/z']);
    expect(readFileSync(at('out/f'), 'utf8')).toBe('new');
    expect(statSync(at('out/d')).mtimeMs).toBe(1e12); // deleting in it has not changed the time that it came with
  }); // biome-ignore format: long lines

  test('keeps the names of bytes that it was sent', async () => {
    mkdirSync(at('out'));
    writeFileSync(Buffer.concat([Buffer.from(at('out/')), Buffer.from([0xfe])]), 'stale');
    await exportTo(mirror(), (daemon) => sendTree(daemon, [file('caf\u00e9', 'x'), file('\ufffd', 'x')]));
    expect(tree(at('out'))).toEqual(['caf\u00e9', '\ufffd']);
  });

  test('a mirror that is new is as it was sent', async () => {
    await exportTo(mirror(), (daemon) => sendTree(daemon, [dir('d'), file('d/f', 'x')]));
    expect(tree()).toEqual(['out', 'out/d', 'out/d/f']);
  });

  test('a mirror is emptied by an empty result', async () => {
    put('out/a/b');
    await exportTo(mirror(), (daemon) => sendTree(daemon, []));
    expect(tree()).toEqual(['out']);
  });

  test('loses nothing before the build has succeeded, and nothing when it fails', async () => {
    put('out/d/stale');
    const before = tree();
    const failing = exportTo(
      mirror(),
      (daemon) => sendTree(daemon, [dir('d'), file('d/f', 'x')]),
      () => {
        expect(existsSync(at('out/d/f'))).toBe(true);
        expect(existsSync(at('out/d/stale'))).toBe(true);
        throw new Error('the index cannot be written');
      },
    );
    await expect(failing).rejects.toThrow('the index cannot be written');
    expect(tree()).toEqual(before);
    const breaking = exportTo(mirror(), (daemon) => sendTree(daemon, [file('f', 'x'), file('../g', 'x')]));
    await expect(breaking).rejects.toThrow('unclean path');
    expect(tree()).toEqual(before);
  });

  test('deletes nothing outside, whatever takes the place of its directories', async () => {
    put('out/d/e/stale');
    put('precious/e/stale');
    put('precious/stale');
    const swapping = exportTo(
      mirror(),
      (daemon) => sendTree(daemon, [dir('d'), dir('d/e'), file('d/e/f', 'x')]),
      () => {
        renameSync(at('out/d'), at('away'));
        symlinkSync(at('precious'), at('out/d'));
      },
    );
    await expect(swapping).rejects.toThrow(
      `the outputs of the build are in their places, but not everything else in ${at('out')} could be deleted: what is in "d"`,
    );
    expect(tree(at('precious'))).toEqual(['e', 'e/stale', 'stale']);
    expect(tree(at('away'))).toContain('e/stale');
  });

  test.skipIf(process.platform !== 'linux')(
    'a mirror goes on in its own directory when that is moved away',
    async () => {
      put('out/stale');
      put('precious/stale');
      await exportTo(
        mirror(),
        (daemon) => sendTree(daemon, [file('f', 'x')]),
        () => {
          renameSync(at('out'), at('away'));
          symlinkSync(at('precious'), at('out'));
        },
      );
      expect(tree(at('precious'))).toEqual(['stale']);
      expect(tree(at('away'))).toContain('f');
      expect(tree(at('away'))).not.toContain('stale');
    },
  );

  test('a mirror leaves a hard link of what it deletes elsewhere', async () => {
    put('precious');
    mkdirSync(at('out'));
    linkSync(at('precious'), at('out/stale'));
    await exportTo(mirror(), (daemon) => sendTree(daemon, [file('f', 'x')]));
    expect(lstatSync(at('precious')).nlink).toBe(1);
    expect(readFileSync(at('precious'), 'utf8')).toBe('old');
  });

  test('a mirror contains everything that goes into one directory', async () => {
    put('out/stale');
    symlinkSync('out', at('same'));
    const targets = new Map<number, ExportTarget>([
      [0, { kind: 'directory', path: at('out'), mirror: true }],
      [1, { kind: 'directory', path: at('same') }],
    ]);
    await exportTo(targets, async (daemon) => {
      await sendTree(daemon, [dir('d'), file('d/a', 'x')], { id: '0' });
      await sendTree(daemon, [dir('d'), file('d/b', 'x')], { id: '1' });
    });
    expect(tree(at('out'))).toEqual(['d', 'd/a', 'd/b']);
  });

  test('a mirror beside an archive is emptied once the archive is in its place', async () => {
    put('out/stale');
    const targets = new Map<number, ExportTarget>([
      [0, { kind: 'directory', path: at('out'), mirror: true }],
      [1, { kind: 'file', path: at('x.tar') }],
    ]);
    await exportTo(targets, async (daemon) => {
      await sendTree(daemon, [], { id: '0' });
      await sendBytes(daemon, '1', 'archive');
    });
    expect(tree()).toEqual(['out', 'x.tar']);
  });
});

test('other outputs inside of a mirror are refused, by whatever way they lead there', async () => {
  mkdirSync(at('out'));
  symlinkSync('out', at('link'));
  const local = { type: 'local', dest: at('out'), attrs: { mode: ' Delete ' } } as const;
  for (const inside of [
    { type: 'tar', dest: at('out/x.tar') },
    { type: 'local', dest: at('link/new/deep') },
    { type: 'oci', dest: at('out/layout'), attrs: { tar: 'false' } },
  ] as const) {
    const { targets, stores } = await prepareExports([local, inside], 'buildkitd');
    expect(() => refuseClashes(outputPaths(targets, stores))).toThrow('where mode=delete would delete it');
    const plain = await prepareExports([{ ...local, attrs: {} }, inside], 'buildkitd');
    expect(() => refuseClashes(outputPaths(plain.targets, plain.stores))).not.toThrow();
  }
  const caches = new Map([['local:c', { dir: at('out/cache'), writable: true }]]);
  const { targets } = await prepareExports([local], 'buildkitd');
  expect(() => refuseClashes(outputPaths(targets, caches))).toThrow(`the output ${at('out/cache')} is in ${at('out')}`);
  await expect(prepareExports([{ ...local, attrs: { mode: 'move' } }], 'buildkitd')).rejects.toThrow(
    'invalid local exporter mode "move": known are copy and delete',
  );
});

test('outputs that would replace each other are refused, by whatever way they lead there', async () => {
  mkdirSync(at('out'));
  symlinkSync('out', at('link'));
  symlinkSync('new.tar', at('out/dangling.tar'));
  const tar = (dest: string) => ({ type: 'tar', dest }) as const;
  const oci = (dest: string) => ({ type: 'oci', dest }) as const;
  const local = (dest: string) => ({ type: 'local', dest }) as const;
  const layout = (dest: string) => ({ type: 'oci', dest, attrs: { tar: 'false' } }) as const;
  const check = async (...exports: Export[]) => {
    const { targets, stores } = await prepareExports(exports, 'buildkitd');
    refuseClashes(outputPaths(targets, stores));
  };
  for (const clash of [
    [tar(at('x.tar')), oci(at('x.tar'))],
    [tar(at('x.tar')), tar(path.relative('.', at('./x.tar')))],
    [tar(at('out/x.tar')), oci(at('link/x.tar'))],
    [tar(at('out/new.tar')), oci(at('link/dangling.tar'))],
    [local(at('x')), tar(at('x'))],
    [tar(at('x')), local(at('x'))],
    [tar(at('x')), layout(at('x'))],
    [layout(at('x')), { ...local(at('x')), attrs: { mode: 'delete' } }],
  ])
    await expect(check(...clash)).rejects.toThrow(/^two outputs would be written to /);
  await expect(check(tar(at('x')), oci(at('x/y')))).rejects.toThrow(`is in ${at('x')}, which is to be a file`);
  await check(local(at('out')), local(at('link'))); // as with buildx, the files are the same
  await check(local(at('out')), layout(at('out')));
  await check(local(at('out')), tar(at('out/x.tar')), oci(at('out/y.tar')));
  await check(tar('/dev/null'), oci('/dev/null'));
});
