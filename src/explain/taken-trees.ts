/** The trees of files that a build takes from its contexts: each is read once, with the digests of its files. */
import { Coverage } from '../context/amounts.ts';
import { type ContextTree, readContextTree } from '../context/context-tree.ts';
import type { LocalSource } from '../daemonless/taken-paths.ts';
import { ShortError } from '../text/short-error.ts';
import type { FilesElsewhere } from '../tree/walk.ts';
import type { RecordedTake } from './build-record.ts';
import { ContentHash } from './content-hash.ts';
import { DigestCache } from './digest-cache.ts';

/** A tree of files. */
export interface TakenTree {
  readonly tree: ContextTree;
  readonly hash: ContentHash;
  /** What steps take of it. */
  readonly coverage: Coverage;
  /** By what is taken, as JSON. */
  readonly takes: Map<string, RecordedTake>;
}

/** Options of {@link TakenTrees}. */
export interface TreeOptions {
  readonly signal?: AbortSignal | undefined;
  /** Maximum size of the files that the build takes; no limit if absent. */
  readonly maxBytes?: number | undefined;
  /** Maximum number of files of a context, whether the build takes them or not; 2,000,000 if absent. */
  readonly maxNodes?: number | undefined;
  /** The directory where digests of files are kept for the next record; none are if absent. */
  readonly digestDir?: string | undefined;
  /** Whether `.git` at the top of a context is left out: a revision has none. false if absent. */
  readonly withoutGit?: boolean | undefined;
  /** As of {@link readContextTree}. */
  readonly elsewhere?: ((root: string) => FilesElsewhere | undefined) | undefined;
}

/** The error for a build that takes more bytes than are wanted. */
export class TooManyBytes extends ShortError {
  override readonly name = 'TooManyBytes';
}

/** The trees of a build. */
export class TakenTrees {
  private readonly dirs: ReadonlyMap<string, string>;
  private readonly options: TreeOptions;
  private readonly trees = new Map<string, TakenTree>();
  private readonly caches = new Map<string, DigestCache | undefined>();
  private bytesLeft: number;

  /** @param dirs the directories of contexts by their names */
  constructor(dirs: ReadonlyMap<string, string>, options: TreeOptions) {
    this.dirs = dirs;
    this.options = options;
    this.bytesLeft = options.maxBytes ?? Number.POSITIVE_INFINITY;
  }

  /**
   * The tree that a step asks for; undefined if its context is not a directory.
   *
   * @throws TooManyFiles, TooManyBytes for more than the options allow
   */
  async open(source: LocalSource): Promise<TakenTree | undefined> {
    const dir = this.dirs.get(source.local);
    if (dir === undefined) return undefined;
    const key = JSON.stringify(source);
    const known = this.trees.get(key);
    if (known) return known;
    const { signal, maxBytes, maxNodes, withoutGit = false, elsewhere } = this.options;
    const read = withoutGit ? { ...source, exclude: [...source.exclude, '.git'] } : source;
    const tree = { ...(await readContextTree(dir, read, signal, maxNodes, elsewhere)), source };
    for (const { fate, size } of tree.nodes) if (fate === 'sent') this.bytesLeft -= size;
    if (this.bytesLeft < 0) throw new TooManyBytes(`the build takes more than ${maxBytes} bytes`);
    const cache = this.cacheOf(elsewhere?.(tree.root)?.root ?? tree.root);
    const opened = { tree, hash: new ContentHash(tree, cache), coverage: new Coverage(tree), takes: new Map() };
    this.trees.set(key, opened);
    return opened;
  }

  /** The trees that steps have asked for. */
  all(): Iterable<TakenTree> {
    return this.trees.values();
  }

  /** Closes the trees, and keeps the digests. */
  close(): void {
    for (const { hash } of this.trees.values()) hash.close();
    for (const cache of this.caches.values()) cache?.save();
  }

  private cacheOf(root: string): DigestCache | undefined {
    const { digestDir } = this.options;
    if (digestDir !== undefined && !this.caches.has(root)) this.caches.set(root, DigestCache.open(digestDir, root));
    return this.caches.get(root);
  }
}
