/**
 * The one place that decides whether a file lies inside a folder that a build may read. Nobody gets out of the folder:
 * not by a link at any level, not by `..`, and not by swapping a file or folder for a link while it is read.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, realpathSync } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import { decodeText } from '../go/text.ts';
import { onDisk } from './file-name.ts';

/** Neither a link nor a pipe that nobody writes to is waited for. Windows has none of these flags. */
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_NOCTTY = 0 } = constants;
const FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

/** A file or a link is not where it was, or is no longer what it was: somebody changes the folder meanwhile. */
export class LeadsOutside extends Error {
  override readonly name = 'LeadsOutside';
}

/**
 * Opens a file or a directory for reading. The caller closes it.
 *
 * @param root the real path of the folder (`realpath`)
 * @param name relative to the root, with slashes; no element may be a link
 * @throws LeadsOutside when a link is in the way; otherwise as Node's open
 */
export async function openInside(root: string, name: string): Promise<FileHandle> {
  const full = pathInside(root, name);
  const handle = await open(onDisk(full), FLAGS).catch((error: unknown) => {
    throw notFollowed(error, name);
  });
  try {
    if (await isAt(handle, full)) return handle;
    throw new LeadsOutside(`${name} leads out of ${root}: a link is on the way to it, or it was moved`);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * The same with blocking calls, for threads that do nothing else and for what the system has in memory.
 *
 * @returns the descriptor, which the caller closes
 */
export function openInsideSync(root: string, name: string): number {
  const full = pathInside(root, name);
  const descriptor = openUnfollowed(full, name);
  try {
    if (isAtSync(descriptor, full)) return descriptor;
    throw new LeadsOutside(`${name} leads out of ${root}: a link is on the way to it, or it was moved`);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/**
 * Opens a file of a directory that {@link openInsideSync} opened, which then cannot be swapped for another.
 *
 * @param directory what {@link insideOf} gave for it
 * @returns the descriptor, which the caller closes
 * @throws LeadsOutside when it is a link; otherwise as Node's open, with the file's own path
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
  /** The directory's path for calls on it, and a file's: through the descriptor, so that no link can come between. */
  readonly path: string;
  file(name: string): string;
  /**
   * The file's own path, which the system takes half the time for, and where a link may come between: only for what
   * {@link InsideOf.check} is called after.
   */
  own(name: string): string;
  /** @throws LeadsOutside when the directory's own path leads elsewhere now */
  check(): void;
  /** An error of such a call, with the file's own path. */
  named(error: unknown, name: string): Error;
}

/**
 * How to reach the files of an open directory. Without /proc it is by its path, where somebody may put a link in its
 * place.
 *
 * @param descriptor the open directory, for as long as this is used
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
      if (!isAtSync(descriptor, full)) throw new LeadsOutside(`${full} was moved, or a link is on the way to it`);
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

/** The folder of this process's descriptors, '' where there is none. */
let descriptors: string | undefined;

/** With the process's number, which saves a link on each way: that of the /proc which is mounted here. */
function findDescriptors(): string {
  try {
    const found = `/proc/${readlinkSync('/proc/self')}/fd`;
    closeSync(openSync(found, FLAGS));
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
    return openSync(onDisk(file), FLAGS);
  } catch (error) {
    throw notFollowed(error, name);
  }
}

function notFollowed(error: unknown, name: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ELOOP' || code === 'EMLINK' ? new LeadsOutside(`${name} is a link`, { cause: error }) : error;
}

/** Whether what is open is what has the path, with no link in it. */
async function isAt(handle: FileHandle, full: string): Promise<boolean> {
  const place = await readlink(`/proc/self/fd/${handle.fd}`, 'buffer').catch(() => undefined);
  if (place) return isPlace(place as unknown as Uint8Array, full);
  // without /proc: no link in the path, and the file that is there now is the open one
  if (decodeText(await realpath(onDisk(full), 'buffer')) !== full) return false;
  const [opened, there] = [await handle.stat({ bigint: true }), await lstat(onDisk(full), { bigint: true })];
  return opened.dev === there.dev && opened.ino === there.ino;
}

function isAtSync(descriptor: number, full: string): boolean {
  let place: Uint8Array | undefined;
  try {
    place = readlinkSync(`/proc/self/fd/${descriptor}`, 'buffer') as unknown as Uint8Array;
  } catch {
    // as above
  }
  if (place) return isPlace(place, full);
  if (decodeText(realpathSync.native(onDisk(full), 'buffer')) !== full) return false;
  const [opened, there] = [fstatSync(descriptor, { bigint: true }), lstatSync(onDisk(full), { bigint: true })];
  return opened.dev === there.dev && opened.ino === there.ino;
}

function isPlace(bytes: Uint8Array, full: string): boolean {
  const place = decodeText(bytes);
  // the system says so of what was removed since
  if (place === `${full} (deleted)`)
    throw Object.assign(new Error(`ENOENT: no such file or directory, open '${full}'`), { code: 'ENOENT' });
  return place === full;
}
