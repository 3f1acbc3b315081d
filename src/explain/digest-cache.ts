/**
 * Digests of files from one record to the next, so that only files that have changed are read again. A file is known by
 * its device and number, and is the same as long as its size, its mode and both its times are: of these the time of the
 * last change (ctime) is the system's own, which no program can set back.
 *
 * A digest is only kept of a file that had been at rest when it was read: a file that is written twice within one tick
 * of the clock has the same times after both. Git calls such files racily clean.
 */
import { hash, randomUUID } from 'node:crypto';
import {
  fstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { ContextNode, OnDisk } from '../context/context-tree.ts';
import { encodeText } from '../go/text.ts';
import { onDisk } from '../system/file-name.ts';

/** The digests of a file. */
export interface FileDigests {
  /** BuildKit's digest of the file: `sha256:…`. */
  readonly whole: string;
  /** The first 64 bits of the digest of the content, in hexadecimal digits. */
  readonly content: string;
  /** Digests of the lines of a short text. */
  readonly lines: string | undefined;
}

/** Maximum number of files whose digests are kept for a context. */
const maxFiles = 100_000;
/** Maximum length of all digests of lines that are kept for a context, in characters. */
const maxLinesLength = 4 << 20;
/** Maximum number of contexts. The files of those that were not used for the longest time are removed. */
const maxContexts = 20;
/** Maximum size of the files of all contexts in bytes. */
const maxTotalBytes = 128 << 20;
/**
 * How long a file must have been at rest, in nanoseconds: some file systems have times of whole or of even seconds.
 * Elsewhere than on Linux a file system may be another machine's, whose clock differs.
 */
const restNs = process.platform === 'linux' ? 2_500_000_000n : 60_000_000_000n;
/** In how many successive changes of a cache a file may be absent before it is dropped. */
const maxAbsences = 8;
/** The least time between two writes while digests are made, in milliseconds. */
const saveMs = 500;

const magic = Buffer.from('tsfront digests 1\n');
/** Magic, number of files, length of the lines. */
const headerBytes = magic.length + 8;
const checksumBytes = 32;
/** Places in the description of a file. First what it has to be as it was; numbers are little-endian. */
const at = { device: 0, inode: 8, size: 16, modified: 24, changed: 32, mode: 40, attributes: 44 };
const stateBytes = 52;
/** The fields after that state: what is known of the file. */
const known = { absences: 52, linesAt: 56, linesLength: 60, content: 64, whole: 72 };
const entryBytes = 104;
/** The length of the lines of nodes that have no content. */
const noLines = 0xff_ff_ff_ff;

/**
 * Types of file systems (Linux, `statfs`) whose times tell too little. Another machine or program makes those of NFS,
 * CIFS, SMB 1 and 2, 9p, FUSE, Ceph, AFS, Coda and VirtualBox, so that our clock does not tell whether a file is at
 * rest; FAT and exFAT have no time of the last change of their own.
 */
const doubtful = new Set([
  0x6969, 0xff534d42, 0x517b, 0xfe534d42, 0x01021997, 0x65735546, 0x00c36400, 0x5346414f, 0x73757245, 0x786f4256,
  0x4d44, 0x2011bab0,
]);

/** The digests of the files of one context. */
export class DigestCache {
  private readonly file: string;
  private readonly now: () => number;
  /** What was read: descriptions of files, and the lines. */
  private readonly entries: Buffer;
  private readonly lines: Buffer;
  /** Places of the descriptions by the number of the file. */
  private readonly places = new Map<bigint, number>();
  private readonly used = new Set<number>();
  private readonly added: { readonly description: Buffer; readonly lines: string }[] = [];
  private readonly state = Buffer.alloc(stateBytes);
  private unsaved = 0;
  private saved = performance.now();

  /**
   * Opens the cache of a context. One that is damaged, or of another version, counts as empty.
   *
   * @param directory where the caches of all contexts are; it need not exist
   * @param root the real path of the context
   * @param now the time in milliseconds since the epoch
   * @returns undefined where the times of files cannot be trusted
   */
  static open(directory: string, root: string, now: () => number = Date.now): DigestCache | undefined {
    if (isDoubtful(root)) return undefined;
    const file = path.join(directory, `${hash('sha256', encodeText(root), 'hex').slice(0, 32)}.digests`);
    return new DigestCache(file, readCache(file), now);
  }

  private constructor(file: string, bytes: Buffer | undefined, now: () => number) {
    this.file = file;
    this.now = now;
    const count = bytes?.readUInt32LE(magic.length) ?? 0;
    const end = headerBytes + count * entryBytes;
    this.entries = bytes?.subarray(headerBytes, end) ?? Buffer.alloc(0);
    this.lines = bytes?.subarray(end, bytes.length - checksumBytes) ?? Buffer.alloc(0);
    for (let place = 0; place < this.entries.length; place += entryBytes)
      this.places.set(this.entries.readBigUInt64LE(place + at.inode), place);
  }

  /**
   * The digests of a file that is as it was when they were made.
   *
   * @param attributes 64 bits in hexadecimal digits that tell its extended attributes apart; '' for none
   */
  find(node: ContextNode, attributes: string): FileDigests | undefined {
    const { disk } = node;
    const place = disk && this.places.get(disk.inode);
    if (place === undefined) return undefined;
    const { entries } = this;
    writeState(this.state, node, disk!, attributes);
    if (this.state.compare(entries, place, place + stateBytes) !== 0) return undefined;
    this.used.add(place);
    const from = entries.readUInt32LE(place + known.linesAt);
    const length = entries.readUInt32LE(place + known.linesLength);
    return {
      whole: `sha256:${entries.toString('hex', place + known.whole, place + entryBytes)}`,
      content: entries.toString('hex', place + known.content, place + known.whole),
      lines: length === noLines ? undefined : this.lines.toString('latin1', from, from + length),
    };
  }

  /** Whether the digests of a file that is read now can be kept: it is known, and at rest. */
  canKeep({ disk, entry }: ContextNode): boolean {
    if (!disk || !entry || disk.inode === 0n || this.added.length >= maxFiles) return false;
    const latest = BigInt(Math.floor(this.now())) * 1_000_000n - restNs;
    return disk.changeTime <= latest && entry.modTime <= latest;
  }

  /**
   * Keeps the digests of a file, if it still is what the walk has found. Before it is read, {@link canKeep} has to say
   * so.
   *
   * @param attributes as of {@link find}
   * @param descriptor the open file, which has been read
   */
  keep(node: ContextNode, attributes: string, descriptor: number, { whole, content, lines }: FileDigests): void {
    const { disk, entry } = node;
    const stats = fstatSync(descriptor, { bigint: true });
    const isSame =
      stats.ino === disk!.inode &&
      stats.dev === disk!.device &&
      stats.ctimeNs === disk!.changeTime &&
      stats.mtimeNs === entry!.modTime &&
      Number(stats.size) === node.size;
    if (!isSame) return;
    const description = Buffer.allocUnsafe(entryBytes);
    writeState(description, node, disk!, attributes);
    description.writeUInt32LE(0, known.absences);
    description.writeUInt32LE(0, known.linesAt);
    description.writeUInt32LE(lines?.length ?? noLines, known.linesLength);
    description.write(content, known.content, 'hex');
    description.write(whole.slice('sha256:'.length), known.whole, 'hex');
    this.added.push({ description, lines: lines ?? '' });
    this.unsaved++;
  }

  /** Writes what is new from time to time, so that work that is given up is not lost. */
  saveIfDue(): void {
    if (this.unsaved > 0 && performance.now() - this.saved > saveMs) this.save();
  }

  /** Writes what is new, if anything is. Nothing happens if it cannot be written. */
  save(): void {
    if (this.unsaved === 0) return;
    const partial = `${this.file}.${randomUUID()}`;
    try {
      mkdirSync(path.dirname(this.file), { recursive: true, mode: 0o700 });
      writeFileSync(partial, this.format(), { mode: 0o600, flag: 'wx' });
      renameSync(partial, this.file);
      removeOldest(path.dirname(this.file));
    } catch {
      tryToRemove(partial);
    }
    this.unsaved = 0;
    this.saved = performance.now();
  }

  /** New files, then those that are still there, then those that were absent for some times only. */
  private format(): Buffer {
    const descriptions = this.added.map(({ description }) => description);
    const lines: (Buffer | string)[] = this.added.map((it) => it.lines);
    const renewed = new Set(descriptions.map((it) => it.readBigUInt64LE(at.inode)));
    const add = (place: number, absences: number) => {
      if (descriptions.length >= maxFiles || absences > maxAbsences) return;
      const description = Buffer.from(this.entries.subarray(place, place + entryBytes));
      const from = description.readUInt32LE(known.linesAt);
      const length = description.readUInt32LE(known.linesLength);
      description.writeUInt32LE(absences, known.absences);
      descriptions.push(description);
      lines.push(length === noLines ? '' : this.lines.subarray(from, from + length));
    };
    for (const place of this.used) add(place, 0);
    for (const [inode, place] of this.places)
      if (!this.used.has(place) && !renewed.has(inode))
        add(place, this.entries.readUInt32LE(place + known.absences) + 1);
    const kept: Buffer[] = [];
    let length = 0;
    for (const [index, description] of descriptions.entries()) {
      const own = lines[index]!;
      if (length + own.length > maxLinesLength) description.writeUInt32LE(noLines, known.linesLength);
      else {
        description.writeUInt32LE(length, known.linesAt);
        kept.push(typeof own === 'string' ? Buffer.from(own, 'latin1') : own);
        length += own.length;
      }
    }
    const header = Buffer.alloc(headerBytes);
    magic.copy(header);
    header.writeUInt32LE(descriptions.length, magic.length);
    header.writeUInt32LE(length, magic.length + 4);
    const body = Buffer.concat([header, ...descriptions, ...kept]);
    return Buffer.concat([body, hash('sha256', body, 'buffer')]);
  }
}

/** Writes what a file has to be as it was. */
function writeState(to: Buffer, { size, entry }: ContextNode, disk: OnDisk, attributes: string): void {
  to.writeBigUInt64LE(BigInt.asUintN(64, disk.device), at.device);
  to.writeBigUInt64LE(BigInt.asUintN(64, disk.inode), at.inode);
  to.writeDoubleLE(size, at.size);
  to.writeBigUInt64LE(BigInt.asUintN(64, entry!.modTime), at.modified);
  to.writeBigUInt64LE(BigInt.asUintN(64, disk.changeTime), at.changed);
  to.writeUInt32LE(entry!.mode, at.mode);
  to.write(attributes.padStart(16, '0'), at.attributes, 'hex');
}

function isDoubtful(root: string): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return doubtful.has(statfsSync(onDisk(root)).type);
  } catch {
    return true;
  }
}

