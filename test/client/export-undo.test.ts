import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { beforeEach, describe, expect, test } from 'vitest';
import { createContentStores } from '../../src/client/session/content.ts';
import { ExportReceiver, type ExportTarget } from '../../src/client/session/file-send.ts';
import { putInIndex } from '../../src/client/session/layout-index.ts';
import { Content, WriteAction } from '../../src/gen/containerd/services/content/v1/content_pb.ts';
import { FileSend } from '../../src/gen/moby/filesync/v1/filesync_pb.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { dir, exportTo, file, patience, sendBytes, sendTree, toDirectory, toFile } from './export-peer.ts';
import { fakeDaemon } from './fake-daemon.ts';

let root: string;
beforeEach(() => {
  root = temporaryDir();
});
const at = (...names: string[]) => path.join(root, ...names);
const tree = () => readdirSync(root, { recursive: true }).sort();
const fail = () => {
  throw new Error('the index cannot be written');
};

describe('an export that fails removes nothing of others', () => {
  /** What somebody else puts into the directories on the way, once they are there. */
  const others = () => {
    mkdirSync(at('out/b'), { recursive: true });
    writeFileSync(at('out/b/finished'), 'of another build');
    writeFileSync(at('out/notes'), 'mine');
  };
  const theirs = ['out', 'out/b', 'out/b/finished', 'out/notes'];

  test('an export that fails while a directory is received removes nothing of others', async () => {
    const exporting = exportTo(toDirectory(at('out/a')), async (daemon) => {
      others();
      await sendTree(daemon, [file('f', 'x'), file('../g', 'x')]);
    });
    await expect(exporting).rejects.toThrow('unclean path');
    expect(tree()).toEqual(theirs);
  });

  test('an export that fails while a file is received removes nothing of others', async () => {
    const exporting = exportTo(toFile(at('out/a/x.tar')), async (daemon) => {
      await daemon
        .client(FileSend)
        .diffCopy()
        .send({ data: Buffer.from('half') });
      await expect.poll(() => tree().length, patience).toBe(4);
      others();
      daemon.cut();
    });
    await expect(exporting).rejects.toThrow('output 1');
    expect(tree()).toEqual(theirs);
  });

  test('an export that fails after all was put into its place removes nothing of others', async () => {
    const targets = new Map<number, ExportTarget>([
      [0, { kind: 'directory', path: at('out/a') }],
      [1, { kind: 'file', path: at('out/c/x.tar') }],
    ]);
    const exporting = exportTo(
      targets,
      async (daemon) => {
        await sendTree(daemon, [dir('d'), file('d/f', 'x'), dir('e'), file('e/f', 'x'), file('replaced', 'x')]);
        await sendBytes(daemon, '1', 'archive');
      },
      () => {
        others();
        writeFileSync(at('out/a/d/mine'), 'mine');
        writeFileSync(at('out/a/replaced'), 'mine now');
        writeFileSync(at('out/c/mine'), 'mine');
        fail();
      },
    );
    await expect(exporting).rejects.toThrow('the index cannot be written');
    const kept = ['out/a', 'out/a/d', 'out/a/d/mine', 'out/a/replaced', 'out/c', 'out/c/mine'];
    expect(tree()).toEqual([...theirs, ...kept].sort());
    expect(readFileSync(at('out/a/replaced'), 'utf8')).toBe('mine now');
  });

  test('an existing directory becomes what it was before the export failed', async () => {
    mkdirSync(at('out/d'), { recursive: true });
    mkdirSync(at('out/directory/old'), { recursive: true });
    writeFileSync(at('out/d/f'), 'old');
    writeFileSync(at('x.tar'), 'old archive');
    const before = tree();
    const targets = new Map<number, ExportTarget>([
      [0, { kind: 'directory', path: at('out') }],
      [1, { kind: 'file', path: at('x.tar') }],
    ]);
    const exporting = exportTo(
      targets,
      async (daemon) => {
        const entries = [dir('d'), file('d/f', 'new'), file('d/g', 'new'), file('directory', 'new'), dir('new'), file('new/f', '')];
        await sendTree(daemon, entries);
        await sendBytes(daemon, '1', 'archive');
      },
      () => {
        expect(readFileSync(at('out/d/f'), 'utf8')).toBe('new');
        expect(readFileSync(at('x.tar'), 'utf8')).toBe('archive');
        writeFileSync(at('out/new/mine'), 'mine');
        fail();
      },
    );
    await expect(exporting).rejects.toThrow('the index cannot be written');
    expect(tree()).toEqual([...before, 'out/new', 'out/new/mine'].sort());
    expect(readFileSync(at('out/d/f'), 'utf8')).toBe('old');
    expect(readFileSync(at('x.tar'), 'utf8')).toBe('old archive');
  }); // biome-ignore format: long lines

  test('nothing of others is removed when one of two platforms has no place', async () => {
    mkdirSync(at('out'));
    writeFileSync(at('out/linux_arm64'), 'a file of mine');
    const exporting = exportTo(toDirectory(at('out')), async (daemon) => {
      await sendTree(daemon, [dir('linux_amd64'), file('linux_amd64/f', 'x')]);
      await sendTree(daemon, [dir('linux_arm64'), file('linux_arm64/f', 'x')]);
      // Where it waits: what cannot be moved from there has no place.
      const [second] = readdirSync(at('out')).filter((name) => existsSync(at('out', name, 'tree/linux_arm64')));
      rmSync(at('out', second!, 'tree/linux_arm64'), { recursive: true });
    });
    await expect(exporting).rejects.toThrow('cannot put "linux_arm64" into');
    expect(tree()).toEqual(['out', 'out/linux_arm64']);
    expect(readFileSync(at('out/linux_arm64'), 'utf8')).toBe('a file of mine');
  });
});

