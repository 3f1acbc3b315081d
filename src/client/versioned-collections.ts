/**
 * Persistent maps and lists: every version stays readable, and a new version costs only its changes, because a build
 * with 200,000 reports has as many states. The newest version holds the entries; each older one holds the differences
 * to the next, and is copied when it is read.
 */

interface Change<K, V> {
  readonly key: K;
  /** The previous value; undefined if there was none. */
  readonly before: { readonly value: V } | undefined;
}

/** A map that keeps the order in which keys were added. */
export class VersionedMap<K, V> implements ReadonlyMap<K, V> {
  /** Undefined once there is a newer version. */
  private own: Map<K, V> | undefined;
  private next: { readonly version: VersionedMap<K, V>; readonly changes: readonly Change<K, V>[] } | undefined;

  constructor(entries: Map<K, V> = new Map()) {
    this.own = entries;
  }

  /** The next version. Of equal keys the last one counts. */
  with(entries: Iterable<readonly [K, V]>): VersionedMap<K, V> {
    const map = this.entriesOfOwn();
    // Nothing is kept of an empty version: everybody starts from the same one.
    if (map.size === 0) return new VersionedMap(new Map(entries));
    const changes: Change<K, V>[] = [];
    for (const [key, value] of entries) {
      changes.push({ key, before: map.has(key) ? { value: map.get(key)! } : undefined });
      map.set(key, value);
    }
    if (changes.length === 0) return this;
    const version = new VersionedMap(map);
    this.own = undefined;
    this.next = { version, changes };
    return version;
  }

  private entriesOfOwn(): Map<K, V> {
    if (this.own) return this.own;
    const undo: (readonly Change<K, V>[])[] = [];
    let version: VersionedMap<K, V> = this;
    for (; version.next; version = version.next.version) undo.push(version.next.changes);
    this.own = new Map(version.own);
    for (const changes of undo.reverse()) {
      for (const { key, before } of changes.toReversed()) {
        if (before) this.own.set(key, before.value);
        else this.own.delete(key);
      }
    }
    this.next = undefined;
    return this.own;
  }

  get size(): number {
    return this.entriesOfOwn().size;
  }
  get(key: K): V | undefined {
    return this.entriesOfOwn().get(key);
  }
  has(key: K): boolean {
    return this.entriesOfOwn().has(key);
  }
  forEach(act: (value: V, key: K, map: ReadonlyMap<K, V>) => void, self?: unknown): void {
    for (const [key, value] of this) act.call(self, value, key, this);
  }
  /** A copy is iterated: the next version may be made meanwhile. */
  entries(): MapIterator<[K, V]> {
    return new Map(this.entriesOfOwn()).entries();
  }
  keys(): MapIterator<K> {
    return new Map(this.entriesOfOwn()).keys();
  }
  values(): MapIterator<V> {
    return new Map(this.entriesOfOwn()).values();
  }
  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries();
  }
}

/** A list that versions add to at its end. */
export class VersionedList<T> {
  /** Shared with later versions, which have more of it. */
  private readonly shared: T[];
  private readonly length: number;
  private array: readonly T[] | undefined;

  constructor(items: T[] = []) {
    this.shared = items;
    this.length = items.length;
  }

  with(items: readonly T[]): VersionedList<T> {
    if (items.length === 0) return this;
    // What another version has added is not ours.
    const shared =
      this.shared.length === this.length && this.length > 0 ? this.shared : this.shared.slice(0, this.length);
    for (const item of items) shared.push(item);
    return new VersionedList(shared);
  }

  toArray(): readonly T[] {
    this.array ??= this.shared.slice(0, this.length);
    return this.array;
  }
}
