/**
 * Names of files are bytes. As text they have the form of go/text.ts: a byte that is not UTF-8 is a lone surrogate,
 * which becomes that byte again on the way to the system. Node alone would make U+FFFD of it, and lose the file.
 */
import { isUtf8 } from 'node:buffer';
import { type Dirent, readlink as readlinkCallback, realpathSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { decodeText, encodeText } from '../go/text.ts';

/** A path for Node's file calls: the text, or its bytes if a string cannot hold them. */
export function onDisk(file: string): string | Buffer {
  return file.isWellFormed() ? file : Buffer.from(encodeText(file));
}

/**
 * The full path of a file to write, as by Node's path.resolve.
 * @throws Error if the name of the current directory is not UTF-8: Node decodes it wrongly, so the path would lead
 * elsewhere
 */
export function outputPath(file: string): string {
  const full = path.resolve(file);
  if (path.isAbsolute(file) || !full.includes('\ufffd') || isUtf8(realpathSync.native('.', { encoding: 'buffer' })))
    return full;
  throw new Error(
    `cannot write ${file}: the name of the current directory, or of one above it, is not UTF-8: name another place`,
  );
}

/** Compares names by their bytes: in the order of code points, not of UTF-16 units. */
export function compareNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(encodeText(a)), Buffer.from(encodeText(b)));
}

/** An entry of a directory, like Node's, but its name keeps all bytes. */
export type DirEntry = Pick<Dirent, 'name' | 'isDirectory' | 'isFile' | 'isSymbolicLink'>;

/** Lists a directory, in no order. @throws the errors of Node's readdir */
export async function readEntries(dir: string): Promise<DirEntry[]> {
  const target = onDisk(dir || path.sep);
  const entries = await readdir(target, { withFileTypes: true });
  // U+FFFD may be in the name or replace an invalid byte: only the bytes show which.
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

/** The target of a link, with all its bytes. @throws the errors of Node's readlink */
export async function readLink(file: string): Promise<string> {
  return decodeText(await readlinkBytes(onDisk(file), 'buffer'));
}