test('builds into nested destinations at once do not disturb each other', async () => {
  const one = async (i: number) => {
    const dest = at('out', ...Array.from({ length: i % 4 }, (_, level) => `d${level}`));
    const exporting = exportTo(toDirectory(dest), (daemon) => sendTree(daemon, [file(`f${i}`, 'x')]), i % 3 ? undefined : fail);
    if (i % 3) await exporting;
    else await expect(exporting).rejects.toThrow('the index');
  };
  await Promise.all(Array.from({ length: 12 }, (_, i) => one(i)));
  const names = [1, 2, 4, 5, 7, 8, 10, 11].map((i) => path.join('out', ['', 'd0', 'd0/d1', 'd0/d1/d2'][i % 4]!, `f${i}`));
  expect(tree()).toEqual([...names, 'out', 'out/d0', 'out/d0/d1', 'out/d0/d1/d2'].sort());
}); // biome-ignore format: long lines

test('a directory that is swapped for a link while files are moved into it leads nowhere else', async () => {
  const count = 3000;
  const entries = Array.from({ length: count }, (_, i) => file(`sub/f${String(i).padStart(4, '0')}`, ''));
  let inTheMiddle = false;
  for (let attempt = 0; attempt < 5 && !inTheMiddle; attempt++) {
    const [out, outside] = [at(`out${attempt}`), at(`outside${attempt}`)];
    mkdirSync(outside);
    mkdirSync(path.join(out, 'sub'), { recursive: true });
    const swap = new Worker(
      `const { existsSync, readdirSync, renameSync, symlinkSync } = require('node:fs');
      const { workerData: { out, outside }, parentPort } = require('node:worker_threads');
      while (!existsSync(out + '/sub/f0000'));
      renameSync(out + '/sub', out + '/moved');
      symlinkSync(outside, out + '/sub');
      parentPort.postMessage(readdirSync(out + '/moved').length);`,
      { eval: true, workerData: { out, outside } },
    );
    const moved = once(swap, 'message');
    await exportTo(toDirectory(out), (daemon) => sendTree(daemon, [dir('sub'), ...entries]));
    inTheMiddle = (await moved)[0] < count;
    expect(readdirSync(outside)).toEqual([]);
    expect(readdirSync(path.join(out, 'moved'))).toHaveLength(count);
  }
});

