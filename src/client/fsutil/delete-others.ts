/**
 * Makes directories mirrors of what was received, by deleting everything else in them. This is the last step of a
 * successful build, because it cannot be undone. Directories are held open, so that no link leads out of a mirror;
 * other file systems are not touched.
 */
import { chmodSync, lstatSync, readdirSync, rmdirSync, type Stats, statSync, unlinkSync, utimesSync } from 'node:fs';
import { isDirectory } from '../../go/file-mode.ts';
import { decodeText } from '../../go/text.ts';
import { onDisk } from '../../system/file-name.ts';
import { systemReason } from './apply-metadata.ts';
import { type HeldDir, holdDir } from './held-dir.ts';
import { isTemporaryName } from './make-dirs.ts';
import { quoteName } from './order-check.ts';
import type { ReceivedFile } from './receiver.ts';

/** What was written to a directory. */
export interface Placed {
  /** The path as the user wrote it. */
  readonly dest: string;
  readonly root: HeldDir;
  /** Whether everything else in it is deleted. */
  readonly mirror: boolean;
  readonly files: readonly ReceivedFile[];
}

/** The names that are kept in a directory: each with the names to keep in it, if it is a directory that we made. */
type Kept = Map<string, Kept | undefined>;

/** A name in a directory. */
interface Entry {
  readonly parent: HeldDir;
  readonly name: string;
  /** The path in errors. */
  readonly shown: string;
}

/** Maximum number of names in the error about files that could not be deleted. */
const maxNamed = 10;

/**
 * Deletes everything in the mirrors that was not received.
 * @throws Error that lists what could not be deleted; the rest is deleted
 */
export function deleteOthers(placed: readonly Placed[]): void {
  const inodes = placed.map(({ root }) => inodeOf(root));
  for (const [i, { dest, root, mirror }] of placed.entries()) {
    if (!mirror || placed.findIndex((other, at) => other.mirror && inodes[at] === inodes[i]) < i) continue;
    const keptFiles: Kept = new Map();
    for (const [at, { files }] of placed.entries())
      if (inodes[at] === inodes[i]) for (const file of files) keep(keptFiles, file);
    const failed: string[] = [];
    deleteIn(root, '', keptFiles, failed);
    if (failed.length === 0) continue;
    const rest = failed.length > maxNamed ? `, and ${failed.length - maxNamed} more` : '';
    throw new Error(
      `the outputs of the build are in their places, but not everything else in ${dest} could be deleted: ${failed.slice(0, maxNamed).join(', ')}${rest}`,
    );
  }
}

/** Several outputs may go into one directory. */
function inodeOf(dir: HeldDir): string {
  const { dev, ino } = statSync(onDisk(dir.path), { bigint: true });
  return `${dev}:${ino}`;
}

function keep(root: Kept, { path: file, mode }: ReceivedFile): void {
  const names = file.split('/');
  const last = names.pop()!;
  let at = root;
  for (const name of names) {
    let inside = at.get(name);
    if (!inside) {
      inside = new Map();
      at.set(name, inside);
    }
    at = inside;
  }
  if (!at.get(last)) at.set(last, isDirectory(mode) ? new Map() : undefined);
}

function deleteIn(held: HeldDir, dir: string, kept: Kept, failed: string[]): void {
  const before = statSync(onDisk(held.path));
  const names = readdirSync(onDisk(held.path), { encoding: 'buffer' }).map((name) => decodeText(name));
  const others = names.filter((name) => !kept.has(name) && !(dir === '' && isTemporaryName(name)));
  const respelled = others.length > 0 ? respelledInodes(held, names, kept) : new Set<number>();
  let deleted = 0;
  for (const name of others) {
    const stats = lstatSync(onDisk(`${held.path}/${name}`), { throwIfNoEntry: false });
    if (!stats || respelled.has(stats.ino)) continue;
    if (deleted++ === 0) makeWritable(held, before);
    deleteFile({ parent: held, name, shown: `${dir}${name}` }, stats, before.dev, failed);
  }
  if (deleted > 0) restore(held, before, dir === '');
  for (const [name, inside] of kept) {
    if (!inside) continue;
    const child = hold({ parent: held, name, shown: `${dir}${name}` }, failed);
    if (!child) continue;
    try {
      deleteIn(child, `${dir}${name}/`, inside, failed);
    } finally {
      child.close();
    }
  }
}

/** Some file systems list a name in another case or normal form than it was given in: that is the same file. */
function respelledInodes(dir: HeldDir, names: readonly string[], kept: Kept): Set<number> {
  const listed = new Set(names);
  const inodes = new Set<number>();
  for (const name of kept.keys()) {
    if (listed.has(name)) continue;
    const stats = lstatSync(onDisk(`${dir.path}/${name}`), { throwIfNoEntry: false });
    if (stats) inodes.add(stats.ino);
  }
  return inodes;
}

/** @param device the file system of the mirror */
function deleteFile(entry: Entry, stats: Stats, device: number, failed: string[]): void {
  const { parent, name, shown } = entry;
  const place = onDisk(`${parent.path}/${name}`);
  try {
    if (!stats.isDirectory()) {
      unlinkSync(place);
      return;
    }
    if (stats.dev !== device) {
      failed.push(`${quoteName(shown)} (another file system is mounted there)`);
      return;
    }
    deleteInside(entry, device, failed);
    rmdirSync(place);
  } catch (error) {
    // What is inside has been named already.
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY')
      failed.push(`${quoteName(shown)} (${systemReason(error)})`);
  }
}

function deleteInside({ parent, name, shown }: Entry, device: number, failed: string[]): void {
  const dir = holdDir(`${parent.path}/${name}`);
  try {
    makeWritable(dir, statSync(onDisk(dir.path)));
    for (const bytes of readdirSync(onDisk(dir.path), { encoding: 'buffer' })) {
      const child = decodeText(bytes);
      const stats = lstatSync(onDisk(`${dir.path}/${child}`), { throwIfNoEntry: false });
      if (stats) deleteFile({ parent: dir, name: child, shown: `${shown}/${child}` }, stats, device, failed);
    }
  } finally {
    dir.close();
  }
}

function hold({ parent, name, shown }: Entry, failed: string[]): HeldDir | undefined {
  try {
    return holdDir(`${parent.path}/${name}`);
  } catch (error) {
    failed.push(`what is in ${quoteName(shown)} (${systemReason(error)})`);
    return undefined;
  }
}

/** A directory's own mode may forbid to change what is in it. */
function makeWritable(dir: HeldDir, { mode }: Stats): void {
  if ((mode & 0o700) === 0o700) return;
  try {
    chmodSync(onDisk(dir.path), (mode & 0o7777) | 0o700);
  } catch {
    // It belongs to another user. Files in it that cannot be deleted are reported later.
  }
}

/** A directory of the export has the mode and the time that it came with; the mirror itself has none. */
function restore(dir: HeldDir, { mode, atime, mtimeMs }: Stats, isRoot: boolean): void {
  try {
    if ((mode & 0o700) !== 0o700) chmodSync(onDisk(dir.path), mode & 0o7777);
    if (!isRoot) utimesSync(onDisk(dir.path), atime, mtimeMs / 1000);
  } catch {
    // It belongs to another user.
  }
}