/** The bytes of a cache, checked; undefined if the file is absent or damaged. It counts as used now. */
function readCache(file: string): Buffer | undefined {
  try {
    if (statSync(file).size > maxTotalBytes) return undefined;
    const bytes = readFileSync(file);
    if (bytes.length < headerBytes + checksumBytes || !bytes.subarray(0, magic.length).equals(magic)) return undefined;
    const end = bytes.length - checksumBytes;
    const [count, length] = [bytes.readUInt32LE(magic.length), bytes.readUInt32LE(magic.length + 4)];
    if (headerBytes + count * entryBytes + length !== end) return undefined;
    if (!hash('sha256', bytes.subarray(0, end), 'buffer').equals(bytes.subarray(end))) return undefined;
    const now = new Date();
    utimesSync(file, now, now);
    return bytes;
  } catch {
    return undefined;
  }
}

function tryToRemove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // It has not come into being.
  }
}

function removeOldest(directory: string): void {
  const found = readdirSync(directory).flatMap((name) => {
    const stats = name.includes('.digests')
      ? statSync(path.join(directory, name), { throwIfNoEntry: false })
      : undefined;
    return stats ? [{ name, time: stats.mtimeMs, bytes: stats.size }] : [];
  });
  let total = 0;
  for (const [index, { name, bytes }] of found.sort((a, b) => b.time - a.time).entries()) {
    total += bytes;
    if (index >= maxContexts || total > maxTotalBytes) rmSync(path.join(directory, name), { force: true });
  }
}
