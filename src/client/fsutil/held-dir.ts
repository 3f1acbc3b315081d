/** Directories that are held open, so that their names may change meanwhile. */
import { closeSync, constants, existsSync, openSync } from 'node:fs';
import { onDisk } from '../../system/file-name.ts';

/** An open directory. Its path is not resolved again, so a link that replaces it has no effect. */
export interface HeldDir {
  /** Stands for the directory in this process's file calls. */
  readonly path: string;
  /** The same for a program that this process runs. */
  readonly pathForPrograms: string;
  /** Whether `path` still leads to the directory after it was moved. */
  readonly isHeld: boolean;
  close(): void;
}

/** Node has no name for it. Such a handle needs no right to read the directory. */
const oPath = 0o10000000;

/**
 * Takes hold of a directory. Node has no file calls relative to a directory; Linux shows a handle as a path. On other
 * systems the path is all there is, so that there a directory can be swapped for a link while it is used.
 * @throws Error as openSync; for a link, unless it may be followed
 */
export function holdDir(dir: string, { followLink = false } = {}): HeldDir {
  if (process.platform !== 'linux' || !existsSync('/proc/self/fd'))
    return { path: dir, pathForPrograms: dir, isHeld: false, close: () => {} };
  const handle = openSync(onDisk(dir), oPath | constants.O_DIRECTORY | (followLink ? 0 : constants.O_NOFOLLOW));
  return {
    path: `/proc/self/fd/${handle}`,
    pathForPrograms: `/proc/${process.pid}/fd/${handle}`,
    isHeld: true,
    close: () => closeSync(handle),
  };
}