describe('a layout that several builds write to', () => {
  const data = Buffer.from('{}');
  const digest = `sha256:${createHash('sha256').update(data).digest('hex')}`;
  const write = async (dest: string) => {
    const stores = createContentStores(new Map([['export', { dir: dest, writable: true }]]));
    const daemon = await fakeDaemon(stores);
    const call = daemon.client(Content).write({ metadata: { 'buildkit-attachable-store-id': 'export' } });
    await call.send({ ref: 'r', action: WriteAction.COMMIT, data });
    call.end();
    for await (const _ of call.messages);
    await stores.publish();
    return stores;
  };
  const descriptor = { mediaType: 'application/octet-stream', digest, size: data.length };

  test('names what each of them brings', async () => {
    const stores = await write(root);
    await stores.close?.();
    const tags = Array.from({ length: 20 }, (_, i) => `t${i}`);
    await Promise.all(tags.map((tag) => putInIndex(root, descriptor, [tag])));
    const { manifests } = JSON.parse(readFileSync(at('index.json'), 'utf8'));
    const named = manifests.map((it: { annotations: Record<string, string> }) => it.annotations['org.opencontainers.image.ref.name']);
    expect(named.sort()).toEqual(tags.sort());
    expect(readdirSync(root).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
  }); // biome-ignore format: long lines

  test('keeps what another build has found to be there and named, when the one that brought it fails', async () => {
    const failing = await write(root);
    await putInIndex(root, descriptor, ['other']);
    await failing.close?.();
    await failing.discard();
    expect(existsSync(at('blobs', digest.replace(':', '/')))).toBe(true);
  });

  const index = () => JSON.parse(readFileSync(at('index.json'), 'utf8'));
  const tagged = (size: number, tag: string) => ({ size, annotations: { 'org.opencontainers.image.ref.name': tag } });

  test('a layout that several builds write to has the names that it had before when one of them fails, and what else its index says', async () => {
    const stores = await write(root);
    await stores.nameContent(root, descriptor, ['a', 'b']);
    await stores.close?.();
    const before = { ...index(), annotations: { mine: 'precious' }, artifactType: 'of/another' };
    const [a, b] = before.manifests;
    writeFileSync(at('index.json'), JSON.stringify({ ...before, manifests: [{ ...a, size: 1 }, b] }));
    const failing = await write(root);
    await failing.nameContent(root, descriptor, ['a', 'b', 'c']);
    await failing.close?.();
    expect(index()).toMatchObject({ ...before, manifests: [tagged(2, 'a'), tagged(2, 'b'), tagged(2, 'c')] });
    await putInIndex(root, { ...descriptor, annotations: { of: 'another build' } }, ['b', 'd']);
    await failing.discard();
    const others = [tagged(1, 'a'), tagged(2, 'b'), tagged(2, 'd')];
    expect(index()).toMatchObject({ ...before, manifests: others });
    expect(index().manifests).toHaveLength(others.length);
  });

  test('a layout that several builds write to is gone when the one that made it fails', async () => {
    const failing = await write(at('layout'));
    await failing.nameContent(at('layout'), descriptor, ['a', 'b']);
    await failing.close?.();
    await failing.discard();
    expect(tree()).toEqual([]);
  });

  test('a layout that several builds write to is not waited for where something else has the place of its lock', async () => {
    const stores = await write(root);
    writeFileSync(at('.tsfront-index-lock'), 'mine');
    utimesSync(at('.tsfront-index-lock'), 1, 1);
    await expect(stores.nameContent(root, descriptor, ['a'])).rejects.toThrow(
      '.tsfront-index-lock is in the way, remove it',
    );
    await stores.close?.();
    expect(readFileSync(at('.tsfront-index-lock'), 'utf8')).toBe('mine');
    rmSync(at('.tsfront-index-lock'));
    mkdirSync(at('.tsfront-index-lock')); // of one that was killed, before the clock was set back
    utimesSync(at('.tsfront-index-lock'), new Date(Date.now() + 3_600_000), new Date(Date.now() + 3_600_000));
    await stores.nameContent(root, descriptor, ['a']);
  });

  test('names nothing that is not there', async () => {
    const config = { ...descriptor, digest: `sha256:${'2'.repeat(64)}` };
    const manifest = Buffer.from(JSON.stringify({ config, layers: [] }));
    const hex = createHash('sha256').update(manifest).digest('hex');
    mkdirSync(at('blobs/sha256'), { recursive: true });
    writeFileSync(at('blobs/sha256', hex), manifest);
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const naming = putInIndex(root, { mediaType, digest: `sha256:${hex}`, size: manifest.length }, ['t']);
    await expect(naming).rejects.toThrow(`${config.digest} is missing`);
    await expect(putInIndex(root, { ...descriptor, digest: '../x' }, ['t'])).rejects.toThrow('invalid digest');
    expect(readdirSync(root)).toEqual(['blobs']);
  });
});

test('a directory that was made for an export is left to who puts something into it', async () => {
  await exportTo(toDirectory(at('out')), async (daemon) => {
    await sendTree(daemon, [dir('d'), file('d/f', 'x'), file('f', 'x')]);
    writeFileSync(at('out/mine'), 'mine');
  });
  expect(tree()).toEqual(['out', 'out/d', 'out/d/f', 'out/f', 'out/mine']);
});

test('an archive that somebody else has replaced stays, and what else a build has put somewhere goes', async () => {
  writeFileSync(at('x.tar'), 'old');
  const warnings: string[] = [];
  const received = new ExportReceiver(
    new Map<number, ExportTarget>([
      [0, { kind: 'directory', path: at('d') }],
      [1, { kind: 'file', path: at('y.tar') }],
      [2, { kind: 'file', path: at('x.tar') }],
    ]),
    (message) => warnings.push(message),
  );
  const daemon = await fakeDaemon(received);
  await sendTree(daemon, [file('f', 'x')]);
  await sendBytes(daemon, '1', 'new');
  await sendBytes(daemon, '2', 'new');
  await received.publish();
  rmSync(at('x.tar'));
  writeFileSync(at('x.tar'), 'of another build');
  await received.close();
  const [aside] = tree().filter((name) => String(name).startsWith('.tsfront-export-'));
  expect(warnings).toEqual([expect.stringContaining(`${at('x.tar')} is now ${at(String(aside))}`)]);
  expect(tree()).toEqual([aside, 'x.tar']);
  expect(readFileSync(at('x.tar'), 'utf8')).toBe('of another build');
  expect(readFileSync(at(String(aside)), 'utf8')).toBe('old');
});

test('a directory that has come to the place of an archive stays, and the export fails', async () => {
  const exporting = exportTo(toFile(at('x')), async (daemon) => {
    await sendBytes(daemon, '0', 'archive');
    mkdirSync(at('x'));
    writeFileSync(at('x/mine'), 'mine');
  });
  await expect(exporting).rejects.toThrow(`destination file ${at('x')} is a directory`);
  expect(tree()).toEqual(['x', 'x/mine']);
});

test('a link that is the destination is followed', async () => {
  mkdirSync(at('real'));
  symlinkSync('real', at('out'));
  await exportTo(toDirectory(at('out')), (daemon) => sendTree(daemon, [file('f', 'x')]));
  expect(lstatSync(at('out')).isSymbolicLink()).toBe(true);
  expect(readdirSync(at('real'))).toEqual(['f']);
});
