/** Replaces the content of a file. */
import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { decodeText } from '../go/text.ts';
import { systemErrorsInWords } from '../text/system-error.ts';
import { onDisk } from './file-name.ts';

/**
 * Replaces the content of a regular file, atomically if possible: readers never see a part of it, and a failure keeps
 * the old content. The file keeps its mode and its owner, and a link still leads to it. A file with several names, and
 * one in a directory that takes no other file in its place, is written in place.
 *
 * @throws Error that says why the file cannot be written
 */
export async function replaceFile(file: string, data: Uint8Array): Promise<void> {
  try {
    const place = decodeText(await realpath(onDisk(file), 'buffer'));
    const found = await stat(onDisk(place));
    if (found.nlink > 1 || !(await exchange(place, found, data))) await writeInPlace(place, data);
  } catch (error) {
    const reason = systemErrorsInWords((error as Error).message).replace(`${file}: `, '');
    throw new Error(`cannot write ${file}: ${reason}`, { cause: error });
  }
}

/** What the system answers if a file may be written, but not be exchanged. A mounted file is busy. */
const notExchanged: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM', 'EBUSY', 'ENAMETOOLONG']);

/** Puts another file in the place of a file; false if that is not possible. */
async function exchange(place: string, { mode, uid, gid }: Stats, data: Uint8Array): Promise<boolean> {
  const other = onDisk(`${place}.${randomUUID()}`);
  try {
    const handle = await open(other, 'wx', 0o600);
    try {
      await handle.writeFile(data);
      const made = await handle.stat();
      if (made.uid !== uid || made.gid !== gid) await handle.chown(uid, gid);
      await handle.chmod(mode & 0o7777);
    } finally {
      await handle.close();
    }
    await rename(other, onDisk(place));
    return true;
  } catch (error) {
    await rm(other, { force: true }).catch(() => {});
    if (notExchanged.has((error as NodeJS.ErrnoException).code)) return false;
    throw error;
  }
}

async function writeInPlace(place: string, data: Uint8Array): Promise<void> {
  const handle = await open(onDisk(place), 'r+');
  try {
    await handle.writeFile(data);
    await handle.truncate(data.length);
  } finally {
    await handle.close();
  }
}
