/**
 * Reads what lies inside a folder. Links are followed as if the folder were `/`; what they name outside of it is not
 * there. Only `open-inside.ts` opens something, so that a link that comes meanwhile leads nowhere either.
 */
import { type BigIntStats, existsSync } from 'node:fs';
import { type FileHandle, lstat, realpath } from 'node:fs/promises';
import path from 'node:path';
import { clean, join } from '../go/path.ts';
import { decodeText } from '../go/text.ts';
import { compareNames, onDisk, readEntries, readLink } from './file-name.ts';
import { LeadsOutside, openInside } from './open-inside.ts';

const MAX_LINKS = 255;
/** How often something is looked for again that somebody moves about. */
const ATTEMPTS = 10;

/** What is no regular file: a directory, a pipe, a socket, a device. */
export class NotRegular extends Error {
  override readonly name = 'NotRegular';
}

/** Something is larger than it may be. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
}

/**
 * The place of a name, with every link in it replaced: `/` and slash-separated names, none of which is a link.
 *
 * @param root the real path of the folder
 * @param asked relative to it; with `..` it stays inside
 * @throws Error as Node's lstat for what is not there, and where links lead in circles
 */
export async function resolveInside(root: string, asked: string, followLast = true): Promise<string> {
  let links = 0;
  let resolved = '/';
  const parts = clean(`/${asked}`).split('/').filter(Boolean).reverse();
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    if (part === '..') {
      resolved = join(resolved, '..');
      continue;
    }
    const next = join(resolved, part);
    const isLink = (await lstat(onDisk(placeOf(root, next)))).isSymbolicLink();
    if (!isLink || (parts.length === 0 && !followLast)) {
      resolved = next;
      continue;
    }
    if (++links > MAX_LINKS) throw new Error('too many links');
    const target = await readLink(placeOf(root, next));
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
 * A whole regular file.
 *
 * @param root the real path of the folder
 * @throws NotRegular, TooLarge beyond `maxBytes`; otherwise as Node's open
 */
export function readFileInside(root: string, asked: string, maxBytes: number): Promise<Buffer> {
  return steadily(async () => {
    const handle = await openInside(root, (await resolveInside(root, asked)).slice(1));
    try {
      return await readRegular(handle, asked, maxBytes);
    } finally {
      await handle.close();
    }
  });
}

/**
 * The first bytes of a regular file, fewer where it is shorter.
 *
 * @param root the real path of the folder
 * @throws NotRegular; otherwise as Node's open
 */
export function readStartInside(root: string, asked: string, bytes: number): Promise<Buffer> {
  return steadily(async () => {
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

/** Reads what is open to its end, however large it says it is. @throws NotRegular, TooLarge */
export async function readRegular(handle: FileHandle, name: string, maxBytes: number): Promise<Buffer> {
  const found = await handle.stat();
  if (!found.isFile()) throw new NotRegular(`${name} is not a regular file`);
  const chunks: Buffer[] = [];
  let total = 0;
  for (let wanted = found.size; ; wanted = 0) {
    // a file may be growing, and those of /proc have no size
    const chunk = Buffer.allocUnsafe(Math.min(Math.max(wanted - total, 4096), maxBytes + 1 - total));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, null);
    if (bytesRead === 0) return Buffer.concat(chunks);
    total += bytesRead;
    if (total > maxBytes) throw new TooLarge(`${name} is larger than ${maxBytes} bytes, the most that is read of it`);
    chunks.push(chunk.subarray(0, bytesRead));
  }
}

/** What a name stands for with all links followed; undefined for what is not there or leads outside. */
export async function kindInside(root: string, asked: string): Promise<FileKind | undefined> {
  try {
    const place = await resolveInside(root, asked);
    return kindOf((await statInside(root, place)).stat);
  } catch {
    return undefined;
  }
}

export type FileKind = 'a regular file' | 'a folder' | 'a named pipe' | 'a socket' | 'a device' | 'a link';

export function kindOf(
  stat: Pick<BigIntStats, 'isFile' | 'isDirectory' | 'isFIFO' | 'isSocket' | 'isSymbolicLink'>,
): FileKind {
  if (stat.isFile()) return 'a regular file';
  if (stat.isDirectory()) return 'a folder';
  if (stat.isFIFO()) return 'a named pipe';
  if (stat.isSocket()) return 'a socket';
  return stat.isSymbolicLink() ? 'a link' : 'a device';
}

/** Something in a folder, as lstat sees it. */
export interface StatInside {
  /** `/` and slash-separated names. */
  readonly place: string;
  readonly stat: BigIntStats;
  /** Of a link. */
  readonly target: string;
}

/** What a name stands for; a link at its end is not followed. @throws Error as Node's lstat */
export function statInside(root: string, asked: string): Promise<StatInside> {
  return steadily(async () => {
    const place = await resolveInside(root, asked, false);
    const [parent, name] = place === '/' ? ['/', '.'] : [path.posix.dirname(place), path.posix.basename(place)];
    return inFolder(root, parent, (folder) => statEntry(folder, place, name));
  });
}

/** What is in a folder, in the order of the names' bytes. @throws Error as Node's readdir */
export function readDirInside(root: string, asked: string): Promise<StatInside[]> {
  return steadily(async () => {
    const place = await resolveInside(root, asked);
    return inFolder(root, place, async (folder) => {
      const names = (await readEntries(`${folder}/.`)).map(({ name }) => name).sort(compareNames);
      return Promise.all(names.map((name) => statEntry(folder, join(place, name), name)));
    });
  });
}

async function statEntry(folder: string, place: string, name: string): Promise<StatInside> {
  const entry = `${folder}/${name}`;
  const stat = await lstat(onDisk(entry), { bigint: true });
  return { place, stat, target: stat.isSymbolicLink() ? await readLink(entry) : '' };
}

/** Does something with the entries of a folder by a path that cannot come to mean another folder meanwhile. */
async function inFolder<T>(root: string, place: string, use: (folder: string) => Promise<T>): Promise<T> {
  const handle = await openInside(root, place.slice(1));
  try {
    const byHandle = `/proc/self/fd/${handle.fd}`;
    return await use(existsSync(byHandle) ? byHandle : placeOf(root, place));
  } finally {
    await handle.close();
  }
}

/** Tries again where something was replaced by a link, or a link by something, between two looks. */
async function steadily<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      const moved = error instanceof LeadsOutside || (error as NodeJS.ErrnoException).code === 'EINVAL'; // no link any more
      if (!moved || attempt === ATTEMPTS) throw error;
    }
  }
}

function placeOf(root: string, place: string): string {
  return path.join(root, ...place.split('/'));
}

/** The folder itself may be named by links: those are the user's. @throws Error as Node's realpath */
export async function realFolder(folder: string): Promise<string> {
  return decodeText(await realpath(onDisk(folder), 'buffer'));
}
