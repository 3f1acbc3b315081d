/** A daemon that means harm, and what it can do through the outputs of a build. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ExportTarget } from '../../src/client/session/file-send.ts';
import { Packet_PacketType as Type } from '../../src/gen/fsutil/types/wire_pb.ts';
import { FileSend } from '../../src/gen/moby/filesync/v1/filesync_pb.ts';
import {
  ModeCharDevice,
  ModeDevice,
  ModeNamedPipe,
  ModeSetgid,
  ModeSetuid,
  ModeSocket,
} from '../../src/go/file-mode.ts';
import {
  dir,
  type Entry,
  exportTo,
  file,
  hardLink,
  link,
  type Packet,
  sendTree,
  statPacket,
} from '../client/export-peer.ts';
import type { FakeDaemon } from '../client/fake-daemon.ts';
import { ends } from '../ends.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { snapshot } from './snapshot.ts';

const ModeIrregular = 1 << 19;
const special = (name: string, mode: number): Entry => ({ path: name, mode: mode | 0o644, devmajor: 1n, devminor: 3n });

/** Runs a build's side of its only output, from the first packet until it is in place or given up. */
const exportOne = (target: ExportTarget, sending: (daemon: FakeDaemon) => Promise<unknown>) =>
  exportTo(new Map([[0, target]]), sending);

/** Puts a symlink in the place of a directory. */
function exchange(directory: string, target: string): void {
  renameSync(directory, `${directory}.moved`);
  symlinkSync(target, directory);
}

let root: string;
let dest: string;
let outside: string;
beforeEach(() => {
  root = temporaryDir();
  dest = path.join(root, 'dest');
  outside = path.join(root, 'outside');
  mkdirSync(path.join(outside, 'directory'), { recursive: true });
  for (const name of ['victim', 'directory/victim']) writeFileSync(path.join(outside, name), 'untouched');
  mkdirSync(path.join(dest, 'mine'), { recursive: true });
  for (const name of ['mine/file', 'kept']) writeFileSync(path.join(dest, name), 'mine');
  symlinkSync('../outside', path.join(dest, 'out'));
});
const sendTo = (entries: readonly Entry[], after: readonly Packet[] = []) =>
  ends(exportOne({ kind: 'directory', path: dest }, (daemon) => sendTree(daemon, entries, { after })));

