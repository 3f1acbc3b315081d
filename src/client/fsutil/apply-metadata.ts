/** Gives files that were received their attributes, modes and times. */
import { chmodSync, lutimesSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { isDirectory, isSymlink, toUnixPermissions } from '../../go/file-mode.ts';
import { onDisk } from '../../system/file-name.ts';
import type { FileEntry } from '../../tree/walk.ts';
import type { XattrCalls } from '../../tree/xattr.ts';
import { type HeldDir, holdDir } from './held-dir.ts';

/** The metadata to set. */
export type Metadata = Pick<FileEntry, 'mode' | 'modTime' | 'xattrs'>;

/** Sets the metadata of anything but a regular file. */
export function applyMetadata(file: string, entry: Metadata, xattrs: XattrCalls | undefined): void {
  applyXattrs(file, entry, xattrs);
  const time = fileTime(entry.modTime);
  const target = onDisk(file);
  if (isSymlink(entry.mode)) {
    lutimesSync(target, time, time);
    return;
  }
  chmodSync(target, toUnixPermissions(entry.mode));
  utimesSync(target, time, time);
}

/** The same for a directory that is held. */
export function applyDirMetadata(dir: HeldDir, entry: Metadata, xattrs: XattrCalls | undefined): void {
  if (entry.xattrs?.size) xattrs?.write(`${dir.path}/.`, entry.xattrs);
  chmodSync(onDisk(dir.path), toUnixPermissions(entry.mode));
  const time = fileTime(entry.modTime);
  utimesSync(onDisk(dir.path), time, time);
}

/**
 * Before the mode, which may forbid it, and after the contents, since writing takes a file's capabilities away. The
 * calls for attributes take text alone: a directory with other bytes in its path is held. A file that is called so gets
 * its attributes before its name (receiver.ts).
 */
export function applyXattrs(file: string, { mode, xattrs }: Metadata, calls: XattrCalls | undefined): void {
  if (!xattrs?.size || !calls) return;
  if (file.isWellFormed()) {
    calls.write(file, xattrs);
    return;
  }
  const [dir, name] = isDirectory(mode) ? [file, '.'] : [path.dirname(file), path.basename(file)];
  const held = holdDir(dir);
  calls.write(`${held.path}/${name}`, xattrs);
  held.close();
}

/** Node takes a negative number for the present, and keeps microseconds of the others. */
export function fileTime(nanoseconds: bigint): number | Date {
  return nanoseconds < 0n ? new Date(Number(nanoseconds / 1_000_000n)) : Number(nanoseconds / 1000n) / 1e6;
}

/** The system's message without the paths of the call, which may be meaningless to users. */
export function systemReason(error: unknown): string {
  const { message } = error as Error;
  return /^[A-Z0-9]+: [^,]+/.exec(message)?.[0] ?? message.trim();
}
