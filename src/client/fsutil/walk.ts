/** Lists a directory tree in the order in which file transfers have to send it. */
import { type BigIntStats, type Dirent, lstat, lstatSync } from 'node:fs';
import { readdir, readlink, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { isSymlink, ModeSocket, toGoMode } from './file-mode.ts';
import { type Xattrs, xattrCalls } from './xattr.ts';

/** A file as it is sent. Owners are left out: a build context has none. */
export interface FileEntry {
  /** Relative to the root, with slashes. */
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
  visit(path: string, isDirectory: boolean, parent: S | undefined): Visit<S>;
}

export interface Visit<S = unknown> {
  readonly listed: boolean;
  /** For directories: whether something inside may be listed. */
  readonly descend: boolean;
  readonly state: S;
}

/** How many files are asked for their metadata at a time. */
const BATCH = 256;
/** Milliseconds for which files are looked at without giving way. */
const SLICE_MS = 1;
/** How many directories are opened before their turn. */
const AHEAD = 4;

/** Takes the entries of a walk. The walk goes on when the promise, if there is one, has resolved. */
export type Visitor = (entry: FileEntry) => Promise<void> | undefined;

/**
 * Walks the tree below `root` depth first, the names of each directory in the order of their UTF-8 bytes. Directories
 * that are not listed themselves come before the first listed file in them. Sockets come as empty regular files, as
 * archives know none. Files that vanish before they are looked at are left out.
 * @throws Error when `root` is no directory, and for directories that cannot be read
 */
export async function walk(root: string, take: Visitor, filter?: PathFilter, signal?: AbortSignal): Promise<void> {
  const base = await resolveRoot(root);
  const xattrs = await xattrCalls();
  const firstPaths = new Map<bigint, string>(); // inode -> first path, for hard links
  const pending: Item[] = []; // unlisted directories above the current one

  const open = async (dir: string, full: string, parent: unknown): Promise<Directory> => {
    signal?.throwIfAborted();
    const items = (await readSorted(full)).map((child): Item => {
      const path = dir === '' ? child.name : `${dir}/${child.name}`;
      const visit = filter?.visit(path, child.isDirectory(), parent) ?? LISTED;
      return { path, full: `${full}${SEPARATOR}${child.name}`, descend: child.isDirectory() && visit.descend, visit };
    });
    return { items, nextBatch: statBatch(items, 0) };
  };

  const statBatch = (items: readonly Item[], start: number): Promise<void> =>
    started(statAll(items.slice(start, start + BATCH).filter((item) => item.visit.listed)));

  const list = async (directory: Directory): Promise<void> => {
    const { items } = directory;
    const dirs = items.filter((item) => item.descend);
    let opened = 0;
    let entered = 0;
    for (const [i, item] of items.entries()) {
      if (i % BATCH === 0) {
        await directory.nextBatch;
        directory.nextBatch = statBatch(items, i + BATCH);
      }
      const { stats } = item;
      if (item.visit.listed && !stats) continue;
      if (stats) {
        for (const parent of pending.splice(0)) {
          await statAll([parent]);
          if (parent.stats) await take(toEntry(parent.path, parent.stats, '', xattrs?.read(parent.full)));
        }
        const linkname = stats.isSymbolicLink() ? await readlink(item.full) : hardLinkTarget(item.path, stats);
        const taken = take(toEntry(item.path, stats, linkname, xattrs?.read(item.full)));
        if (taken) await taken;
        item.stats = undefined;
      }
      if (!item.descend) continue;
      // the next directories are opened while this one is listed
      entered++;
      for (; opened < Math.min(dirs.length, entered + AHEAD); opened++) {
        const dir = dirs[opened]!;
        dir.children = started(open(dir.path, dir.full, dir.visit.state));
      }
      if (!stats) pending.push(item);
      await list(await item.children!);
      item.children = undefined;
      if (!stats && pending.at(-1) === item) pending.pop();
    }
  };

  /** The first path of a file that was listed before, or ''. */
  const hardLinkTarget = (relative: string, stats: BigIntStats): string => {
    if (stats.nlink <= 1n || stats.isDirectory()) return '';
    const first = firstPaths.get(stats.ino);
    if (first === undefined) firstPaths.set(stats.ino, relative);
    return first ?? '';
  };

  await list(await open('', base, undefined));
}

/** A directory that was read, and the metadata that its list has to wait for. */
interface Directory {
  readonly items: readonly Item[];
  nextBatch: Promise<void>;
}

/** A child of a directory on its way into the list. */
interface Item {
  readonly path: string;
  readonly full: string;
  readonly descend: boolean;
  readonly visit: Visit;
  stats?: BigIntStats | undefined;
  children?: Promise<Directory> | undefined;
}

const SEPARATOR = path.sep;

/** A promise that somebody waits for later: until then its failure is nobody's. */
function started<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

const LISTED: Visit = { listed: true, descend: true, state: undefined };

/** The real path of a directory to walk. */
export async function resolveRoot(root: string): Promise<string> {
  const base = await realpath(root);
  if (!(await stat(base)).isDirectory()) throw new Error(`${root} is not a directory`);
  return base === path.sep ? '' : base;
}

async function readSorted(dir: string): Promise<Dirent[]> {
  let children: Dirent[];
  try {
    children = await readdir(dir || path.sep, { withFileTypes: true });
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
  let plain = true;
  for (const { name } of children) {
    if (name.includes('\ufffd')) throw new Error(`file name is not valid UTF-8: ${path.join(dir, name)}`);
    plain &&= !/[\ud800-\uffff]/.test(name);
  }
  return children.sort(plain ? (a, b) => (a.name < b.name ? -1 : 1) : (a, b) => compareUtf8(a.name, b.name));
}

/** Compares by UTF-8 bytes, which is the order of code points and not that of UTF-16. */
export function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/**
 * Looks at files; those that are gone get no metadata. What the system has in memory is looked at right here, which takes
 * a fraction of what a thread's help does, but for no longer than a moment: then threads wait for the disk.
 */
async function statAll(items: readonly Item[]): Promise<void> {
  const end = performance.now() + SLICE_MS;
  let at = 0;
  for (; at < items.length && performance.now() < end; at++) {
    const item = items[at]!;
    item.stats = lstatSync(item.full, { bigint: true, throwIfNoEntry: false });
  }
  await (at < items.length ? statInThreads(items.slice(at)) : new Promise(setImmediate));
}

/** A promise for each file would cost more than the call. */
function statInThreads(items: readonly Item[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = items.length;
    for (const item of items)
      lstat(item.full, { bigint: true }, (error, stats) => {
        if (error && !isGone(error)) return reject(error);
        item.stats = error ? undefined : stats;
        if (--left === 0) resolve();
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

export function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
