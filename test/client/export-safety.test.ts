import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { beforeEach, describe, expect, test } from 'vitest';
import { createContentStores } from '../../src/client/session/content.ts';
import { ExportReceiver, type ExportTarget } from '../../src/client/session/file-send.ts';
import {
  Content,
  WriteAction,
  type WriteContentRequestSchema,
} from '../../src/gen/containerd/services/content/v1/content_pb.ts';
import { Packet_PacketType as Type } from '../../src/gen/fsutil/types/wire_pb.ts';
import { FileSend } from '../../src/gen/moby/filesync/v1/filesync_pb.ts';
import { ModeDir, ModeNamedPipe, ModeSocket } from '../../src/go/file-mode.ts';
import { Code } from '../../src/rpc/rpc-error.ts';
import { ends } from '../ends.ts';
import { temporaryDir } from '../temporary-dir.ts';
import {
  dir,
  type Entry,
  exportTo,
  file,
  hardLink,
  link,
  type Packet,
  patience,
  sendBytes,
  sendTree,
  toDirectory,
  toFile,
} from './export-peer.ts';
import { fakeDaemon } from './fake-daemon.ts';

/** Go's, of which the client knows nothing. */
const ModeIrregular = 1 << 19;

const send = (dest: string, entries: readonly Entry[]) =>
  exportTo(toDirectory(dest), (daemon) => sendTree(daemon, entries));

