/**
 * The one place that decides whether a file lies inside a directory that a build may read. No path leads out of the
 * directory: not by a link at any level, not by `..`, and not by swapping a file or directory for a link while it is
 * read.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, realpathSync } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import { decodeText } from '../go/text.ts';
import { ShortError } from '../text/short-error.ts';
import { onDisk } from './file-name.ts';

/** Opening fails for a link and does not wait for a pipe without a writer. Windows has none of these flags. */
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_NOCTTY = 0 } = constants;
const openFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

/** The error for a file or link that has changed or moved meanwhile, or that leads out of the directory. */
export class LeadsOutside extends ShortError {
  override readonly name = 'LeadsOutside';
}

/**
 * Opens a file or a directory for reading. The caller closes it.
 *
 * @param root the real path of the directory (`realpath`)
 * @param name relative to the root, with slashes; no element may be a link
 * @throws LeadsOutside if an element is a link; the errors of Node's open
 */
export async function openInside(root: string, name: string): Promise<FileHandle> {
  const full = pathInside(root, name);
  const handle = await open(onDisk(full), openFlags).catch((error: unknown) => {
    throw notFollowed(error, name);
  });
  try {
    if (await isAt(handle, full)) return handle;
    throw new LeadsOutside(`${name} leads out of ${root}: its path has a link, or it was moved`);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * The same with blocking calls, for threads that do nothing else and for files that are in memory.
 *
 * @returns the descriptor, which the caller closes
 */
export function openInsideSync(root: string, name: string): number {
  const full = pathInside(root, name);
  const descriptor = openUnfollowed(full, name);
  try {
    if (isAtSync(descriptor, full)) return descriptor;
    throw new LeadsOutside(`${name} leads out of ${root}: its path has a link, or it was moved`);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/**
 * Opens a file of a directory that {@link openInsideSync} opened, so that no other directory can take its place.
 *
 * @param directory the result of {@link insideOf} for it
 * @returns the descriptor, which the caller closes
 * @throws LeadsOutside if it is a link; the errors of Node's open, with the file's own path
 */
export function openBelowSync(directory: InsideOf, name: string): number {
  const file = directory.file(name);
  try {
    return openUnfollowed(file, name);
  } catch (error) {
    throw directory.named(error, name);
  }
}

/** The files of an open directory. */
export interface InsideOf {
  /** The directory's path through the descriptor, so that no link can take its place. */
  readonly path: string;
  /** The path of a file through the descriptor. */
  file(name: string): string;
  /**
   * The file's own path, which the system resolves in half the time but in which a link may appear: only for calls that
   * {@link InsideOf.check} follows.
   */
  own(name: string): string;
  /**
   * Checks that no link has taken the place of the directory.
   * @throws LeadsOutside if the directory's own path leads elsewhere now
   */
  check(): void;
  /** An error of a call on such a path, with the file's own path. */
  named(error: unknown, name: string): Error;
}

/**
 * The paths of the files of an open directory. Without /proc they use the directory's own path, in which a link may
 * take its place.
 *
 * @param descriptor the open directory; it must stay open while the result is used
 * @param full its own path
 */
export function insideOf(descriptor: number, full: string): InsideOf {
  descriptors ??= findDescriptors();
  const path = descriptors ? `${descriptors}/${descriptor}` : full;
  const prefix = path.endsWith('/') ? path : `${path}/`;
  const ownPrefix = full.endsWith('/') ? full : `${full}/`;
  return {
    path,
    file: (name) => prefix + name,
    own: (name) => ownPrefix + name,
    check() {
      if (!isAtSync(descriptor, full)) throw new LeadsOutside(`${full} was moved, or its path has a link`);
    },
    named(error, name) {
      const failed = error as NodeJS.ErrnoException;
      const file = name === '' ? full : ownPrefix + name;
      failed.message = failed.message.replace(/'\/proc\/\d+\/fd\/.*'/s, `'${file}'`);
      if (failed.path !== undefined) failed.path = file;
      return failed;
    },
  };
}

/** The directory of this process's file descriptors; '' if absent. */
let descriptors: string | undefined;

/** The directory of this process by its number in this /proc, which saves a link in each path. */
function findDescriptors(): string {
  try {
    const found = `/proc/${readlinkSync('/proc/self')}/fd`;
    closeSync(openSync(found, openFlags));
    return found;
  } catch {
    return '';
  }
}

function pathInside(root: string, name: string): string {
  const full = path.join(root, ...name.split('/'));
  if (full !== root && !full.startsWith(root.endsWith(path.sep) ? root : root + path.sep))
    throw new LeadsOutside(`${name} leads out of ${root}`);
  return full;
}

function openUnfollowed(file: string, name: string): number {
  try {
    return openSync(onDisk(file), openFlags);
  } catch (error) {
    throw notFollowed(error, name);
  }
}

function notFollowed(error: unknown, name: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ELOOP' || code === 'EMLINK' ? new LeadsOutside(`${name} is a link`, { cause: error }) : error;
}

/** Whether the path, without links, leads to the open file. */
async function isAt(handle: FileHandle, full: string): Promise<boolean> {
  const place = await readlink(`/proc/self/fd/${handle.fd}`, 'buffer').catch(() => undefined);
  if (place) return isPlace(place as unknown as Uint8Array, full);
  // Without /proc: the path has no link, and leads to the open file.
  if (decodeText(await realpath(onDisk(full), 'buffer')) !== full) return false;
  const [opened, there] = [await handle.stat({ bigint: true }), await lstat(onDisk(full), { bigint: true })];
  return opened.dev === there.dev && opened.ino === there.ino;
}

function isAtSync(descriptor: number, full: string): boolean {
  let place: Uint8Array | undefined;
  try {
    place = readlinkSync(`/proc/self/fd/${descriptor}`, 'buffer') as unknown as Uint8Array;
  } catch {
    // As above.
  }
  if (place) return isPlace(place, full);
  if (decodeText(realpathSync.native(onDisk(full), 'buffer')) !== full) return false;
  const [opened, there] = [fstatSync(descriptor, { bigint: true }), lstatSync(onDisk(full), { bigint: true })];
  return opened.dev === there.dev && opened.ino === there.ino;
}

function isPlace(bytes: Uint8Array, full: string): boolean {
  const place = decodeText(bytes);
  // The system reports a file that was removed meanwhile.
  if (place === `${full} (deleted)`)
    throw Object.assign(new Error(`ENOENT: no such file or directory, open '${full}'`), { code: 'ENOENT' });
  return place === full;
}
