/** Lists a directory tree in the order in which file transfers have to send it. */
import { type BigIntStats, closeSync, lstat, lstatSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { isSymlink, ModeSocket, toGoMode } from '../go/file-mode.ts';
import { decodeText } from '../go/text.ts';
import { compareNames, type DirEntry, onDisk, readEntries, readLink } from '../system/file-name.ts';
import { type InsideOf, insideOf, openInsideSync } from '../system/open-inside.ts';
import { isMissing } from '../text/system-error.ts';
import { type XattrCalls, type Xattrs, xattrCalls } from './xattr.ts';

/** A file as it is sent. It has no owner, because build contexts have none. */
export interface FileEntry {
  /** Relative to the root, with slashes. Names are in the form of go/text.ts, links too. */
  readonly path: string;
  /** Go's FileMode. */
  readonly mode: number;
  /** Bytes; 0 for directories and for further names of a hard-linked file. */
  readonly size: number;
  /** Nanoseconds since the epoch. */
  readonly modTime: bigint;
  /** The target of a symlink, or the first path of a hard-linked file. */
  readonly linkname: string;
  readonly devmajor: number;
  readonly devminor: number;
  readonly xattrs?: Xattrs | undefined;
}

/** Decides what of a tree is listed. `S` is what a directory's decision passes down to its children. */
export interface PathFilter<S = unknown> {
  decide(path: string, isDirectory: boolean, parent: S | undefined): PathDecision<S>;
}

/** What a filter decides about a path. */
export interface PathDecision<S = unknown> {
  readonly listed: boolean;
  /** For directories: whether something inside may be listed. */
  readonly descend: boolean;
  readonly state: S;
}

/** Number of files whose metadata is read at a time. */
const statBatch = 256;
/** Maximum time in milliseconds to read metadata synchronously. */
const sliceMs = 1;
/** Maximum time in milliseconds to match names against patterns before other work gets a turn. */
const patternSliceMs = 20;
/** Number of directories that are read ahead. */
const readAhead = 4;

/**
 * Receives the entries of a walk, what the system says of the file, and the tree that it is in. The walk waits for the
 * promise, if one is returned.
 */
export type Visitor = (entry: FileEntry, stats: BigIntStats, root: string) => Promise<void> | undefined;

/** Regular files and directories of another tree that count as if they were in a tree. */
export interface FilesElsewhere {
  /** The real path of the other tree. */
  readonly root: string;
  /** Names in a directory, which win over those of the tree. @param dir its path, which the tree itself may lack */
  names(dir: string): ReadonlyMap<string, 'file' | 'directory'> | undefined;
}

/**
 * Walks the tree below `root` depth first, the names of each directory in the order of their bytes. Directories that
 * the filter does not list are visited before the first listed file in them. Sockets become empty regular files,
 * because archives cannot contain them. Files that vanish during the walk are omitted.
 *
 * Files are read through open directories, so that the walk fails if somebody replaces a directory with a link
 * meanwhile.
 * @throws Error if `root` is not a directory, and for directories that cannot be read
 */
export async function walk(
  root: string,
  visit: Visitor,
  filter?: PathFilter,
  signal?: AbortSignal,
  elsewhere?: FilesElsewhere,
): Promise<void> {
  const options = { filter, signal, elsewhere };
  await new Walk(await resolveRoot(root), await xattrCalls(), visit, options).run();
}

interface WalkOptions {
  readonly filter: PathFilter | undefined;
  readonly signal: AbortSignal | undefined;
  readonly elsewhere: FilesElsewhere | undefined;
}

class Walk {
  private readonly base: string;
  private readonly xattrs: XattrCalls | undefined;
  private readonly visit: Visitor;
  private readonly filter: PathFilter | undefined;
  private readonly signal: AbortSignal | undefined;
  private readonly elsewhere: FilesElsewhere | undefined;
  private readonly firstPaths = new FirstPaths();
  /** Unlisted directories above the current one. */
  private readonly unlisted: Item[] = [];

  constructor(
    base: string,
    xattrs: XattrCalls | undefined,
    visit: Visitor,
    { filter, signal, elsewhere }: WalkOptions,
  ) {
    this.base = base;
    this.xattrs = xattrs;
    this.visit = visit;
    this.filter = filter;
    this.signal = signal;
    this.elsewhere = elsewhere;
  }

  async run(): Promise<void> {
    await this.walkDirectory(await this.open('', undefined));
  }

  /** Reads the names of a directory, and begins to read the metadata of the first ones. */
  private async open(dir: string, parent: unknown): Promise<Directory> {
    this.signal?.throwIfAborted();
    const items: Item[] = [];
    let nextBatch = Promise.resolve();
    const names = this.elsewhere?.names(dir);
    const read = async (inside: InsideOf | undefined) => {
      let pause = performance.now() + patternSliceMs;
      for (const entry of await readSorted(inside, names)) {
        if (performance.now() > pause) {
          await new Promise(setImmediate);
          pause = performance.now() + patternSliceMs;
        }
        const path = dir === '' ? entry.name : `${dir}/${entry.name}`;
        const decision = this.filter?.decide(path, entry.isDirectory(), parent) ?? listAndDescend;
        const isElsewhere = names?.has(entry.name) === true;
        items.push({ path, name: entry.name, descend: entry.isDirectory() && decision.descend, decision, isElsewhere });
      }
      nextBatch = deferRejection(this.readMetadataIn(dir, listedOf(items, 0), inside));
      await nextBatch.catch(() => {}); // the directory has to stay open until then
    };
    if (!(await inDirectory(this.base, dir, read)) && names) await read(undefined);
    return { path: dir, items, nextBatch };
  }

  private async readMetadataOf(dir: string, items: readonly Item[]): Promise<void> {
    if (items.length === 0) return;
    const isThere = await inDirectory(this.base, dir, (inside) => this.readMetadataIn(dir, items, inside));
    if (!isThere) await this.readMetadataIn(dir, items, undefined);
  }

  /** @param inside the directory; undefined if the tree itself lacks it */
  private async readMetadataIn(dir: string, items: readonly Item[], inside: InsideOf | undefined): Promise<void> {
    const others = this.elsewhere ? items.filter((item) => item.isElsewhere) : [];
    if (inside && others.length < items.length)
      await readMetadata(others.length > 0 ? items.filter((item) => !item.isElsewhere) : items, inside, this.xattrs);
    if (others.length > 0)
      await inDirectory(this.elsewhere!.root, dir, (there) => readMetadata(others, there, this.xattrs));
  }

  private async walkDirectory(directory: Directory): Promise<void> {
    const { items } = directory;
    const dirs = items.filter((item) => item.descend);
    let opened = 0;
    let entered = 0;
    for (const [i, item] of items.entries()) {
      if (i % statBatch === 0) {
        await directory.nextBatch;
        directory.nextBatch = deferRejection(this.readMetadataOf(directory.path, listedOf(items, i + statBatch)));
      }
      const { stats } = item;
      if (item.decision.listed && !stats) continue;
      if (stats) {
        if (this.unlisted.length > 0) await this.visitUnlisted();
        const linkname = item.target ?? this.firstPaths.hardLinkTarget(item.path, stats);
        const root = item.isElsewhere ? this.elsewhere!.root : this.base;
        const visited = this.visit(toEntry(item.path, stats, linkname, item.xattrs), stats, root);
        if (visited) await visited;
        item.stats = undefined;
      }
      if (!item.descend) continue;
      // The next directories are opened while this one is listed.
      entered++;
      for (; opened < Math.min(dirs.length, entered + readAhead); opened++) {
        const dir = dirs[opened]!;
        dir.children = deferRejection(this.open(dir.path, dir.decision.state));
      }
      if (!stats) this.unlisted.push(item);
      await this.walkDirectory(await item.children!);
      item.children = undefined;
      if (!stats && this.unlisted.at(-1) === item) this.unlisted.pop();
    }
  }

  private async visitUnlisted(): Promise<void> {
    for (const parent of this.unlisted.splice(0)) {
      await this.readMetadataOf(parent.path.slice(0, Math.max(0, parent.path.length - parent.name.length - 1)), [
        parent,
      ]);
      if (parent.stats)
        await this.visit(toEntry(parent.path, parent.stats, '', parent.xattrs), parent.stats, this.base);
    }
  }
}

/** The files with several names that were listed. */
class FirstPaths {
  private readonly ofDevice = new Map<bigint, Map<bigint, string>>(); // device and inode -> first path

  /**
   * The first path of a file that was listed before, or ''. Only with its device does the number of a file tell which.
   */
  hardLinkTarget(relative: string, stats: BigIntStats): string {
    if (stats.nlink <= 1n || stats.isDirectory()) return '';
    let paths = this.ofDevice.get(stats.dev);
    if (!paths) this.ofDevice.set(stats.dev, (paths = new Map()));
    const first = paths.get(stats.ino);
    if (first === undefined) paths.set(stats.ino, relative);
    return first ?? '';
  }
}

/** The items of a batch that the filter lists. */
function listedOf(items: readonly Item[], start: number): readonly Item[] {
  return items.slice(start, start + statBatch).filter((item) => item.decision.listed);
}

/** A directory that was read, and the metadata that its list has to wait for. */
interface Directory {
  readonly path: string;
  readonly items: readonly Item[];
  nextBatch: Promise<void>;
}

/** A child of a directory on its way into the list. */
interface Item {
  readonly path: string;
  readonly name: string;
  readonly descend: boolean;
  readonly decision: PathDecision;
  readonly isElsewhere: boolean;
  stats?: BigIntStats | undefined;
  /** Target of a symbolic link. */
  target?: string | undefined;
  xattrs?: Xattrs | undefined;
  children?: Promise<Directory> | undefined;
}

/** Marks the rejection of a promise as handled; the later await still sees it. */
function deferRejection<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

const listAndDescend: PathDecision = { listed: true, descend: true, state: undefined };

/** The real path of a directory to walk. */
export async function resolveRoot(root: string): Promise<string> {
  const base = decodeText(await realpath(onDisk(root), 'buffer'));
  if (!(await stat(onDisk(base))).isDirectory()) throw new Error(`${root} is not a directory`);
  return base;
}

/** Opens a directory for as long as `act` takes. @returns false if there is no such directory */
async function inDirectory(base: string, dir: string, act: (inside: InsideOf) => Promise<void>): Promise<boolean> {
  let descriptor: number;
  try {
    descriptor = openInsideSync(base, dir);
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
  try {
    await act(insideOf(descriptor, dir === '' ? base : `${base === '/' ? '' : base}/${dir}`));
    return true;
  } finally {
    closeSync(descriptor);
  }
}

const yes = () => true;
const no = () => false;

/** @param names of files and directories, which are added */
async function readSorted(
  inside: InsideOf | undefined,
  names?: ReturnType<FilesElsewhere['names']>,
): Promise<DirEntry[]> {
  let children: DirEntry[] = [];
  try {
    if (inside) children = await readEntries(inside.path);
  } catch (error) {
    if (isMissing(error)) return [];
    throw inside!.named(error, '');
  }
  if (names) {
    children = children.filter(({ name }) => !names.has(name));
    for (const [name, kind] of names) {
      const [isFile, isDirectory] = kind === 'file' ? [yes, no] : [no, yes];
      children.push({ name, isDirectory, isFile, isSymbolicLink: no });
    }
  }
  const isPlain = !children.some(({ name }) => /[\ud800-\uffff]/.test(name));
  return children.sort(isPlain ? (a, b) => (a.name < b.name ? -1 : 1) : (a, b) => compareNames(a.name, b.name));
}

/**
 * Reads the metadata of files in a directory. Files that have vanished get none. Sizes and times are read by path, and
 * afterwards `inside.check` verifies that the path still leads to the open directory. Link targets and extended
 * attributes reveal contents, so they are read only through the open directory.
 */
async function readMetadata(items: readonly Item[], inside: InsideOf, xattrs: XattrCalls | undefined): Promise<void> {
  await statAll(items, inside);
  for (const item of items) {
    if (!item.stats) continue;
    try {
      if (item.stats.isSymbolicLink()) item.target = await readLink(inside.file(item.name));
      item.xattrs = xattrs?.read(inside.own(item.name), inside.file(item.name));
    } catch (error) {
      if (!isMissing(error)) throw inside.named(error, item.name);
      item.stats = undefined;
    }
  }
  try {
    if (items.length > 0) inside.check();
  } catch (error) {
    if (!isMissing(error)) throw error;
    for (const item of items) item.stats = undefined;
  }
}

/**
 * Calls lstat on each file. The first millisecond is synchronous, because metadata in the system's cache is read faster
 * than it is requested from a thread; the remaining files are read in threads, which may wait for the disk.
 */
async function statAll(items: readonly Item[], inside: InsideOf): Promise<void> {
  const end = performance.now() + sliceMs;
  let at = 0;
  for (; at < items.length && performance.now() < end; at++) {
    const item = items[at]!;
    item.stats = lstatSync(onDisk(inside.own(item.name)), { bigint: true, throwIfNoEntry: false });
  }
  await (at < items.length ? statInThreads(items.slice(at), inside) : new Promise(setImmediate));
}

/** Uses callbacks, because a promise for each file would take longer than the call. */
function statInThreads(items: readonly Item[], inside: InsideOf): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = items.length;
    let failed: Error | undefined;
    for (const item of items)
      lstat(onDisk(inside.own(item.name)), { bigint: true }, (error, stats) => {
        if (error && !isMissing(error)) failed ??= error;
        item.stats = error ? undefined : stats;
        if (--left > 0) return; // the directory has to stay open until all have ended
        if (failed) reject(failed);
        else resolve();
      });
  });
}

function toEntry(relative: string, stats: BigIntStats, linkname: string, xattrs: Xattrs | undefined): FileEntry {
  const mode = toGoMode(Number(stats.mode));
  const device = stats.isBlockDevice() || stats.isCharacterDevice() ? stats.rdev : 0n;
  const hardLink = linkname !== '' && !isSymlink(mode);
  return {
    path: relative,
    mode: (mode & ~ModeSocket) >>> 0,
    size: stats.isDirectory() || hardLink ? 0 : Number(stats.size),
    modTime: stats.mtimeNs,
    linkname,
    devmajor: Number((device >> 8n) & 0xfffn),
    devminor: Number((device & 0xffn) | ((device >> 12n) & 0xfff00n)),
    xattrs,
  };
}
