/**
 * Names of files are bytes. As text they have the form of go/text.ts: a byte that is not UTF-8 is a lone surrogate, which
 * becomes that byte again on the way to the system. Node alone would make U+FFFD of it, and lose the file.
 */
import { isUtf8 } from 'node:buffer';
import { type Dirent, readlink as readlinkCallback, realpathSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { decodeText, encodeText } from '../go/text.ts';

/** A path for Node's file calls: as it is, or its bytes where text cannot hold them. */
export function onDisk(file: string): string | Buffer {
  return file.isWellFormed() ? file : Buffer.from(encodeText(file));
}

/**
 * The full path of a file that is to be written, as Node's path.resolve.
 * @throws Error where the name of the current folder is not UTF-8: Node does not have it, so that the path would lead elsewhere
 */
export function outputPath(file: string): string {
  const full = path.resolve(file);
  if (path.isAbsolute(file) || !full.includes('\ufffd') || isUtf8(realpathSync.native('.', { encoding: 'buffer' })))
    return full;
  throw new Error(
    `cannot write ${file}: the name of the current folder, or of one above it, is not UTF-8: name a place elsewhere`,
  );
}

/** Compares names by their bytes, which is the order of code points and not that of UTF-16. */
export function compareNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(encodeText(a)), Buffer.from(encodeText(b)));
}

/** What is in a directory: like Node's entries, with names that have lost nothing. In no order. */
export type Entry = Pick<Dirent, 'name' | 'isDirectory' | 'isFile' | 'isSymbolicLink'>;

/** Lists a directory. @throws Error as Node's readdir */
export async function readEntries(dir: string): Promise<Entry[]> {
  const target = onDisk(dir || path.sep);
  const entries = await readdir(target, { withFileTypes: true });
  // U+FFFD may be in the name or stand for a byte: only the bytes tell
  if (!entries.some(({ name }) => name.includes('\ufffd'))) return entries;
  const exact = await readdir(target, { withFileTypes: true, encoding: 'buffer' });
  return exact.map((entry) => ({
    name: decodeText(entry.name),
    isDirectory: () => entry.isDirectory(),
    isFile: () => entry.isFile(),
    isSymbolicLink: () => entry.isSymbolicLink(),
  }));
}

const readlinkBytes = promisify(readlinkCallback) as (file: string | Buffer, encoding: 'buffer') => Promise<Buffer>;

/** The target of a link, as its bytes are. @throws Error as Node's readlink */
export async function readLink(file: string): Promise<string> {
  return decodeText(await readlinkBytes(onDisk(file), 'buffer'));
}