describe('a directory export', () => {
  let root: string;
  let dest: string;
  let outside: string;
  beforeEach(() => {
    root = temporaryDir();
    dest = path.join(root, 'dest');
    outside = path.join(root, 'outside');
    mkdirSync(outside);
    writeFileSync(path.join(outside, 'victim'), 'untouched');
  });

  test('arrives with its links and hard links', async () => {
    await send(dest, [dir('d'), file('d/f', 'one'), link('d/l', 'f'), file('d-e', 'two'), hardLink('z', 'd/f')]);
    expect(readFileSync(path.join(dest, 'd/l'), 'utf8')).toBe('one');
    expect(lstatSync(path.join(dest, 'z')).ino).toBe(lstatSync(path.join(dest, 'd/f')).ino);
    expect(readdirSync(dest).sort()).toEqual(['d', 'd-e', 'z']);
  });

  test('a directory export of more than is kept in memory arrives', async () => {
    const large = Array.from({ length: 48 }, (_, i) => file(`f${String(i).padStart(2, '0')}`, 'x'.repeat(512 << 10)));
    await send(dest, large);
    const sizes = readdirSync(dest).map((name) => lstatSync(path.join(dest, name)).size);
    expect(sizes).toEqual(large.map(() => 512 << 10));
  });

  const listing = () =>
    execFileSync('find', ['.', '-printf', '%p %y %m %i %l\\n'], { cwd: dest, encoding: 'utf8' }).split('\n').sort();

  test('a directory export takes the place of what is there', async () => {
    mkdirSync(path.join(dest, 'a/old'), { recursive: true });
    for (const name of ['file', 'kept', 'other']) writeFileSync(path.join(dest, name), 'old');
    symlinkSync('../outside', path.join(dest, 'link'));
    await send(dest, [
      file('a', 'new'),
      dir('file'),
      file('file/f', 'new'),
      dir('link'),
      file('link/victim', 'new'),
      link('other', 'a'),
    ]);
    expect(readdirSync(dest).sort()).toEqual(['a', 'file', 'kept', 'link', 'other']);
    expect(readFileSync(path.join(dest, 'other'), 'utf8')).toBe('new');
    expect(readFileSync(path.join(outside, 'victim'), 'utf8')).toBe('untouched');
  });

  test('a directory export goes into what is mounted in its destination, and leaves all as it was if a part has no place', async (context) => {
    mkdirSync(path.join(dest, 'a/old'), { recursive: true });
    mkdirSync(path.join(dest, 'm'));
    writeFileSync(path.join(dest, 'b'), 'old');
    writeFileSync(path.join(dest, 'z'), 'mounted over');
    const mounts = [path.join(dest, 'm'), path.join(dest, 'z')];
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mounts[0]!], { stdio: 'ignore' });
      execFileSync('mount', ['--bind', path.join(outside, 'victim'), mounts[1]!], { stdio: 'ignore' });
    } catch {
      context.skip();
    }
    try {
      writeFileSync(path.join(dest, 'm/f'), 'old');
      const entries = [
        file('a', 'new'),
        file('b', 'new'),
        { ...dir('m'), mode: (ModeDir | 0o700) >>> 0 },
        file('m/f', 'new'),
      ];
      const before = listing();
      await expect(send(dest, [...entries, file('z', 'new')])).rejects.toThrow(/EBUSY/);
      expect(listing()).toEqual(before);
      await send(dest, entries);
      expect(['a', 'b', 'm/f'].map((name) => readFileSync(path.join(dest, name), 'utf8'))).toEqual([
        'new',
        'new',
        'new',
      ]);
      expect(readdirSync(dest).sort()).toEqual(['a', 'b', 'm', 'z']);
      expect(readdirSync(path.join(dest, 'm'))).toEqual(['f']);
      expect(readFileSync(path.join(outside, 'victim'), 'utf8')).toBe('untouched');
    } finally {
      for (const mount of mounts) execFileSync('umount', [mount]);
    }
  });

  test('stays when the session ends with our last packet', async () => {
    const received = new ExportReceiver(toDirectory(dest));
    const daemon = await fakeDaemon(received);
    const call = daemon.directoryExport.diffCopy();
    await call.send({ type: Type.PACKET_STAT, stat: { path: 'd', mode: (ModeDir | 0o755) >>> 0 } });
    await call.send({ type: Type.PACKET_STAT });
    await expect(
      (async () => {
        for await (const packet of call.messages) if (packet.type === Type.PACKET_FIN) daemon.cut();
      })(),
    ).rejects.toThrow();
    await received.publish();
    await received.keep();
    await received.close();
    expect(readdirSync(dest)).toEqual(['d']);
  });

  test.each<[string, Entry[]]>([
    ['a path that goes up', [file('../outside/victim', 'x')]],
    ['a path that goes up later', [dir('a'), file('a/../../outside/victim', 'x')]],
    ['an absolute path', [file('/tmp/tsfront-escape', 'x')]],
    ['a path through a symlink it sent', [link('l', '../outside'), file('l/victim', 'x')]],
    ['a path in a directory that was not listed', [file('a/b', 'x')]],
    ['the same path twice', [link('l', '../outside/victim'), file('l', 'x')]],
    ['paths out of order', [file('b', 'x'), file('a', 'x')]],
    ['a directory after what is in it', [dir('a'), dir('a/b'), dir('a')]],
    ['a hard link to a file outside', [hardLink('h', '../outside/victim')]],
    ['a hard link to an absolute path', [hardLink('h', '/etc/passwd')]],
    ['a hard link through a symlink', [link('l', '../outside/victim'), hardLink('m', 'l')]],
    ['an empty path', [file('', 'x')]],
    ['a path with a zero byte', [file('a\0b', 'x')]],
    ['more data than announced', [{ path: 'f', size: 3n, data: 'much more than that' }]],
    ['less data than announced', [{ path: 'f', size: 1n << 60n, data: 'a little' }]],
    ['a size below zero', [{ path: 'f', size: -1n, data: '' }]],
    ['the same file twice', [file('f', 'x'), file('f', 'y')]],
    ['the same directory twice', [dir('d'), dir('d')]],
    ['a directory that becomes a symlink', [dir('d'), link('d', '../outside'), file('d/victim', 'x')]],
    ['a symlink that becomes a directory', [link('d', '../outside'), dir('d'), file('d/victim', 'x')]],
    ['a file that becomes a directory', [file('d', 'x'), dir('d'), file('d/f', 'x')]],
    ['a hard link to a directory', [dir('d'), hardLink('h', 'd')]],
    ['a hard link to a file that comes later', [hardLink('a', 'b'), file('b', 'x')]],
    ['a hard link to a path that goes up and comes back', [file('a', 'x'), hardLink('h', 'd/../a')]],
    ['a socket', [{ path: 's', mode: ModeSocket | 0o644 }]],
    ['a kind of file that does not exist', [{ path: 's', mode: ModeIrregular | 0o644 }]],
    ['a name that is too long', [file('x'.repeat(300), 'x')]],
    ['a path with a dot', [file('./a', 'x')]],
    ['a path that ends with a slash', [dir('a/')]],
    ['a symlink to a path with a zero byte', [link('l', 'a\0b')]],
  ])('a directory export with %s is refused and leaves nothing behind', async (_, entries) => {
    await expect(send(dest, [file('!first', 'x'), ...entries])).rejects.toThrow();
    expect(readdirSync(root)).toEqual(['outside']);
    expect(readFileSync(path.join(outside, 'victim'), 'utf8')).toBe('untouched');
  });

  test.each<[string, Packet[]]>([
    ['data nobody asked for', [{ type: Type.PACKET_DATA, ID: 7, data: Buffer.from('x') }]],
    ['an end before the end', [{ type: Type.PACKET_FIN }]],
    ['more files after the list', [{ type: Type.PACKET_STAT }, { type: Type.PACKET_STAT, stat: { path: 'late', mode: 0o644 } }]],
    ['an error of its own', [{ type: Type.PACKET_ERR, data: Buffer.from('broken') }]],
  ])('a directory export with %s is refused and leaves nothing behind', async (_, packets) => {
    const daemon = await fakeDaemon(new ExportReceiver(toDirectory(dest)));
    const call = daemon.directoryExport.diffCopy();
    await call.send({ type: Type.PACKET_STAT, stat: { path: 'f', mode: 0o644, size: 3n } });
    for (const packet of packets) await call.send(packet);
    await expect(
      (async () => {
        for await (const { type, data } of call.messages)
          if (type === Type.PACKET_ERR) throw new Error(Buffer.from(data).toString());
      })(),
    ).rejects.toThrow();
    await expect.poll(() => readdirSync(root), patience).toEqual(['outside']);
  }); // biome-ignore format: a table

  test('makes pipes where they belong', async () => {
    await send(dest, [dir('d'), { path: 'd/p', mode: ModeNamedPipe | 0o600 }]);
    expect(lstatSync(path.join(dest, 'd/p')).isFIFO()).toBe(true);
  });

  test.each(['/proc/tsfront/a/b', '/dev/null/a', '/proc/1/tsfront'])('fails if it goes into %s', async (place) => {
    await expect(ends(send(place, [file('f', 'x')]))).rejects.toThrow(`cannot create ${place}`);
  });

  test('a directory export does not follow symlinks that are at the destination', async () => {
    mkdirSync(dest);
    symlinkSync(outside, path.join(dest, 'd'));
    symlinkSync(path.join(outside, 'victim'), path.join(dest, 'f'));
    await send(dest, [dir('d'), file('d/victim', 'inside'), file('f', 'inside')]);
    expect(readFileSync(path.join(outside, 'victim'), 'utf8')).toBe('untouched');
    expect(readFileSync(path.join(dest, 'd/victim'), 'utf8')).toBe('inside');
    expect(lstatSync(path.join(dest, 'f')).isFile()).toBe(true);
  });

  test('a directory export that fails leaves a destination as it was', async () => {
    mkdirSync(dest);
    writeFileSync(path.join(dest, 'f'), 'old');
    await expect(send(dest, [file('f', 'new'), file('../x', '')])).rejects.toThrow('unclean path');
    expect(readdirSync(dest)).toEqual(['f']);
    expect(readFileSync(path.join(dest, 'f'), 'utf8')).toBe('old');
  });

  test('keeps what is there and merges directories', async () => {
    mkdirSync(path.join(dest, 'd'), { recursive: true });
    writeFileSync(path.join(dest, 'd/old'), 'old');
    mkdirSync(path.join(dest, 'was-dir/full'), { recursive: true });
    await send(dest, [dir('d'), file('d/new', 'new'), file('was-dir', 'now a file')]);
    expect(readdirSync(path.join(dest, 'd')).sort()).toEqual(['new', 'old']);
    expect(readFileSync(path.join(dest, 'was-dir'), 'utf8')).toBe('now a file');
  });

  test('a directory export that is cut off leaves nothing behind', async () => {
    const daemon = await fakeDaemon(new ExportReceiver(toDirectory(dest)));
    const call = daemon.directoryExport.diffCopy();
    await call.send({ type: Type.PACKET_STAT, stat: { path: 'f', mode: 0o644, size: 10n } });
    for await (const packet of call.messages) if (packet.type === Type.PACKET_REQ) break;
    expect(readdirSync(root)).toHaveLength(2);
    daemon.cut();
    await expect.poll(() => readdirSync(root), patience).toEqual(['outside']);
  });
});

