/**
 * Reads files inside a directory. Links are followed as if the directory were `/`, so that a target outside does not
 * exist. Only `open-inside.ts` opens files, so that a link that appears meanwhile does not lead out either.
 */
import { type BigIntStats, existsSync } from 'node:fs';
import { type FileHandle, lstat, realpath } from 'node:fs/promises';
import path from 'node:path';
import { clean, join } from '../go/path.ts';
import { decodeText } from '../go/text.ts';
import { ShortError } from '../text/short-error.ts';
import { compareNames, onDisk, readEntries, readLink } from './file-name.ts';
import { LeadsOutside, openInside } from './open-inside.ts';

const maxLinks = 255;
/** Maximum number of attempts to read a file that changes meanwhile. */
const attempts = 10;

/** The error for a directory, pipe, socket or device where a regular file is needed. */
export class NotRegular extends ShortError {
  override readonly name = 'NotRegular';
}

/** The error for a file beyond the size limit. */
export class TooLarge extends ShortError {
  override readonly name = 'TooLarge';
}

/**
 * Resolves all links in a path: the result is `/` and slash-separated names, none of which is a link.
 *
 * @param root the real path of the directory
 * @param asked the path, relative to the root; `..` does not lead out
 * @throws the errors of Node's lstat, and an error if links form a circle
 */
async function resolveInside(root: string, asked: string, followLast = true): Promise<string> {
  let links = 0;
  let resolved = '/';
  const parts = clean(`/${asked}`).split('/').filter(Boolean).reverse();
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    if (part === '..') {
      resolved = join(resolved, '..');
      continue;
    }
    const next = join(resolved, part);
    const isLink = (await lstat(onDisk(pathOfPlace(root, next)))).isSymbolicLink();
    if (!isLink || (parts.length === 0 && !followLast)) {
      resolved = next;
      continue;
    }
    if (++links > maxLinks) throw new Error('too many links');
    const target = await readLink(pathOfPlace(root, next));
    if (target.startsWith('/')) resolved = '/';
    parts.push(
      ...target
        .split('/')
        .filter((piece) => piece !== '' && piece !== '.')
        .reverse(),
    );
  }
  return resolved;
}

/**
 * Reads a whole regular file.
 *
 * @param root the real path of the directory
 * @throws NotRegular, TooLarge beyond `maxBytes`, the errors of Node's open
 */
export function readFileInside(root: string, asked: string, maxBytes: number): Promise<Buffer> {
  return retryIfReplaced(async () => {
    const handle = await openInside(root, (await resolveInside(root, asked)).slice(1));
    try {
      return await readRegular(handle, asked, maxBytes);
    } finally {
      await handle.close();
    }
  });
}

/**
 * Reads the first bytes of a regular file; fewer if it is shorter.
 *
 * @param root the real path of the directory
 * @throws NotRegular, the errors of Node's open
 */
export function readStartInside(root: string, asked: string, bytes: number): Promise<Buffer> {
  return retryIfReplaced(async () => {
    const handle = await openInside(root, (await resolveInside(root, asked)).slice(1));
    try {
      if (!(await handle.stat()).isFile()) throw new NotRegular(`${asked} is not a regular file`);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  });
}

/** Reads an open file to its end and ignores its reported size. @throws NotRegular, TooLarge */
export async function readRegular(handle: FileHandle, name: string, maxBytes: number): Promise<Buffer> {
  const found = await handle.stat();
  if (!found.isFile()) throw new NotRegular(`${name} is not a regular file`);
  const chunks: Buffer[] = [];
  let total = 0;
  for (let wanted = found.size; ; wanted = 0) {
    // A file may be growing, and files of /proc have no size.
    const chunk = Buffer.allocUnsafe(Math.min(Math.max(wanted - total, 4096), maxBytes + 1 - total));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, null);
    if (bytesRead === 0) return Buffer.concat(chunks);
    total += bytesRead;
    if (total > maxBytes) throw new TooLarge(`${name} is larger than ${maxBytes} bytes, the limit`);
    chunks.push(chunk.subarray(0, bytesRead));
  }
}

/** The kind of file behind a path with all links followed; undefined if it does not exist inside the directory. */
export async function kindInside(root: string, asked: string): Promise<FileKind | undefined> {
  try {
    const place = await resolveInside(root, asked);
    return kindOf((await statInside(root, place)).stat);
  } catch {
    return undefined;
  }
}

/** The kinds of files that errors distinguish. */
export type FileKind = 'a regular file' | 'a directory' | 'a named pipe' | 'a socket' | 'a device' | 'a link';

/** The kind of a file. */
export function kindOf(
  stat: Pick<BigIntStats, 'isFile' | 'isDirectory' | 'isFIFO' | 'isSocket' | 'isSymbolicLink'>,
): FileKind {
  if (stat.isFile()) return 'a regular file';
  if (stat.isDirectory()) return 'a directory';
  if (stat.isFIFO()) return 'a named pipe';
  if (stat.isSocket()) return 'a socket';
  return stat.isSymbolicLink() ? 'a link' : 'a device';
}

/** A file in a directory, as described by lstat. */
export interface StatInside {
  /** Its place in the directory: `/` and slash-separated names. */
  readonly place: string;
  /** The answer of lstat. */
  readonly stat: BigIntStats;
  /** The target of a link; '' for other files. */
  readonly target: string;
}

/** Describes a file; a link at the end of the path is not followed. @throws the errors of Node's lstat */
export function statInside(root: string, asked: string): Promise<StatInside> {
  return retryIfReplaced(async () => {
    const place = await resolveInside(root, asked, false);
    const [parent, name] = place === '/' ? ['/', '.'] : [path.posix.dirname(place), path.posix.basename(place)];
    return inDir(root, parent, (dir) => statEntry(dir, place, name));
  });
}

/** The entries of a directory, in byte order of their names. @throws the errors of Node's readdir */
export function readDirInside(root: string, asked: string): Promise<StatInside[]> {
  return retryIfReplaced(async () => {
    const place = await resolveInside(root, asked);
    return inDir(root, place, async (dir) => {
      const names = (await readEntries(`${dir}/.`)).map(({ name }) => name).sort(compareNames);
      return Promise.all(names.map((name) => statEntry(dir, join(place, name), name)));
    });
  });
}

async function statEntry(dir: string, place: string, name: string): Promise<StatInside> {
  const entry = `${dir}/${name}`;
  const stat = await lstat(onDisk(entry), { bigint: true });
  return { place, stat, target: stat.isSymbolicLink() ? await readLink(entry) : '' };
}

/** Calls a function for a directory with a path that cannot lead to another directory meanwhile. */
async function inDir<T>(root: string, place: string, use: (dir: string) => Promise<T>): Promise<T> {
  const handle = await openInside(root, place.slice(1));
  try {
    const byHandle = `/proc/self/fd/${handle.fd}`;
    return await use(existsSync(byHandle) ? byHandle : pathOfPlace(root, place));
  } finally {
    await handle.close();
  }
}

/** Tries again if a file was replaced by a link, or a link by a file, between two calls. */
async function retryIfReplaced<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      // No link any more.
      const moved = error instanceof LeadsOutside || (error as NodeJS.ErrnoException).code === 'EINVAL';
      if (!moved || attempt === attempts) throw error;
    }
  }
}

function pathOfPlace(root: string, place: string): string {
  return path.join(root, ...place.split('/'));
}

/** The directory itself may be named by links: those are the user's. @throws Error as Node's realpath */
export async function realDir(dir: string): Promise<string> {
  return decodeText(await realpath(onDisk(dir), 'buffer'));
}
