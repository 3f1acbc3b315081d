/** Go's FileMode, in which file transfers and the gateway API give modes, and its relation to Unix modes. */

/** A directory. */
export const ModeDir = 0x8000_0000;
/** A symbolic link. */
export const ModeSymlink = 1 << 27;
/** A device; a character device has {@link ModeCharDevice} as well. */
export const ModeDevice = 1 << 26;
/** A named pipe. */
export const ModeNamedPipe = 1 << 25;
/** A Unix domain socket. */
export const ModeSocket = 1 << 24;
/** The program runs as the owner of the file. */
export const ModeSetuid = 1 << 23;
/** The program runs as the group of the file. */
export const ModeSetgid = 1 << 22;
/** A character device, together with {@link ModeDevice}. */
export const ModeCharDevice = 1 << 21;
const ModeSticky = 1 << 20;
const ModeIrregular = 1 << 19;
/** All bits that say what kind of file it is; none is set for a regular file. */
const ModeType =
  (ModeDir | ModeSymlink | ModeNamedPipe | ModeSocket | ModeDevice | ModeCharDevice | ModeIrregular) >>> 0;

const sIfmt = 0o170000;
const kinds = new Map([
  [0o040000, ModeDir],
  [0o120000, ModeSymlink],
  [0o060000, ModeDevice],
  [0o020000, ModeDevice | ModeCharDevice],
  [0o010000, ModeNamedPipe],
  [0o140000, ModeSocket],
  [0o100000, 0],
]);

/** From `st_mode`. */
export function toGoMode(mode: number): number {
  let go = (mode & 0o777) | (kinds.get(mode & sIfmt) ?? ModeIrregular);
  if (mode & 0o4000) go |= ModeSetuid;
  if (mode & 0o2000) go |= ModeSetgid;
  if (mode & 0o1000) go |= ModeSticky;
  return go >>> 0;
}

/** The permission bits for chmod, with setuid, setgid and sticky. */
export function toUnixPermissions(go: number): number {
  let mode = go & 0o777;
  if (go & ModeSetuid) mode |= 0o4000;
  if (go & ModeSetgid) mode |= 0o2000;
  if (go & ModeSticky) mode |= 0o1000;
  return mode;
}

/** Whether a Go FileMode is that of a directory. */
export function isDirectory(go: number): boolean {
  return (go & ModeDir) !== 0;
}

/** Whether a Go FileMode is that of a symbolic link. */
export function isSymlink(go: number): boolean {
  return (go & ModeSymlink) !== 0;
}

/** Whether the receiver may ask for the contents; both sides of a transfer must agree on it. */
export function hasContents(go: number): boolean {
  return (go & ModeType) === 0;
}
