/**
 * The receiver's side of fsutil's transfer protocol, with blocking calls: it runs in a thread of its own. The sender is not
 * trusted: everything is written to a private folder, in which a link is never a parent.
 */

import {
  closeSync,
  fchmodSync,
  futimesSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { onDisk } from '../../system/file-name.ts';
import { complaintOf, runProgramSync } from '../../system/program.ts';
import { printable, printableLine } from '../../text/printable.ts';
import {
  hasContents,
  isDirectory,
  isSymlink,
  ModeCharDevice,
  ModeDevice,
  ModeNamedPipe,
  toUnixPermissions,
} from './file-mode.ts';
import { applyMetadata, applyXattrs, fileTime, type Metadata, reason } from './metadata.ts';
import { createOrderCheck, quoteName } from './order-check.ts';
import { decodePacket } from './packet.ts';
import { createPacketBuffer, PacketType } from './packet-buffer.ts';
import type { FileEntry } from './walk.ts';
import type { XattrCalls } from './xattr.ts';

/** Files that are asked for at the same time. The sender reads a few of them at once. */
const REQUESTS = 1024;

/** A file that was received; folders get their attributes, modes and times when they are in place. */
export interface ReceivedFile extends Metadata {
  readonly path: string;
  readonly size: number;
}

export interface Receiver {
  /** Takes a packet of the sender. @throws Error when the sender fails or breaks the rules */
  take(message: Uint8Array): void;
  /** What is to be sent: framed packets, undefined for none. */
  frames(): Buffer | undefined;
  /** In the order of the listing. */
  readonly files: readonly ReceivedFile[];
  /** Whether all has arrived. */
  readonly complete: boolean;
  /** Whether the sender has said that it knows. */
  readonly ended: boolean;
  close(): void;
}

interface Wanted {
  readonly entry: FileEntry;
  /** Open from the first bytes on. */
  file: { readonly path: string; readonly handle: number } | undefined;
  received: number;
}

/** @param root an empty folder @param scratch a folder for files that get their name later */
export function createReceiver(root: string, scratch: string, xattrs: XattrCalls | undefined): Receiver {
  const check = createOrderCheck();
  const buffer = createPacketBuffer(16 << 10);
  const files: ReceivedFile[] = [];
  const links: FileEntry[] = []; // further names, which need the first one to be there
  const waiting: [id: number, entry: FileEntry][] = []; // not yet asked for, from `next` on
  const asked = new Map<number, Wanted>();
  let next = 0;
  let listed = false;
  let complete = false;
  let ended = false;

  const place = (name: string) => `${root}/${name}`;
  let made = 0;
  /** Where a file is made that needs calls or programs which take text alone: if its name is none, it gets it later. */
  const birthplace = (name: string) => (name.isWellFormed() ? place(name) : `${scratch}/${made++}`);
  const nameIt = (file: string, name: string) => {
    if (file !== place(name)) renameSync(onDisk(file), onDisk(place(name)));
  };

  const askForMore = () => {
    for (; next < waiting.length && asked.size < REQUESTS; next++) {
      const [id, entry] = waiting[next]!;
      asked.set(id, { entry, file: undefined, received: 0 });
      buffer.packet(PacketType.Request, id, EMPTY);
    }
    if (next === waiting.length) {
      waiting.length = 0;
      next = 0;
    }
    if (!listed || asked.size > 0 || complete) return;
    for (const entry of links) attempt(entry, () => linkSync(onDisk(place(entry.linkname)), onDisk(place(entry.path))));
    complete = true;
    buffer.packet(PacketType.Fin, 0, EMPTY);
  };

  const takeStat = (entry: FileEntry) => {
    check(entry);
    const id = files.length;
    const { path, mode, size, modTime, xattrs } = entry;
    files.push({ path, mode, size, modTime, ...(xattrs?.size ? { xattrs } : {}) });
    if (!hasContents(mode)) {
      attempt(entry, () => makeSpecial(entry));
    } else if (entry.linkname !== '') {
      links.push(entry);
    } else if (size === 0) {
      attempt(entry, () => finish(entry, open(entry))); // what it holds is known
    } else {
      waiting.push([id, entry]);
      askForMore();
    }
  };

  const makeSpecial = (entry: FileEntry) => {
    const { mode } = entry;
    if (isDirectory(mode)) {
      mkdirSync(onDisk(place(entry.path)), 0o700); // its own mode comes last: it might forbid to write
    } else if (isSymlink(mode)) {
      const file = entry.xattrs?.size ? birthplace(entry.path) : place(entry.path);
      symlinkSync(onDisk(entry.linkname), onDisk(file));
      applyMetadata(file, entry, xattrs);
      nameIt(file, entry.path);
    } else if (mode & (ModeDevice | ModeNamedPipe)) {
      makeDevice(entry);
    } else {
      throw new Error('unknown kind of file');
    }
  };

  const makeDevice = (entry: FileEntry) => {
    const { mode } = entry;
    const kind = mode & ModeNamedPipe ? 'p' : mode & ModeCharDevice ? 'c' : 'b';
    const numbers = kind === 'p' ? [] : [String(entry.devmajor), String(entry.devminor)];
    const file = birthplace(entry.path);
    // Node cannot make device files
    try {
      runProgramSync('mknod', ['--', file, kind, ...numbers]);
    } catch (error) {
      throw new Error(`failed to create device: ${printableLine(complaintOf(error))}`);
    }
    applyMetadata(file, entry, xattrs);
    nameIt(file, entry.path);
  };

  const open = (entry: FileEntry) => {
    const file = entry.xattrs?.size ? birthplace(entry.path) : place(entry.path);
    return { path: file, handle: openSync(onDisk(file), 'wx', 0o600) };
  };

  const finish = (entry: FileEntry, file: { readonly path: string; readonly handle: number }) => {
    try {
      applyXattrs(file.path, entry, xattrs);
      fchmodSync(file.handle, toUnixPermissions(entry.mode));
      const time = fileTime(entry.modTime);
      futimesSync(file.handle, time, time);
    } finally {
      closeSync(file.handle);
    }
    nameIt(file.path, entry.path);
  };

  const takeData = (id: number, data: Uint8Array) => {
    const wanted = asked.get(id);
    if (!wanted) throw new Error(`data for a file that was not asked for (${id})`);
    const { entry } = wanted;
    wanted.received += data.length;
    if (wanted.received > entry.size || (data.length === 0 && wanted.received !== entry.size))
      throw new Error(`${quoteName(entry.path)} has ${wanted.received} bytes or more instead of ${entry.size}`);
    attempt(entry, () => {
      wanted.file ??= open(entry);
      for (let at = 0; at < data.length; ) at += writeSync(wanted.file.handle, data, at);
      if (data.length > 0) return;
      const { file } = wanted;
      wanted.file = undefined;
      asked.delete(id);
      finish(entry, file);
    });
    if (data.length === 0) askForMore();
  };

  return {
    files,
    get complete() {
      return complete;
    },
    get ended() {
      return ended;
    },
    take(message) {
      const packet = decodePacket(message);
      if (packet.type === PacketType.Stat) {
        if (listed) throw new Error('more files after the end of the list');
        if (packet.stat) return takeStat(packet.stat);
        listed = true;
        askForMore();
      } else if (packet.type === PacketType.Data) {
        takeData(packet.id, packet.data);
      } else if (packet.type === PacketType.Error) {
        throw new Error(`error from sender: ${printable(Buffer.from(packet.data).toString())}`);
      } else if (packet.type === PacketType.Fin) {
        if (!complete) throw new Error('the sender finished before it had sent everything');
        ended = true;
      }
    },
    frames: () => (buffer.length > 0 ? buffer.take() : undefined),
    close() {
      for (const { file } of asked.values()) if (file) closeSync(file.handle);
      asked.clear();
    },
  };
}

const EMPTY = new Uint8Array(0);

/** Names the file that a call has failed for. */
function attempt(entry: FileEntry, act: () => void): void {
  try {
    act();
  } catch (error) {
    throw new Error(`cannot write ${quoteName(entry.path)}: ${reason(error)}`, { cause: error });
  }
}
