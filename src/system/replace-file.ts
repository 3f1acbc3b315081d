/** Replaces the content of a file. */
import { randomUUID } from 'node:crypto';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { decodeText } from '../go/text.ts';
import { systemErrorsInWords } from '../text/system-error.ts';
import { onDisk } from './file-name.ts';

/**
 * Replaces the content of a regular file, atomically: readers never see a part of it, and a failure keeps the old
 * content. The file keeps its mode and its owner, a link still leads to it, and all names of a file that has several
 * have the new content; such a file is written in place.
 *
 * @throws Error that says why the file cannot be written
 */
export async function replaceFile(file: string, data: Uint8Array): Promise<void> {
  let partial: string | undefined;
  try {
    const place = decodeText(await realpath(onDisk(file), 'buffer'));
    const { mode, uid, gid, nlink } = await stat(onDisk(place));
    if (nlink > 1) return await writeInPlace(place, data);
    partial = `${place}.${randomUUID()}`;
    const handle = await open(onDisk(partial), 'wx', 0o600);
    try {
      await handle.writeFile(data);
      const made = await handle.stat();
      if (made.uid !== uid || made.gid !== gid) await handle.chown(uid, gid);
      await handle.chmod(mode & 0o7777);
    } finally {
      await handle.close();
    }
    await rename(onDisk(partial), onDisk(place));
  } catch (error) {
    if (partial !== undefined) await rm(onDisk(partial), { force: true }).catch(() => {});
    const reason = systemErrorsInWords((error as Error).message.replaceAll(partial ?? file, file));
    throw new Error(`cannot write ${file}: ${reason.replace(`${file}: `, '')}`, { cause: error });
  }
}

async function writeInPlace(file: string, data: Uint8Array): Promise<void> {
  const handle = await open(onDisk(file), 'r+');
  try {
    await handle.write(data, 0, data.length, 0);
    await handle.truncate(data.length);
  } finally {
    await handle.close();
  }
}
