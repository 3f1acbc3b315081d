/** `tsfront check --watch`: checks again when a file changes. */
import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';
import { onDisk } from '../../system/file-name.ts';
import { systemErrorsInWords } from '../../text/system-error.ts';
import { reportFailure } from '../failure.ts';
import { untilAborted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { watchTree } from './watch-tree.ts';
import type { Watched } from './watched.ts';

/** An editor writes a file in several steps: this many milliseconds without a change end them. */
const quietMs = 100;
const clearScreen = '\u001b[2J\u001b[3J\u001b[H';

/**
 * Runs a check, and again after each change of a file that it depends on, until a signal comes.
 *
 * @param paths what is searched for Dockerfiles: a new one counts too
 * @throws the reason of `io.signal`
 */
export async function watchFiles(paths: readonly string[], check: () => Promise<Watched>, io: Io): Promise<never> {
  const changes = quietChanges();
  const warn = (dir: string, { message }: Error) =>
    io.writeStderr(`warning: new Dockerfiles in ${dir} and others go unnoticed: ${systemErrorsInWords(message)}\n`);
  const tree = await watchTree(paths, { changed: changes.changed, failed: warn }, io.signal);
  let watched: Watched = { files: [] };
  try {
    for (;;) {
      if (io.stdoutIsTerminal) io.stdout.write(clearScreen);
      // What changes while the check reads counts, too.
      const change = changes.next();
      const endDuring = watchFor(watched, changes.changed, io.signal);
      try {
        watched = await check();
      } catch (error) {
        io.signal.throwIfAborted();
        await reportFailure(error, io); // such as a mistake in the configuration, which can be corrected
      }
      const endAfter = watchFor(watched, changes.changed, io.signal);
      try {
        io.writeStderr('watching for changes; Ctrl-C ends it\n');
        await untilAborted(change, io.signal);
      } finally {
        endDuring();
        endAfter();
      }
    }
  } finally {
    changes.end();
    tree.end();
  }
}

/** Changes that come close together are one. */
function quietChanges() {
  let timer: NodeJS.Timeout | undefined;
  let resolve = () => {};
  return {
    changed() {
      clearTimeout(timer);
      timer = setTimeout(() => resolve(), quietMs);
    },
    /** Resolves after the next change. */
    next(): Promise<void> {
      const waiting = Promise.withResolvers<void>();
      resolve = waiting.resolve;
      return waiting.promise;
    },
    end: () => clearTimeout(timer),
  };
}

/** Watches files until the function that it gives is called. */
function watchFor({ files }: Watched, changed: () => void, signal: AbortSignal): () => void {
  const wanted = new Set(files);
  const watchers: FSWatcher[] = [];
  // Directories are watched, since editors replace files.
  for (const dir of new Set(files.map((file) => path.dirname(file)))) {
    try {
      const watcher = watch(onDisk(dir), { signal }, (_, name) => {
        if (name === null || wanted.has(path.join(dir, name))) changed();
      });
      watcher.on('error', changed); // the directory is gone
      watchers.push(watcher);
    } catch {
      // A directory that is not there cannot be watched.
    }
  }
  return () => {
    for (const watcher of watchers) watcher.close();
  };
}
