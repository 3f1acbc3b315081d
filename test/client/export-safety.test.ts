import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { ModeDir, ModeSymlink } from '../../src/client/fsutil/file-mode.ts';
import { fileSend } from '../../src/client/session/file-send.ts';
import { Packet_PacketType as Type } from '../../src/gen/fsutil/types/wire_pb.ts';
import { FileSend } from '../../src/gen/moby/filesync/v1/filesync_pb.ts';
import { fakeDaemon } from './fake-daemon.ts';
import { temporaryDir } from './temporary-dir.ts';

interface Entry {
  readonly path: string;
  readonly mode?: number;
  readonly size?: bigint;
  readonly linkname?: string;
  /** What is sent when the client asks; `size` says what was announced. */
  readonly data?: string;
}

const dir = (name: string): Entry => ({ path: name, mode: ModeDir | 0o755 });
const file = (name: string, data: string): Entry => ({ path: name, mode: 0o644, data });
const link = (name: string, linkname: string): Entry => ({ path: name, mode: (ModeSymlink | 0o777) >>> 0, linkname });
const hardLink = (name: string, linkname: string): Entry => ({ path: name, mode: 0o644, linkname });

/** Sends a tree as the daemon's local exporter does, without minding any rule. */
async function send(dest: string, entries: readonly Entry[]): Promise<void> {
  const daemon = await fakeDaemon(fileSend(new Map([[0, { kind: 'directory', path: dest }]])));
  const call = daemon.directoryExport.diffCopy();
  const sending = (async () => {
    for (const { path, mode = 0o644, linkname = '', data = '', size = BigInt(data.length) } of entries)
      await call.send({ type: Type.PACKET_STAT, stat: { path, mode: mode >>> 0, size, linkname } });
    await call.send({ type: Type.PACKET_STAT });
  })().catch(() => {});
  let failure: Error | undefined;
  for await (const packet of call.messages) {
    if (packet.type === Type.PACKET_REQ) {
      const data = Buffer.from(entries[packet.ID]?.data ?? '');
      if (data.length > 0) await call.send({ type: Type.PACKET_DATA, ID: packet.ID, data });
      await call.send({ type: Type.PACKET_DATA, ID: packet.ID });
    } else if (packet.type === Type.PACKET_FIN) {
      await call.send({ type: Type.PACKET_FIN });
      call.end();
    } else if (packet.type === Type.PACKET_ERR) failure = new Error(Buffer.from(packet.data).toString());
  }
  await sending;
  if (failure) throw failure;
}

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

  test('arrives', async () => {
    await send(dest, [dir('d'), file('d/f', 'one'), link('d/l', 'f'), file('d-e', 'two'), hardLink('z', 'd/f')]);
    expect(readFileSync(path.join(dest, 'd/l'), 'utf8')).toBe('one');
    expect(lstatSync(path.join(dest, 'z')).ino).toBe(lstatSync(path.join(dest, 'd/f')).ino);
    expect(readdirSync(dest).sort()).toEqual(['d', 'd-e', 'z']);
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
  ])('with %s is refused and leaves nothing behind', async (_, entries) => {
    await expect(send(dest, [file('!first', 'x'), ...entries])).rejects.toThrow();
    expect(existsSync(dest)).toBe(false);
    expect(readFileSync(path.join(outside, 'victim'), 'utf8')).toBe('untouched');
  });

  test('does not follow symlinks that are at the destination', async () => {
    mkdirSync(dest);
    symlinkSync(outside, path.join(dest, 'd'));
    symlinkSync(path.join(outside, 'victim'), path.join(dest, 'f'));
    await send(dest, [dir('d'), file('d/victim', 'inside'), file('f', 'inside')]);
    expect(readFileSync(path.join(outside, 'victim'), 'utf8')).toBe('untouched');
    expect(readFileSync(path.join(dest, 'd/victim'), 'utf8')).toBe('inside');
    expect(lstatSync(path.join(dest, 'f')).isFile()).toBe(true);
  });

  test('that fails leaves a destination as it was', async () => {
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

  test('that is cut off leaves nothing behind', async () => {
    const daemon = await fakeDaemon(fileSend(new Map([[0, { kind: 'directory', path: dest }]])));
    const call = daemon.directoryExport.diffCopy();
    await call.send({ type: Type.PACKET_STAT, stat: { path: 'f', mode: 0o644, size: 10n } });
    for await (const packet of call.messages) if (packet.type === Type.PACKET_REQ) break;
    daemon.cut();
    await expect.poll(() => existsSync(dest)).toBe(false);
  });
});

describe('a file export', () => {
  test('appears when all of it is there', async () => {
    const dest = path.join(temporaryDir(), 'out.tar');
    const daemon = await fakeDaemon(fileSend(new Map([[3, { kind: 'file', path: dest }]])));
    const call = daemon.client(FileSend).diffCopy({ metadata: { 'buildkit-attachable-exporter-id': '3' } });
    await call.send({ data: Buffer.from('one') });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(existsSync(dest)).toBe(false);
    await call.send({ data: Buffer.from('two') });
    call.end();
    for await (const _ of call.messages);
    expect(readFileSync(dest, 'utf8')).toBe('onetwo');
  });

  test('that is cut off leaves nothing behind', async () => {
    const folder = temporaryDir();
    const daemon = await fakeDaemon(fileSend(new Map([[0, { kind: 'file', path: path.join(folder, 'out.tar') }]])));
    const call = daemon.client(FileSend).diffCopy();
    await call.send({ data: Buffer.from('one') });
    await expect.poll(() => readdirSync(folder).length).toBe(1);
    daemon.cut();
    await expect.poll(() => readdirSync(folder)).toEqual([]);
  });
});