describe('a file export', () => {
  const sendTo = (file: string, ...data: string[]) =>
    exportTo(toFile(file), (daemon) => sendBytes(daemon, '0', ...data));

  test('appears when all of it is there', async () => {
    const dest = path.join(temporaryDir(), 'out.tar');
    const received = new ExportReceiver(new Map([[3, { kind: 'file', path: dest }]]));
    const daemon = await fakeDaemon(received);
    const call = daemon.client(FileSend).diffCopy({ metadata: { 'buildkit-attachable-exporter-id': '3' } });
    await call.send({ data: Buffer.from('one') });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(existsSync(dest)).toBe(false);
    await call.send({ data: Buffer.from('two') });
    call.end();
    for await (const _ of call.messages);
    expect(existsSync(dest)).toBe(false); // the build may still fail
    await received.publish();
    await received.keep();
    await received.close();
    expect(readFileSync(dest, 'utf8')).toBe('onetwo');
    expect(readdirSync(path.dirname(dest))).toEqual(['out.tar']);
  });

  test('a file export that is cut off leaves nothing behind', async () => {
    const directory = temporaryDir();
    const daemon = await fakeDaemon(new ExportReceiver(toFile(path.join(directory, 'sub/dir/out.tar'))));
    const call = daemon.client(FileSend).diffCopy();
    await call.send({ data: Buffer.from('one') });
    await expect.poll(() => readdirSync(directory).length, patience).toBe(1);
    daemon.cut();
    await expect.poll(() => readdirSync(directory), patience).toEqual([]);
  });

  test('a file export that is cut off leaves the file that was there', async () => {
    const file = path.join(temporaryDir(), 'out.tar');
    writeFileSync(file, 'old');
    const sending = new ExportReceiver(toFile(file));
    const daemon = await fakeDaemon(sending);
    await daemon
      .client(FileSend)
      .diffCopy()
      .send({ data: Buffer.from('new') });
    await expect.poll(() => readdirSync(path.dirname(file)).length, patience).toBe(2);
    daemon.cut();
    await sending.close?.();
    expect(readdirSync(path.dirname(file))).toEqual(['out.tar']);
    expect(readFileSync(file, 'utf8')).toBe('old');
  });

  test('a file export through a symlink goes where that leads, and into a pipe', async () => {
    const directory = temporaryDir();
    const [real, name, pipe] = ['real', 'name', 'pipe'].map((it) => path.join(directory, it)) as [
      string,
      string,
      string,
    ];
    writeFileSync(real, 'old');
    symlinkSync('real', name);
    await sendTo(name, 'new');
    expect(lstatSync(name).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, 'utf8')).toBe('new');
    execFileSync('mkfifo', [pipe]);
    const reading = readFile(pipe, 'utf8');
    await sendTo(pipe, 'through');
    expect(await reading).toBe('through');
    expect(readdirSync(directory).sort()).toEqual(['name', 'pipe', 'real']);
  });

  test('a file export through a symlink makes the file that it leads to, and leaves a circle of links', async () => {
    const directory = temporaryDir();
    const at = (name: string) => path.join(directory, name);
    mkdirSync(at('real'));
    symlinkSync('real', at('linked'));
    symlinkSync('../next', at('real/name')); // of the real directory
    symlinkSync('later', at('next'));
    await sendTo(at('linked/name'), 'new');
    expect(readFileSync(at('later'), 'utf8')).toBe('new');
    expect(lstatSync(at('real/name')).isSymbolicLink() && lstatSync(at('next')).isSymbolicLink()).toBe(true);
    symlinkSync('circle', at('circle'));
    await expect(sendTo(at('circle'), 'new')).rejects.toThrow(
      `cannot write ${at('circle')}: its links lead in a circle`,
    );
    expect(readdirSync(directory).sort()).toEqual(['circle', 'later', 'linked', 'next', 'real']);
  });

  test('a file export into a directory, or where no file can be, fails', async () => {
    const directory = temporaryDir();
    await expect(sendTo(directory, 'x')).rejects.toThrow(`destination file ${directory} is a directory`);
    writeFileSync(path.join(directory, 'f'), '');
    for (const place of ['/proc/tsfront/out.tar', path.join(directory, 'f/out.tar')])
      await expect(ends(sendTo(place, 'x'))).rejects.toThrow(`cannot create ${path.dirname(place)}`);
    expect(readdirSync(directory)).toEqual(['f']);
  });

  test('each of several file exports goes to its own place, whatever names the daemon gives', async () => {
    const directory = temporaryDir();
    const targets = new Map<number, ExportTarget>([
      [0, { kind: 'directory', path: path.join(directory, 'dir') }],
      [1, { kind: 'file', path: path.join(directory, 'one.tar') }],
      [2, { kind: 'file', path: path.join(directory, 'two.tar') }],
    ]);
    await exportTo(targets, async (daemon) => {
      await sendBytes(daemon, '2', 'two');
      await sendBytes(daemon, '1', 'one');
      await sendTree(daemon, [file('f', 'file')], { id: '0' });
      for (const id of ['3', '-1', '1e9', '../../1'])
        await expect(sendBytes(daemon, id, 'x')).rejects.toThrow(`exporter ${id} not found`);
      await expect(sendBytes(daemon, '1', 'x')).rejects.toThrow('exporter 1 has sent its output already');
    });
    expect(readFileSync(path.join(directory, 'one.tar'), 'utf8')).toBe('one');
    expect(readFileSync(path.join(directory, 'two.tar'), 'utf8')).toBe('two');
    expect(readdirSync(directory).sort()).toEqual(['dir', 'one.tar', 'two.tar']);
  });
});

