/**
 * Environment variables as a persistent list: every change makes a new list that shares its parts with the old one.
 *
 * The parts are maps whose sizes at least double from newest to oldest (a logarithmic structure), so that a change
 * and a look-up cost O(log n), also for a Dockerfile of thousands of ENV instructions of which each is looked into.
 */
export class EnvList {
  static readonly empty: EnvList = new EnvList([]);

  /** Newest first; a value is the whole `KEY=value` line, undefined marks a deleted key. Within a part, oldest first. */
  private readonly parts: readonly ReadonlyMap<string, string | undefined>[];

  private constructor(parts: readonly ReadonlyMap<string, string | undefined>[]) {
    this.parts = parts;
  }

  get(key: string): string | undefined {
    for (const part of this.parts) {
      const line = part.get(key);
      if (line !== undefined) return line.slice(key.length + 1);
      if (part.has(key)) return undefined;
    }
    return undefined;
  }

  /** The names in the order in which they were last set. */
  keys(): string[] {
    return this.entries().map(([key]) => key);
  }

  /** `KEY=value` lines in the order in which the names were last set. */
  toArray(): readonly string[] {
    if (latest?.list !== this) latest = { list: this, lines: this.entries().map(([, line]) => line) };
    return latest.lines;
  }

  /** Sets a variable; one that exists already moves to the end. */
  addOrReplace(key: string, value: string): EnvList {
    return this.with(key, `${key}=${value}`);
  }

  setDefault(key: string, value: string): EnvList {
    return this.get(key) === undefined ? this.addOrReplace(key, value) : this;
  }

  delete(key: string): EnvList {
    return this.with(key, undefined);
  }

  private with(key: string, line: string | undefined): EnvList {
    let merged = new Map([[key, line]]);
    let taken = 0;
    while (taken < this.parts.length && this.parts[taken]!.size < merged.size * 2) {
      const older = new Map(this.parts[taken++]!);
      for (const [name, value] of merged) {
        older.delete(name); // a name that is set again moves to the end
        older.set(name, value);
      }
      merged = older;
    }
    return new EnvList([merged, ...this.parts.slice(taken)]);
  }

  private entries(): [string, string][] {
    const seen = new Set<string>();
    const newestFirst: [string, string][] = [];
    for (const part of this.parts)
      for (const [key, line] of [...part].reverse()) {
        if (seen.has(key)) continue;
        seen.add(key);
        if (line !== undefined) newestFirst.push([key, line]);
      }
    return newestFirst.reverse();
  }
}

/** Runs that follow each other mostly have the same list; keeping the lines of every list would be quadratic. */
let latest: { readonly list: EnvList; readonly lines: readonly string[] } | undefined;
