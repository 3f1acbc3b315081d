/**
 * The one place that decides whether a file lies inside a folder that a build may read. Nobody gets out of the folder:
 * not by a link at any level, not by `..`, and not by swapping a file or folder for a link while it is read.
 */
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import { decodeText } from '../go/text.ts';
import { onDisk } from './file-name.ts';

/** Neither a link nor a pipe that nobody writes to is waited for. Windows has none of these flags. */
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_NOCTTY = 0 } = constants;

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
  const full = path.join(root, ...name.split('/'));
  if (full !== root && !full.startsWith(root.endsWith(path.sep) ? root : root + path.sep))
    throw new LeadsOutside(`${name} leads out of ${root}`);
  let handle: FileHandle;
  try {
    handle = await open(onDisk(full), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ELOOP' || code === 'EMLINK') throw new LeadsOutside(`${name} is a link`, { cause: error });
    throw error;
  }
  try {
    if (await isAt(handle, full)) return handle;
    throw new LeadsOutside(`${name} leads out of ${root}: a link is on the way to it`);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Whether what is open is what has the path, with no link in it. */
async function isAt(handle: FileHandle, full: string): Promise<boolean> {
  const place = await readlink(`/proc/self/fd/${handle.fd}`, 'buffer').catch(() => undefined);
  if (place) return decodeText(place as unknown as Uint8Array) === full;
  // without /proc: no link in the path, and the file that is there now is the open one
  if ((await realpath(onDisk(full))) !== full) return false;
  const [opened, there] = [await handle.stat({ bigint: true }), await lstat(onDisk(full), { bigint: true })];
  return opened.dev === there.dev && opened.ino === there.ino;
}
