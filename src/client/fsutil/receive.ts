/**
 * Receives a directory tree: the receiver's side of fsutil's transfer protocol. The sender is not trusted: whatever it
 * sends stays inside the destination. Everything is written to a new private directory first, in which a symlink is
 * never a parent, and moved into place at the end, so that a transfer that fails leaves nothing behind.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, type FileHandle, link, lutimes, mkdir, open, rm, symlink, utimes } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { RawCall } from '../../rpc/server.ts';
import { compareNames } from '../../system/file-name.ts';
import {
  hasContents,
  isDirectory,
  isSymlink,
  ModeCharDevice,
  ModeDevice,
  ModeNamedPipe,
  toUnixPermissions,
} from './file-mode.ts';
import { makeDirs } from './make-dirs.ts';
import { mergeTree } from './merge-tree.ts';
import { decodePacket } from './packet.ts';
import { createPacketBuffer, PacketType } from './packet-buffer.ts';
import type { FileEntry } from './walk.ts';
import { xattrCalls } from './xattr.ts';

const run = promisify(execFile);

/** Files that are open for writing at the same time. */
const OPEN_FILES = 64;
/** Bytes received and not yet written. */
const WRITE_AHEAD_BYTES = 8 << 20;

interface Incoming {
  readonly entry: FileEntry;
  readonly handle: FileHandle;
  received: number;
  /** The writes so far. */
  written: Promise<unknown>;
}

/**
 * Receives a tree on a DiffCopy call and merges it into `dest`. Owners are those of this process.
 * @throws Error when the sender fails or breaks the rules; `dest` is as it was then
 */
export async function receiveTree(call: RawCall, dest: string): Promise<void> {
  const created = await makeDirs(dest, 0o700);
  const staging = path.resolve(dest, `.tsfront-export-${randomBytes(8).toString('hex')}`);
  try {
    await mkdir(staging, { mode: 0o700 });
    await receiveInto(call, staging, async (directories) => {
      await mergeTree(staging, dest, async () => {
        for (const entry of directories.reverse()) await applyMetadata(path.join(dest, entry.path), entry);
      });
    });
    await rm(staging, { recursive: true, force: true });
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    if (created) await rm(created, { recursive: true, force: true });
    throw error;
  }
}

/** @param complete runs when everything is there: our last packet lets the daemon end the build, so it comes after that */
async function receiveInto(
  call: RawCall,
  staging: string,
  complete: (directories: FileEntry[]) => Promise<void>,
): Promise<void> {
  const check = createOrderCheck();
  const directories: FileEntry[] = [];
  const links: FileEntry[] = []; // further names, which need the first one to be there
  const wanted = new Map<number, FileEntry>(); // not yet asked for
  const open = new Map<number, Incoming>();
  let next = 0;
  let pendingBytes = 0;
  let listed = false;
  let finished = false;
  /** All is in place and said to be: whatever becomes of the call, the daemon may have ended the build by now. */
  let confirmed = false;

  const send = (type: number, id: number, data: Uint8Array = EMPTY) => {
    const buffer = createPacketBuffer(data.length + 64);
    buffer.packet(type, id, data);
    return call.writeFrames(buffer.take());
  };
  const askForMore = async () => {
    for (const [id, entry] of wanted) {
      if (open.size >= OPEN_FILES) return;
      wanted.delete(id);
      const handle = await openNew(path.join(staging, entry.path));
      open.set(id, { entry, handle, received: 0, written: Promise.resolve() });
      await send(PacketType.Request, id);
    }
    if (listed && open.size === 0 && !finished) {
      finished = true;
      for (const entry of links) await link(path.join(staging, entry.linkname), path.join(staging, entry.path));
      await complete(directories);
      confirmed = true;
      await send(PacketType.Fin, 0);
    }
  };
  const takeStat = async (entry: FileEntry) => {
    check(entry);
    const id = next++;
    if (isDirectory(entry.mode)) directories.push(entry);
    if (!hasContents(entry.mode)) {
      await createEntry(staging, entry);
    } else if (entry.linkname !== '') {
      links.push(entry);
    } else {
      wanted.set(id, entry);
      await askForMore();
    }
  };
  const takeData = async (id: number, data: Uint8Array) => {
    const file = open.get(id);
    if (!file) throw new Error(`data for a file that was not asked for (${id})`);
    file.received += data.length;
    if (file.received > file.entry.size || (data.length === 0 && file.received !== file.entry.size))
      throw new Error(`${file.entry.path} has ${file.received} bytes or more instead of ${file.entry.size}`);
    if (data.length > 0) {
      pendingBytes += data.length;
      file.written = file.written.then(async () => {
        await file.handle.writeFile(data);
        pendingBytes -= data.length;
      });
      file.written.catch(() => {});
      if (pendingBytes > WRITE_AHEAD_BYTES) await file.written;
      return;
    }
    await file.written;
    await applyXattrs(path.join(staging, file.entry.path), file.entry);
    await file.handle.chmod(toUnixPermissions(file.entry.mode));
    const time = fileTime(file.entry.modTime);
    await file.handle.utimes(time, time);
    await file.handle.close();
    open.delete(id);
    await askForMore();
  };

  try {
    for await (const message of call.messages) {
      const packet = decodePacket(message);
      if (packet.type === PacketType.Stat) {
        if (listed) throw new Error('more files after the end of the list');
        if (packet.stat) await takeStat(packet.stat);
        else {
          listed = true;
          await askForMore();
        }
      } else if (packet.type === PacketType.Data) {
        await takeData(packet.id, packet.data);
      } else if (packet.type === PacketType.Error) {
        throw new Error(`error from sender: ${Buffer.from(packet.data).toString()}`);
      } else if (packet.type === PacketType.Fin) {
        if (!finished) throw new Error('the sender finished before it had sent everything');
        return;
      }
    }
    throw new Error('the transfer ended early');
  } catch (error) {
    if (confirmed) return;
    for (const { handle, written } of open.values()) {
      await written.catch(() => {});
      await handle.close().catch(() => {});
    }
    await send(PacketType.Error, 0, Buffer.from((error as Error).message)).catch(() => {});
    throw error;
  }
}

