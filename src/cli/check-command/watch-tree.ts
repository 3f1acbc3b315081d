/** Watches directories, and those in them that are there or come later, for Dockerfiles. */
import { type FSWatcher, watch } from 'node:fs';
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { neverEntered, searchOf } from '../../offline/find-dockerfiles.ts';
import { onDisk, readEntries } from '../../system/file-name.ts';

/** Directories that are watched until `end`. */
interface WatchedTree {
  end(): void;
}

type Search = NonNullable<Awaited<ReturnType<typeof searchOf>>>;

/**
 * Watches all that the paths of a command line stand for.
 *
 * @param changed called after a Dockerfile came, changed or went
 * @param failed called at most once, with the error of the first directory that cannot be watched although it is there,
 *   such as for want of watches
 */
export async function watchTree(
  paths: readonly string[],
  changed: () => void,
  failed: (dir: string, error: Error) => void,
  signal: AbortSignal,
): Promise<WatchedTree> {
  const watchers = new Map<string, FSWatcher>();
  let hasEnded = false;
  const isOver = () => hasEnded || signal.aborted;
  let hasFailed = false;

  const forget = (dir: string) => {
    for (const [at, watcher] of watchers) {
      if (at !== dir && !at.startsWith(dir + path.sep)) continue;
      watcher.close();
      watchers.delete(at);
    }
  };

  /** Watches one directory. It is watched before it is read, so nothing that comes in between is missed. */
  const watchOne = (dir: string, search: Search) => {
    if (isOver() || watchers.has(dir)) return;
    try {
      const watcher = watch(onDisk(dir), (event, name) => {
        if (name === null) return changed();
        const place = path.join(dir, name);
        if (search.takes(place)) changed();
        // A directory may have come, gone or been replaced.
        else if (event === 'rename' && !neverEntered.has(name)) void enter(place, search);
      });
      watcher.on('error', () => forget(dir));
      watchers.set(dir, watcher);
    } catch (error) {
      const isGone = ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
      if (isGone || hasFailed) return;
      hasFailed = true;
      failed(dir, error as Error);
    }
  };

  /** Watches a directory that may be new, with all below it. Dockerfiles in it are a change. */
  const enter = async (dir: string, search: Search) => {
    forget(dir);
    // The search follows no links.
    const found = await lstat(onDisk(dir)).catch(() => undefined);
    if (found?.isDirectory() && (await walk(dir, search))) changed();
  };

  /** Watches a directory with all below it, and tells whether there is a Dockerfile. */
  const walk = async (root: string, search: Search): Promise<boolean> => {
    let hasDockerfile = false;
    const waiting = [root];
    for (let dir = waiting.pop(); dir !== undefined && !isOver(); dir = waiting.pop()) {
      watchOne(dir, search);
      for (const entry of await readEntries(dir).catch(() => [])) {
        const place = path.join(dir, entry.name);
        if (entry.isDirectory()) {
          if (!neverEntered.has(entry.name)) waiting.push(place);
        } else hasDockerfile ||= search.takes(place);
      }
    }
    return hasDockerfile;
  };

  for (const named of paths) {
    const search = await searchOf(named);
    if (search) await walk(search.dir, search);
  }
  return {
    end() {
      hasEnded = true;
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}
