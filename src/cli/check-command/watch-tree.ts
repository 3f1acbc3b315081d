/** Watches directories, and those in them that are there or come later, for Dockerfiles. */
import { type FSWatcher, watch } from 'node:fs';
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { neverEntered, searchOf } from '../../daemonless/find-dockerfiles.ts';
import { onDisk, readEntries } from '../../system/file-name.ts';

/** Directories that are watched until `end`. */
interface WatchedTree {
  end(): void;
}

type Search = NonNullable<Awaited<ReturnType<typeof searchOf>>>;

/** What a watch reports. */
interface WatchEvents {
  /** A Dockerfile came, changed or went. */
  changed(): void;
  /**
   * Called at most once, with the error of the first directory that cannot be watched although it is there, such as for
   * want of watches.
   */
  failed(dir: string, error: Error): void;
}

/** Watches all that the paths of a command line stand for. */
export async function watchTree(
  paths: readonly string[],
  events: WatchEvents,
  signal: AbortSignal,
): Promise<WatchedTree> {
  const tree = new TreeWatcher(events, signal);
  for (const named of paths) {
    const search = await searchOf(named);
    if (search) await tree.walk(search.dir, search);
  }
  return tree;
}

class TreeWatcher implements WatchedTree {
  private readonly events: WatchEvents;
  private readonly signal: AbortSignal;
  private readonly watchers = new Map<string, FSWatcher>();
  private hasEnded = false;
  private hasFailed = false;

  constructor(events: WatchEvents, signal: AbortSignal) {
    this.events = events;
    this.signal = signal;
  }

  end(): void {
    this.hasEnded = true;
    for (const watcher of this.watchers.values()) watcher.close();
  }

  /** Watches a directory with all below it, and tells whether there is a Dockerfile. */
  async walk(root: string, search: Search): Promise<boolean> {
    let hasDockerfile = false;
    const waiting = [root];
    for (let dir = waiting.pop(); dir !== undefined && !this.isOver; dir = waiting.pop()) {
      this.watchOne(dir, search);
      for (const entry of await readEntries(dir).catch(() => [])) {
        const place = path.join(dir, entry.name);
        if (entry.isDirectory()) {
          if (!neverEntered.has(entry.name)) waiting.push(place);
        } else hasDockerfile ||= search.takes(place);
      }
    }
    return hasDockerfile;
  }

  private get isOver(): boolean {
    return this.hasEnded || this.signal.aborted;
  }

  /** Watches one directory. It is watched before it is read, so nothing that comes in between is missed. */
  private watchOne(dir: string, search: Search): void {
    if (this.isOver || this.watchers.has(dir)) return;
    try {
      const watcher = watch(onDisk(dir), (event, name) => this.handle(event, name, dir, search));
      watcher.on('error', () => this.forget(dir));
      this.watchers.set(dir, watcher);
    } catch (error) {
      const isGone = ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
      if (isGone || this.hasFailed) return;
      this.hasFailed = true;
      this.events.failed(dir, error as Error);
    }
  }

  /** @param name null if the system does not tell what changed */
  private handle(event: 'rename' | 'change', name: string | null, dir: string, search: Search): void {
    const place = path.join(dir, name ?? '');
    if (name === null || search.takes(place)) this.events.changed();
    // A directory may have come, gone or been replaced.
    else if (event === 'rename' && !neverEntered.has(name)) void this.enter(place, search);
  }

  /** Watches a directory that may be new, with all below it. Dockerfiles in it are a change. */
  private async enter(dir: string, search: Search): Promise<void> {
    this.forget(dir);
    // The search follows no links.
    const found = await lstat(onDisk(dir)).catch(() => undefined);
    if (found?.isDirectory() && (await this.walk(dir, search))) this.events.changed();
  }

  /** Ends the watches of a directory and of all below it. */
  private forget(dir: string): void {
    for (const [at, watcher] of this.watchers) {
      if (at !== dir && !at.startsWith(dir + path.sep)) continue;
      watcher.close();
      this.watchers.delete(at);
    }
  }
}