describe('a directory export is refused, and its destination left as it was, that has', () => {
  test.each<[string, Entry[], Packet[]?]>([
    ['the parent directory', [file('..')]],
    ['the directory itself', [file('.')]],
    ['a path up', [file('../outside/victim')]],
    ['a path up after a directory', [dir('a'), file('a/../../outside/victim')]],
    ['a path up at the end', [dir('a'), dir('a/..')]],
    ['an absolute path', [file('/tmp/tsfront-attack')]],
    ['a path with two slashes', [dir('a'), file('a//b')]],
    ['a path that begins with two slashes', [file('//outside/victim')]],
    ['a path with a dot', [dir('a'), file('a/./b')]],
    ['a slash at the end', [dir('a'), dir('a/b/')]],
    ['no path', [file('')]],
    ['a zero byte', [file('kept\0.txt')]],
    ['a zero byte before a path up', [file('a\0/../../outside/victim')]],
    ['a name of 256 bytes', [file('n'.repeat(256))]],
    ['a name of 10 kB', [file('n'.repeat(10_000))]],
    ['a path of 100,000 directories that were not listed', [file('d/'.repeat(100_000).concat('f'))]],
    ['a file in a symlink that it sent', [link('l', '../outside'), file('l/victim')]],
    ['a file in an absolute symlink that it sent', [link('l', '/tmp'), file('l/tsfront-attack')]],
    ['a file in a symlink to its own directory', [link('l', '.'), file('l/kept')]],
    ['a directory in a symlink', [link('l', '../outside'), dir('l/directory')]],
    ['a symlink in the place of a directory it sent', [dir('d'), link('d', '../outside'), file('d/victim')]],
    ['a file in a symlink of the destination', [file('out/victim')]],
    ['a file in a file', [file('f'), file('f/g')]],
    ['a file in a pipe', [special('p', ModeNamedPipe), file('p/g')]],
    ['a file in a device', [special('n', ModeDevice | ModeCharDevice), file('n/g')]],
    ['the same name twice', [file('f'), file('f')]],
    ['a file after the directory of its name', [dir('f'), file('f')]],
    ['names in the wrong order', [file('b'), file('a')]],
    ['what belongs into a directory after it', [dir('a'), file('b'), file('a/c')]],
    ['a hard link to a file outside', [hardLink('h', '../outside/victim')]],
    ['a hard link to an absolute path', [hardLink('h', '/etc/passwd')]],
    ['a hard link to a file of the destination', [hardLink('z', 'kept')]],
    ['a hard link through a symlink of the destination', [hardLink('z', 'out/victim')]],
    ['a hard link to a symlink', [link('l', '../outside/victim'), hardLink('m', 'l')]],
    ['a hard link to a directory', [dir('d'), hardLink('h', 'd')]],
    ['a hard link to itself', [hardLink('h', 'h')]],
    ['a hard link to what comes later', [hardLink('a', 'b'), file('b')]],
    ['a hard link with a zero byte', [file('a'), hardLink('b', 'a\0')]],
    ['a symlink without a target', [link('l', '')]],
    ['a symlink with a zero byte', [link('l', 'a\0b')]],
    ['a symlink of 10 kB', [link('l', 'n'.repeat(10_000))]],
    ['a socket', [special('s', ModeSocket)]],
    ['a kind that does not exist', [special('s', ModeIrregular)]],
    ['a size below zero', [{ path: 'f', size: -1n }]],
    ['less data than it said', [{ path: 'f', size: 1n << 62n, data: 'little' }]],
    ['more data than it said', [{ path: 'f', size: 1n, data: 'much more' }]],
    ['data that nobody asked for', [file('f')], [{ type: Type.PACKET_DATA, ID: 9, data: Buffer.from('x') }]],
    ['data for a directory', [dir('d')], [{ type: Type.PACKET_STAT }, { type: Type.PACKET_DATA, ID: 0, data: Buffer.from('x') }]],
    ['an end before its list ends', [file('f')], [{ type: Type.PACKET_FIN }]],
    ['an end before its data', [file('f')], [{ type: Type.PACKET_STAT }, { type: Type.PACKET_FIN }]],
    ['a name after the list', [file('f')], [{ type: Type.PACKET_STAT }, statPacket(file('g'))]],
    ['a request of its own', [file('f')], [{ type: Type.PACKET_REQ, ID: 0 }, { type: Type.PACKET_STAT }, { type: Type.PACKET_FIN }]],
    ['an error of its own', [file('f')], [{ type: Type.PACKET_ERR, data: Buffer.from('broken') }]],
  ])('an export is refused that has %s', async (_, entries, after) => {
    const before = snapshot(root);
    await expect(sendTo([file('!first'), ...entries], after)).rejects.toThrow();
    expect(snapshot(root)).toEqual(before);
    expect(existsSync('/tmp/tsfront-attack')).toBe(false);
  }); // biome-ignore format: a table
});

describe('a directory export stays inside of its destination that has', () => {
  test.each<[string, Entry[]]>([
    ['backslashes', [file('..\\..\\outside\\victim'), file('C:\\x')]],
    ['names that differ in case', [file('F'), file('f')]],
    ['names that look like flags and lines', [file('\u001b[2J'), file('-rf'), file('a\nb')]],
    ['symlinks to outside', [link('a', '/etc/passwd'), link('b', '../outside/victim'), link('c', '../outside')]],
    ['a directory in the place of a symlink to outside', [dir('out'), file('out/victim', 'inside')]],
    ['a file in the place of a symlink to outside', [file('out', 'inside')]],
    ['a file that runs as its owner', [{ path: 's', mode: ModeSetuid | ModeSetgid | 0o777, data: 'x' }]],
    ['a device', [special('null', ModeDevice | ModeCharDevice)]],
    ['directories as deep as a path may be', Array.from({ length: 1800 }, (_, i) => dir(`${'d/'.repeat(i)}d`))],
  ])('an export stays inside of its destination that has %s', async (_, entries) => {
    const before = snapshot(root, 'dest');
    await sendTo(entries).catch(() => {}); // some file systems and users cannot have it
    expect(snapshot(root, 'dest')).toEqual(before);
    expect(readdirSync(dest)).toEqual(expect.arrayContaining(['kept', 'mine', 'out']));
  }); // biome-ignore format: a table

  test('a directory export refuses directories that are too deep, and says so', async () => {
    const before = snapshot(root);
    const deep = Array.from({ length: 2200 }, (_, i) => dir(`${'d/'.repeat(i)}d`));
    await expect(sendTo(deep)).rejects.toThrow(/ENAMETOOLONG|too long/);
    expect(snapshot(root)).toEqual(before);
  });
});

