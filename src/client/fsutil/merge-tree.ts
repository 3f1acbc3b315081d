/** Moves trees that are complete into a directory: all of them, or, when something fails, nothing. */
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
  unlinkSync,
  utimesSync,
} from 'node:fs';
import path from 'node:path';
import { hasContents, isDirectory, toUnixPermissions } from '../../go/file-mode.ts';
import { decodeText } from '../../go/text.ts';
import { onDisk } from '../../system/file-name.ts';
import { complaintOf, runSubprocessSync } from '../../system/subprocess.ts';
import { printableLine } from '../../text/printable.ts';
import type { XattrCalls } from '../../tree/xattr.ts';
import { applyDirMetadata, applyMetadata, systemReason } from './apply-metadata.ts';
import { type HeldDir, holdDir } from './held-dir.ts';
import { temporaryName } from './make-dirs.ts';
import { quoteName } from './order-check.ts';
import type { ReceivedFile } from './receiver.ts';

/** A tree in a private directory; its own directories still have to get their metadata. */
export interface ReceivedTree {
  readonly root: string;
  /** All that is in it, each directory followed by what is in it. */
  readonly files: readonly ReceivedFile[];
}

/** Trees that were moved into place, and the files that they replaced: `keep` deletes those, `undo` restores them. */
export interface Placement {
  /** The directory that they are in, held until `close`. */
  readonly root: HeldDir;
  keep(): void;
  /** Takes back what was put there; what others wrote meanwhile stays. @returns what could not be taken back */
  undo(): readonly string[];
  close(): void;
}

/** A step to take back, by its place below the destination. */
type UndoStep =
  | { readonly kind: 'moved'; readonly dir: string; readonly name: string; readonly tree: ReceivedTree }
  | { readonly kind: 'aside'; readonly dir: string; readonly name: string; readonly aside: string }
  | { readonly kind: 'merged'; readonly dir: string; readonly stats: Stats }
  | { readonly kind: 'copy'; readonly dir: string; readonly name: string };

/**
 * Moves trees into `dest`. A directory that does not exist is moved as a whole, others are merged; anything
 * else takes the place of what has its name.
 * @param fresh whether `dest` was made for them, so that it may be replaced
 * @throws Error with `dest` as it was before
 */
export function placeTrees(
  trees: readonly ReceivedTree[],
  dest: string,
  xattrs: XattrCalls | undefined,
  fresh = false,
): Placement {
  const steps: UndoStep[] = [];
  const [only] = trees;
  const replaced = fresh && trees.length === 1 && replaceEmptyDir(only!, path.resolve(dest), xattrs);
  const root = holdTarget(dest);
  const undo = () => {
    const notRestored: string[] = [];
    const dirs = openStepDirs(root);
    for (const step of steps.reverse())
      try {
        undoStep(step, dirs.at(step.dir));
      } catch (error) {
        if (step.kind === 'aside')
          notRestored.push(
            `${path.join(dest, step.dir, step.name)} is now ${step.aside} there (${systemReason(error)})`,
          );
      }
    dirs.close();
    return notRestored;
  };

  if (replaced) {
    for (const { path: name } of only!.files)
      if (!name.includes('/')) steps.push({ kind: 'moved', dir: '', name, tree: only! });
  }
  try {
    for (const tree of replaced ? [] : trees) {
      const source = holdDir(tree.root);
      try {
        mergeDir({ tree, dest, xattrs, steps, at: 0 }, source, root, '');
      } finally {
        source.close();
      }
    }
  } catch (error) {
    const notRestored = undo();
    root.close();
    if (notRestored.length === 0) throw error;
    throw new Error(
      `${(error as Error).message}; what could not be put back: ${printableLine(notRestored.join(', '))}`,
    );
  }
  return {
    root,
    undo,
    close: () => root.close(),
    keep() {
      const dirs = openStepDirs(root);
      for (const step of steps) {
        const name = step.kind === 'aside' ? step.aside : step.kind === 'copy' ? step.name : undefined;
        if (name === undefined) continue;
        rmSync(onDisk(`${dirs.at(step.dir).path}/${name}`), { recursive: true, force: true });
      }
      dirs.close();
    },
  };
}

function holdTarget(dest: string): HeldDir {
  try {
    return holdDir(path.resolve(dest), { followLink: true });
  } catch (error) {
    throw new Error(`cannot write into ${dest}: ${systemReason(error)}`);
  }
}

/**
 * Replaces the empty directory that was made for a tree by the tree: one rename instead of one for each file.
 * @returns false if that is impossible, for instance because another process has put something there; nothing is
 * changed then
 */