const EMPTY = new Uint8Array(0);

function openNew(file: string): Promise<FileHandle> {
  return open(file, 'wx', 0o600);
}

/** Creates whatever needs no contents. */
async function createEntry(staging: string, entry: FileEntry): Promise<void> {
  const target = path.join(staging, entry.path);
  const { mode } = entry;
  if (isDirectory(mode)) {
    await mkdir(target, { mode: 0o700 }); // its own mode comes last: it might forbid to write
  } else if (isSymlink(mode)) {
    await symlink(entry.linkname, target);
    await applyMetadata(target, entry);
  } else if (mode & (ModeDevice | ModeNamedPipe)) {
    const kind = mode & ModeNamedPipe ? 'p' : mode & ModeCharDevice ? 'c' : 'b';
    const numbers = kind === 'p' ? [] : [String(entry.devmajor), String(entry.devminor)];
    try {
      await run('mknod', [target, kind, ...numbers]); // Node cannot make device files
    } catch (error) {
      throw new Error(`failed to create device ${entry.path}: ${(error as Error).message.trim()}`);
    }
    await applyMetadata(target, entry);
  } else {
    throw new Error(`${entry.path}: unknown kind of file`);
  }
}

async function applyMetadata(file: string, entry: FileEntry): Promise<void> {
  await applyXattrs(file, entry);
  const time = fileTime(entry.modTime);
  if (isSymlink(entry.mode)) {
    await lutimes(file, time, time);
    return;
  }
  await chmod(file, toUnixPermissions(entry.mode));
  await utimes(file, time, time);
}

/** Before the mode, which may forbid it, and after the contents, since writing takes a file's capabilities away. */
async function applyXattrs(file: string, { xattrs }: FileEntry): Promise<void> {
  if (xattrs?.size) (await xattrCalls())?.write(file, xattrs);
}

/** Node takes a negative number for the present, and keeps microseconds of the others. */
function fileTime(nanoseconds: bigint): number | Date {
  return nanoseconds < 0n ? new Date(Number(nanoseconds / 1_000_000n)) : Number(nanoseconds / 1000n) / 1e6;
}

/**
 * Checks each path of a listing: relative, clean, after the one before, in a directory that was listed as such; and
 * that hard links point to files that were listed.
 */
export function createOrderCheck(): (entry: FileEntry) => void {
  const parents = [{ dir: '', last: '' }];
  const files = new Set<string>();
  return (entry) => {
    const name = entry.path;
    const quoted = JSON.stringify(name);
    if (name === '' || name.includes('\0') || (path.sep === '\\' && /[\\:]/.test(name)))
      throw new Error(`invalid path ${quoted}`);
    if (name.startsWith('/')) throw new Error(`absolute path ${quoted}`);
    if (name.split('/').some((part) => part === '' || part === '.' || part === '..'))
      throw new Error(`unclean path ${quoted}`);
    const slash = name.lastIndexOf('/');
    const dir = name.slice(0, Math.max(0, slash));
    const base = name.slice(slash + 1);
    while (parents.length > 1 && parents.at(-1)!.dir !== dir) parents.pop();
    const parent = parents.at(-1)!;
    if (parent.dir !== dir || (parent.last !== '' && compareNames(parent.last, base) >= 0))
      throw new Error(
        `changes out of order: ${quoted} after ${JSON.stringify(path.posix.join(parent.dir, parent.last))}`,
      );
    parent.last = base;
    if (isDirectory(entry.mode)) {
      parents.push({ dir: name, last: '' });
    } else if (hasContents(entry.mode)) {
      if (entry.linkname === '') files.add(name);
      else if (!files.has(entry.linkname))
        throw new Error(`invalid link ${quoted} to unknown path ${JSON.stringify(entry.linkname)}`);
    }
  };
}