describe('a destination', () => {
  test('a destination that is a file is not removed', async () => {
    const taken = path.join(root, 'taken');
    writeFileSync(taken, 'mine');
    const before = snapshot(root);
    const sending = exportOne({ kind: 'directory', path: taken }, (daemon) => sendTree(daemon, [file('f')]));
    await expect(ends(sending)).rejects.toThrow();
    expect(snapshot(root)).toEqual(before);
  });

  test('a destination that is a symlink stands for the file that it leads to', async () => {
    const elsewhere = path.join(root, 'elsewhere');
    mkdirSync(elsewhere);
    symlinkSync('elsewhere', path.join(root, 'name'));
    await ends(
      exportOne({ kind: 'directory', path: path.join(root, 'name') }, (daemon) => sendTree(daemon, [file('f')])),
    );
    expect(readdirSync(elsewhere)).toEqual(['f']);
    expect(lstatSync(path.join(root, 'name')).isSymbolicLink()).toBe(true);
  });

  test.each(['/proc/self/fdinfo/new', '/proc/self/environ/x', '/sys/tsfront/x', '/dev/null', '/dev/null/x'])('%s is an error', async (place) => {
    const before = snapshot(root);
    await expect(ends(exportOne({ kind: 'directory', path: place }, (daemon) => sendTree(daemon, [file('f')])))).rejects.toThrow();
    expect(snapshot(root)).toEqual(before);
  }); // biome-ignore format: a table

  test('a destination with a pipe in the way is not waited for', async () => {
    execFileSync('mkfifo', [path.join(dest, 'f')]);
    await sendTo([file('f', 'new')]);
    expect(readFileSync(path.join(dest, 'f'), 'utf8')).toBe('new');
  });

  test.each([
    ['vanishes', () => rmSync(dest, { recursive: true })],
    ['is moved away', () => renameSync(dest, `${dest}.moved`)],
    ['becomes a symlink to another directory', () => exchange(dest, 'outside')],
  ])('a destination that %s while it is written does no harm', async (_, change) => {
    const before = snapshot(outside);
    let requests = 0;
    const sending = exportOne({ kind: 'directory', path: dest }, (daemon) =>
      sendTree(daemon, [dir('d'), file('d/f'), file('victim', 'overwritten')], { onRequest: () => {
        if (requests++ === 0) change();
      } }),
    );
    await ends(sending.catch(() => {}));
    expect(requests).toBeGreaterThan(0);
    for (const line of before) expect(snapshot(outside)).toContain(line);
  }); // biome-ignore format: a table
});

describe('a file export', () => {
  const sendBytes = async (daemon: FakeDaemon, metadata: Record<string, string>, chunks: readonly Buffer[]) => {
    const call = daemon.client(FileSend).diffCopy({ metadata });
    for (const data of chunks) await call.send({ data });
    call.end();
    for await (const _ of call.messages);
  };
  const archive = () => ({ kind: 'file', path: path.join(root, 'out.tar') }) as const;

  test.each(['1', '-1', '1e0', '0x0', '0 0', '../0', '__proto__', 'constructor', '9'.repeat(400)])('an export for the exporter %j is refused', async (id) => {
    const before = snapshot(root);
    const metadata = { 'buildkit-attachable-exporter-id': id };
    await expect(ends(exportOne(archive(), (daemon) => sendBytes(daemon, metadata, [Buffer.from('x')])))).rejects.toThrow();
    expect(snapshot(root)).toEqual(before);
  }); // biome-ignore format: a table

  test('a file export into a directory that vanishes leaves nothing elsewhere, and no half of it', async () => {
    const before = snapshot(root, 'gone');
    const target = { kind: 'file', path: path.join(root, 'gone/out.tar') } as const;
    const sending = exportOne(target, async (daemon) => {
      const call = daemon.client(FileSend).diffCopy();
      await call.send({ data: Buffer.from('one') });
      await expect.poll(() => snapshot(root).length).toBeGreaterThan(before.length);
      rmSync(path.dirname(target.path), { recursive: true, force: true });
      await call.send({ data: Buffer.from('two') });
      call.end();
      for await (const _ of call.messages);
    });
    const error = await ends(sending).catch((thrown: unknown) => thrown);
    expect(snapshot(root, 'gone')).toEqual(before);
    if (error) expect(existsSync(target.path)).toBe(false);
    else expect(readFileSync(target.path, 'utf8')).toBe('onetwo');
  });

  test('a file export that is a link to a file outside goes there only when it is whole', async () => {
    symlinkSync('outside/victim', path.join(root, 'out.tar'));
    const before = snapshot(outside);
    const cut = exportOne(archive(), async (daemon) => {
      await daemon
        .client(FileSend)
        .diffCopy()
        .send({ data: Buffer.from('half') });
      await expect.poll(() => readdirSync(outside).length).toBe(3);
      daemon.cut();
      throw new Error('cut');
    });
    await expect(ends(cut)).rejects.toThrow();
    expect(snapshot(outside)).toEqual(before);
  });
});
