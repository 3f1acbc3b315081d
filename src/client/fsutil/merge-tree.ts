/** Moves a tree that is complete into one that is there: all of it, or, when something fails, nothing. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, link, lstat, mkdir, readdir, rename, rm, utimes } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

interface Journal {
  /** What takes each change back, in the order of the changes. */
  readonly undo: (() => Promise<unknown>)[];
  /** What was in the way, under names of its own; of no use once everything is in place. */
  readonly replaced: string[];
  /** Emptied directories. */
  readonly emptied: string[];
}

/**
 * Moves what is in `from` into `to`. Directories are merged; anything else takes the place of what has its name.
 * @param finish runs when everything is in place, and belongs to it
 * @throws Error with `to` as it was before
 */
export async function mergeTree(from: string, to: string, finish: () => Promise<void>): Promise<void> {
  const journal: Journal = { undo: [], replaced: [], emptied: [] };
  try {
    await merge(from, to, journal);
    await finish();
  } catch (error) {
    for (const undo of journal.undo.reverse()) await undo().catch(() => {}); // the rest is still to be taken back
    throw error;
  }
  for (const left of [...journal.replaced, ...journal.emptied]) await rm(left, { recursive: true, force: true });
}

async function merge(from: string, to: string, journal: Journal): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    const target = path.join(to, entry.name);
    const existing = await lstat(target).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (existing?.isDirectory() && entry.isDirectory()) {
      journal.undo.push(async () => {
        await chmod(target, existing.mode & 0o7777);
        await utimes(target, existing.atime, existing.mtime);
      });
      const isMount = existing.dev !== (await lstat(source)).dev;
      await merge(isMount ? await copyOver(source, target, journal) : source, target, journal);
      continue;
    }
    if (existing) await setAside(target, !existing.isDirectory() && !entry.isDirectory(), journal);
    await rename(source, target);
    journal.undo.push(() => rm(target, { recursive: true, force: true }));
  }
}

/** Nothing can be moved into another file system: what goes there is first copied to a directory beside its place. */
async function copyOver(source: string, target: string, { undo, emptied }: Journal): Promise<string> {
  const copy = temporaryName(target);
  await mkdir(copy, { mode: 0o700 });
  undo.push(() => rm(copy, { recursive: true, force: true }));
  emptied.push(copy);
  await run('cp', ['-a', `${source}/.`, copy]);
  return copy;
}

/** A file whose place a file takes keeps its name until then, so that it is never missing. */
async function setAside(target: string, forFile: boolean, { undo, replaced }: Journal): Promise<void> {
  const aside = temporaryName(path.dirname(target));
  if (forFile)
    await link(target, aside).catch(() => rename(target, aside)); // not every file system has hard links
  else await rename(target, aside);
  undo.push(async () => {
    await rename(aside, target);
    await rm(aside, { force: true }); // two names of one file stay two
  });
  replaced.push(aside);
}

function temporaryName(dir: string): string {
  return path.join(dir, `.tsfront-export-${randomBytes(8).toString('hex')}`);
}