function replaceEmptyDir(tree: ReceivedTree, dest: string, xattrs: XattrCalls | undefined): boolean {
  const staging = path.dirname(tree.root);
  const beside = path.join(path.dirname(dest), temporaryName());
  completeDirs(tree, 0, tree.files.length, xattrs);
  try {
    renameSync(onDisk(tree.root), onDisk(beside));
  } catch {
    return false;
  }
  try {
    rmdirSync(onDisk(staging));
    renameSync(onDisk(beside), onDisk(dest));
    return true;
  } catch {
    mkdirSync(onDisk(staging), { mode: 0o700, recursive: true });
    renameSync(onDisk(beside), onDisk(tree.root));
    return false;
  }
}

interface Merge {
  readonly tree: ReceivedTree;
  readonly dest: string;
  readonly xattrs: XattrCalls | undefined;
  readonly steps: UndoStep[];
  /** The next file of the list. */
  at: number;
}

/**
 * Moves what is in a directory of the tree into one that exists. @param dir its path in the tree, '' or with a slash
 * at its end
 */
function mergeDir(merge: Merge, source: HeldDir, target: HeldDir, dir: string): void {
  const { files } = merge.tree;
  for (let file = files[merge.at]; file?.path.startsWith(dir); file = files[merge.at]) {
    try {
      mergeFile(merge, file, source, target, dir);
    } catch (error) {
      if (error instanceof PlacingError) throw error;
      throw new PlacingError(`cannot put ${quoteName(file.path)} into ${merge.dest}: ${systemReason(error)}`);
    }
  }
}

/** Says already which file it is about. */
class PlacingError extends Error {}

function mergeFile(merge: Merge, file: ReceivedFile, source: HeldDir, target: HeldDir, dir: string): void {
  const { tree, xattrs, steps } = merge;
  const name = file.path.slice(dir.length);
  const from = `${source.path}/${name}`;
  const to = `${target.path}/${name}`;
  const existing = lstatSync(onDisk(to), { throwIfNoEntry: false });
  if (existing?.isDirectory() && isDirectory(file.mode)) {
    merge.at++;
    const held = holdDir(to);
    let inside: HeldDir | undefined;
    try {
      inside = holdDir(from);
      const stats = statSync(onDisk(held.path));
      steps.push({ kind: 'merged', dir: file.path, stats });
      if (stats.dev !== statSync(onDisk(inside.path)).dev) {
        const copy = copyOver(inside, held, file.path, steps);
        inside.close();
        inside = copy;
      }
      mergeDir(merge, inside, held, `${file.path}/`);
      applyDirMetadata(held, file, xattrs);
    } finally {
      inside?.close();
      held.close();
    }
    return;
  }
  if (existing) setAside(target, name, dir, !existing.isDirectory() && !isDirectory(file.mode), steps);
  if (!isDirectory(file.mode)) {
    renameSync(onDisk(from), onDisk(to));
    steps.push({ kind: 'moved', dir, name, tree });
    merge.at++;
    return;
  }
  const end = endOf(tree, merge.at);
  completeDirs({ ...tree, root: source.path }, merge.at + 1, end, xattrs, dir);
  const held = holdDir(from);
  try {
    renameSync(onDisk(from), onDisk(to));
    steps.push({ kind: 'moved', dir, name, tree });
    if (held.isHeld) applyDirMetadata(held, file, xattrs);
    else applyMetadata(to, file, xattrs);
  } finally {
    held.close();
  }
  merge.at = end;
}

/** The position after a directory and all that is in it. */
function endOf({ files }: ReceivedTree, at: number): number {
  const inside = `${files[at]!.path}/`;
  let end = at + 1;
  while (files[end]?.path.startsWith(inside)) end++;
  return end;
}

/**
 * Gives directories their metadata, the inner ones first: a mode may forbid to look inside. @param dir where `root` is
 * in the tree
 */
function completeDirs(tree: ReceivedTree, from: number, to: number, xattrs: XattrCalls | undefined, dir = ''): void {
  for (let at = to - 1; at >= from; at--) {
    const file = tree.files[at]!;
    if (isDirectory(file.mode)) applyMetadata(`${tree.root}/${file.path.slice(dir.length)}`, file, xattrs);
  }
}

/** Nothing can be moved into another file system: what goes there is first copied to a directory in its place. */
function copyOver(source: HeldDir, target: HeldDir, dir: string, steps: UndoStep[]): HeldDir {
  const name = temporaryName();
  mkdirSync(onDisk(`${target.path}/${name}`), 0o700);
  steps.push({ kind: 'copy', dir: `${dir}/`, name });
  const copy = holdDir(`${target.path}/${name}`);
  try {
    runSubprocessSync('cp', ['-a', '--', `${source.pathForPrograms}/.`, `${copy.pathForPrograms}/.`]);
  } catch (error) {
    copy.close();
    throw new Error(printableLine(complaintOf(error)));
  }
  return copy;
}

