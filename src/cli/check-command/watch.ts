/** `tsfront check --watch`: checks again when a file changes. */
import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';
import { isDockerfileName } from '../../offline/find-dockerfiles.ts';
import { onDisk } from '../../system/file-name.ts';
import { reportFailure } from '../failure.ts';
import { untilAborted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import type { Watched } from './watched.ts';

/** An editor writes a file in several steps: this many milliseconds without a change end them. */
const quietMs = 100;
const clearScreen = '\u001b[2J\u001b[3J\u001b[H';

/**
 * Runs a check, and again after each change of a file that it depends on, until a signal comes.
 * @throws the reason of `io.signal`
 */
export async function watchFiles(check: () => Promise<Watched>, io: Io): Promise<never> {
  let watched: Watched = { files: [], dirs: ['.'] };
  for (;;) {
    if (io.stdoutIsTerminal) io.stdout.write(clearScreen);
    // What changes while the check reads counts, too.
    const during = watchFor(watched, io.signal);
    try {
      watched = await check();
    } catch (error) {
      io.signal.throwIfAborted();
      await reportFailure(error, io); // such as a mistake in the configuration, which can be corrected
    }
    const after = watchFor(watched, io.signal);
    try {
      io.writeStderr('watching for changes; Ctrl-C ends it\n');
      await untilAborted(Promise.race([during.change, after.change]), io.signal);
    } finally {
      during.end();
      after.end();
    }
  }
}

/** Watches files, and directories for Dockerfiles; `change` resolves after the next change. */
function watchFor({ files, dirs }: Watched, signal: AbortSignal): { change: Promise<void>; end(): void } {
  const wanted = new Set(files);
  const watchers: FSWatcher[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(resolve, quietMs);
  };
  // Directories are watched, since editors replace files.
  const places = new Map<string, boolean>(files.map((file) => [path.dirname(file), false]));
  for (const dir of dirs) places.set(dir, true);
  for (const [dir, takesAll] of places) {
    try {
      const watcher = watch(onDisk(dir), { signal }, (_, name) => {
        if (name === null || wanted.has(path.join(dir, name)) || (takesAll && isDockerfileName(name))) changed();
      });
      watcher.on('error', changed); // the directory is gone
      watchers.push(watcher);
    } catch {
      // A directory that is not there cannot be watched.
    }
  }
  const end = () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
  return { change: promise, end };
}
