/** Lists a directory tree in the order in which file transfers have to send it. */
import type { BigIntStats, Dirent } from 'node:fs';
import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { isSymlink, ModeSocket, toGoMode } from './file-mode.ts';

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
const BATCH = 64;

/**
 * Walks the tree below `root` depth first, the names of each directory in the order of their UTF-8 bytes. Directories
 * that are not listed themselves come before the first listed file in them. Sockets come as empty regular files, as
 * archives know none. Files that vanish before they are looked at are left out.
 * @throws Error when `root` is no directory, and for directories that cannot be read
 */
export async function* walk(root: string, filter?: PathFilter, signal?: AbortSignal): AsyncGenerator<FileEntry> {
  const base = await resolveRoot(root);
  const firstPaths = new Map<bigint, string>(); // inode -> first path, for hard links
  const pending: { path: string; full: string }[] = []; // unlisted directories above the current one

  async function* list(dir: string, full: string, parent: unknown): AsyncGenerator<FileEntry> {
    signal?.throwIfAborted();
    const children = await readSorted(full);
    for (let start = 0; start < children.length; start += BATCH) {
      const batch = children.slice(start, start + BATCH).map((child) => {
        const childPath = dir === '' ? child.name : `${dir}/${child.name}`;
        const childFull = `${full}${path.sep}${child.name}`;
        const visit = filter?.visit(childPath, child.isDirectory(), parent) ?? LISTED;
        return { child, childPath, childFull, visit, stats: visit.listed ? statOf(childFull) : undefined };
      });
      const stats = await Promise.all(batch.map((item) => item.stats));
      for (const [i, { child, childPath, childFull, visit }] of batch.entries()) {
        const stat = stats[i];
        if (visit.listed && !stat) continue;
        if (stat) {
          for (const parent of pending.splice(0)) {
            const parentStat = await statOf(parent.full);
            if (parentStat) yield toEntry(parent.path, parentStat, '');
          }
          yield await describe(childPath, childFull, stat, firstPaths);
        }
        if (!child.isDirectory() || !visit.descend) continue;
        if (!stat) pending.push({ path: childPath, full: childFull });
        yield* list(childPath, childFull, visit.state);
        if (!stat && pending.at(-1)?.path === childPath) pending.pop();
      }
    }
  }
  yield* list('', base, undefined);
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

async function statOf(full: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(full || path.sep, { bigint: true });
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

async function describe(
  relative: string,
  full: string,
  stats: BigIntStats,
  firstPaths: Map<bigint, string>,
): Promise<FileEntry> {
  if (stats.isSymbolicLink()) return toEntry(relative, stats, await readlink(full));
  if (stats.nlink <= 1n || stats.isDirectory()) return toEntry(relative, stats, '');
  const first = firstPaths.get(stats.ino);
  if (first === undefined) firstPaths.set(stats.ino, relative);
  return toEntry(relative, stats, first ?? '');
}

function toEntry(relative: string, stats: BigIntStats, linkname: string): FileEntry {
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
  };
}

export function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