/** A file whose place a file takes keeps its name until then, so that it is never missing. */
function setAside(target: HeldDir, name: string, dir: string, forFile: boolean, steps: UndoStep[]): void {
  const aside = temporaryName();
  const [old, kept] = [onDisk(`${target.path}/${name}`), onDisk(`${target.path}/${aside}`)];
  if (!forFile || !tryToLink(old, kept)) renameSync(old, kept);
  steps.push({ kind: 'aside', dir, name, aside });
}

/** Not every file system has hard links. */
function tryToLink(file: string | Buffer, name: string | Buffer): boolean {
  try {
    linkSync(file, name);
    return true;
  } catch {
    return false;
  }
}

function undoStep(step: UndoStep, dir: HeldDir): void {
  if (step.kind === 'merged') {
    chmodSync(onDisk(dir.path), step.stats.mode & 0o7777);
    utimesSync(onDisk(dir.path), step.stats.atimeMs / 1000, step.stats.mtimeMs / 1000);
  } else if (step.kind === 'moved') {
    removeOwn(`${dir.path}/${step.name}`, ownFiles(step.tree), step.dir + step.name);
  } else if (step.kind === 'copy') {
    rmSync(onDisk(`${dir.path}/${step.name}`), { recursive: true, force: true });
  } else {
    const [name, kept] = [onDisk(`${dir.path}/${step.name}`), onDisk(`${dir.path}/${step.aside}`)];
    const now = lstatSync(name, { throwIfNoEntry: false });
    if (now && now.ino !== lstatSync(kept).ino) throw new Error('EEXIST: something else has taken its place');
    renameSync(kept, name);
    rmSync(kept, { force: true }); // two names of one file stay two
  }
}

/** The directories of steps, one after the other: most steps are in the directory of the one before. */
function openStepDirs(root: HeldDir) {
  let last: { readonly dir: string; readonly held: HeldDir } | undefined;
  return {
    at(dir: string): HeldDir {
      if (last?.dir !== dir) {
        last?.held.close();
        last = undefined;
        last = { dir, held: descend(root, dir) };
      }
      return last.held;
    },
    close: () => last?.held.close(),
  };
}

/** Takes hold of a directory below another, name by name, so that none of them is a link. */
function descend(root: HeldDir, dir: string): HeldDir {
  let at = holdDir(root.path, { followLink: true });
  for (const name of dir.split('/').filter(Boolean)) {
    const parent = at;
    try {
      at = holdDir(`${parent.path}/${name}`);
    } finally {
      parent.close();
    }
  }
  return at;
}

const indexes = new WeakMap<ReceivedTree, ReadonlyMap<string, ReceivedFile>>();

function ownFiles(tree: ReceivedTree): ReadonlyMap<string, ReceivedFile> {
  let index = indexes.get(tree);
  if (!index) {
    index = new Map(tree.files.map((file) => [file.path, file]));
    indexes.set(tree, index);
  }
  return index;
}

/** Removes what was received; what others have written there stays, with the directories around it. */
function removeOwn(place: string, own: ReadonlyMap<string, ReceivedFile>, name: string): void {
  const stats = lstatSync(onDisk(place), { throwIfNoEntry: false });
  const file = own.get(name);
  if (!stats || !file || !isStillOurs(stats, file)) return;
  if (!isDirectory(file.mode)) {
    unlinkSync(onDisk(place));
    return;
  }
  const dir = holdDir(place);
  try {
    chmodSync(onDisk(dir.path), 0o700);
    for (const child of readdirSync(onDisk(dir.path), { encoding: 'buffer' })) {
      const inside = decodeText(child);
      removeOwn(`${dir.path}/${inside}`, own, `${name}/${inside}`);
    }
    try {
      rmdirSync(onDisk(place));
    } catch {
      chmodSync(onDisk(dir.path), toUnixPermissions(file.mode));
    }
  } finally {
    dir.close();
  }
}

function isStillOurs(stats: Stats, { mode, modTime, size }: ReceivedFile): boolean {
  if (stats.isDirectory() || isDirectory(mode)) return stats.isDirectory() && isDirectory(mode);
  if (hasContents(mode) && (!stats.isFile() || (size > 0 && stats.size !== size))) return false;
  return Math.abs(stats.mtimeMs - Number(modTime / 1_000_000n)) <= 1;
}