describe('a layout export', () => {
  const openStore = async () => {
    const root = temporaryDir();
    const dest = path.join(root, 'layout');
    const stores = createContentStores(
      new Map([
        ['export', { dir: dest, writable: true }],
        ['oci:mine', { dir: dest, writable: false }],
      ]),
    );
    const daemon = await fakeDaemon(stores);
    const metadata = { 'buildkit-attachable-store-id': 'export' };
    const write = async (...requests: MessageInitShape<typeof WriteContentRequestSchema>[]) => {
      const call = daemon.client(Content).write({ metadata });
      for (const request of requests) await call.send(request);
      call.end();
      for await (const _ of call.messages);
    };
    return { root, dest, stores, daemon, metadata, write };
  };
  const data = Buffer.from('blob');
  const hex = createHash('sha256').update(data).digest('hex');

  test('keeps blobs under their digest alone', async () => {
    const { root, dest, stores, daemon, metadata, write } = await openStore();
    await write({ ref: '../../escape', action: WriteAction.COMMIT, data });
    for (const digest of ['sha256:../../../escape', `sha256:${'/'.repeat(64)}`, `../x:${hex}`, '/etc/passwd']) {
      await expect(write({ ref: 'r', action: WriteAction.COMMIT, data, expected: digest })).rejects.toThrow('invalid digest');
      await expect(daemon.client(Content).delete({ digest }, { metadata })).rejects.toThrow('invalid digest');
      await expect(daemon.client(Content).info({ digest }, { metadata })).rejects.toThrow('invalid digest');
    }
    const other = `sha256:${'0'.repeat(64)}`;
    await expect(write({ ref: 's', action: WriteAction.COMMIT, data, expected: other })).rejects.toThrow('unexpected commit digest');
    await expect(write({ ref: 't', action: WriteAction.COMMIT, data, total: 1n << 60n })).rejects.toThrow('unexpected commit size');
    await expect(daemon.client(Content).info({ digest: other }, { metadata: { 'buildkit-attachable-store-id': '../x' } })).rejects.toThrow('unknown store');
    await stores.publish();
    await stores.close?.();
    expect(readdirSync(root)).toEqual(['layout']);
    expect(readdirSync(dest, { recursive: true })).toEqual(['blobs', 'blobs/sha256', `blobs/sha256/${hex}`]);
  }); // biome-ignore format: long lines

  test('a layout export that is cut off leaves no half of a blob', async () => {
    const { dest, stores, daemon, metadata } = await openStore();
    await daemon.client(Content).write({ metadata }).send({ ref: 'r', action: WriteAction.WRITE, data });
    await expect.poll(() => existsSync(dest) && readdirSync(dest, { recursive: true }).length, patience).toBe(3);
    daemon.cut();
    await stores.close?.();
    expect(readdirSync(dest)).toEqual([]);
  });

  test('a layout export can be read back at once, and is there for others when the build has succeeded', async () => {
    const { dest, stores, daemon, metadata, write } = await openStore();
    const digest = `sha256:${hex}`;
    await write({ ref: 'r', action: WriteAction.COMMIT, data });
    expect(await daemon.client(Content).info({ digest }, { metadata })).toMatchObject({ info: { digest } });
    for await (const { data: read } of daemon.client(Content).read({ digest }, { metadata }))
      expect(Buffer.from(read)).toEqual(data);
    await expect(write({ ref: 's', action: WriteAction.COMMIT, data, expected: digest })).rejects.toThrow('exists');
    expect(existsSync(path.join(dest, 'blobs'))).toBe(false);
    await stores.publish();
    await stores.close?.();
    expect(readFileSync(path.join(dest, 'blobs/sha256', hex))).toEqual(data);
  });

  test.each([
    ['that was not there', false],
    ['that was there', true],
  ])('a layout export of a build that fails leaves a layout %s as it was', async (_, existed) => {
    const { root, dest, stores, write } = await openStore();
    const mine = path.join(dest, 'blobs/sha256', '1'.repeat(64));
    if (existed) mkdirSync(path.dirname(mine), { recursive: true });
    if (existed) writeFileSync(mine, 'mine');
    const before = readdirSync(root, { recursive: true });
    await write({ ref: 'r', action: WriteAction.COMMIT, data });
    await stores.close?.();
    await stores.discard();
    expect(readdirSync(root, { recursive: true })).toEqual(before);

    // What fails may be the index, which is written at the very end.
    const late = await openStore();
    await late.write({ ref: 'r', action: WriteAction.COMMIT, data });
    await late.stores.publish();
    await late.stores.close?.();
    await late.stores.discard();
    expect(readdirSync(late.root)).toEqual([]);
  });

  test('lets the daemon remove nothing that it has not written', async () => {
    const { dest, daemon, metadata, write } = await openStore();
    const client = daemon.client(Content);
    const mine = path.join(dest, 'blobs/sha256', '1'.repeat(64));
    mkdirSync(path.dirname(mine), { recursive: true });
    writeFileSync(mine, 'mine');
    const digest = `sha256:${'1'.repeat(64)}`;
    await expect(client.delete({ digest }, { metadata })).rejects.toThrow('was in');
    expect(readFileSync(mine, 'utf8')).toBe('mine');
    await write({ ref: 'r', action: WriteAction.COMMIT, data });
    await client.delete({ digest: `sha256:${hex}` }, { metadata });
    await expect(client.info({ digest: `sha256:${hex}` }, { metadata })).rejects.toThrow('not found');

    const reading = { metadata: { 'buildkit-attachable-store-id': 'oci:mine' } };
    expect(await client.info({ digest }, reading)).toMatchObject({ info: { size: 4n } });
    const writing = client.write(reading);
    await writing.send({ ref: 'r', action: WriteAction.COMMIT, data });
    const written = async () => {
      for await (const _ of writing.messages);
    };
    for (const change of [
      written,
      () => client.delete({ digest }, reading),
      () => client.update({ info: { digest, labels: { a: 'b' } } }, reading),
      () => client.abort({ ref: 'r' }, reading),
    ])
      await expect(change()).rejects.toMatchObject({
        code: Code.permissionDenied,
        status: `store oci:mine is only read by this build: ${dest} must not be changed`,
      });
    expect(readdirSync(path.dirname(mine))).toEqual(['1'.repeat(64)]);
  });
});
