/**
 * An immutable list of environment variables. Each change makes a new list.
 *
 * A list shares maps with the list that it was made of. Their sizes at least double from the newest to the oldest, so a
 * change and a look-up take O(log n), even for a Dockerfile with thousands of ENV instructions.
 */
export class EnvList {
  /** The list without variables. */
  static readonly empty: EnvList = new EnvList([]);

  /**
   * Newest map first; in a map, oldest key first. A value is the whole `KEY=value` line, or undefined for a deleted
   * key.
   */
  private readonly parts: readonly ReadonlyMap<string, string | undefined>[];

  private constructor(parts: readonly ReadonlyMap<string, string | undefined>[]) {
    this.parts = parts;
  }

  /** Returns the value of a variable; undefined if it is not set. */
  get(key: string): string | undefined {
    for (const part of this.parts) {
      const line = part.get(key);
      if (line !== undefined) return line.slice(key.length + 1);
      if (part.has(key)) return undefined;
    }
    return undefined;
  }

  /** Returns the names in the order in which they were last set. */
  keys(): string[] {
    const keys: string[] = [];
    this.each((key) => keys.push(key));
    return keys;
  }

  /** Returns `KEY=value` lines in the order in which the names were last set. */
  toArray(): readonly string[] {
    if (latest?.list === this) return latest.lines;
    const lines: string[] = [];
    this.each((_, line) => lines.push(line));
    latest = { list: this, lines };
    return lines;
  }

  /** Sets a variable. A variable that exists moves to the end. */
  addOrReplace(key: string, value: string): EnvList {
    return this.with(key, `${key}=${value}`);
  }

  /** Sets a variable unless it is set. */
  setDefault(key: string, value: string): EnvList {
    return this.get(key) === undefined ? this.addOrReplace(key, value) : this;
  }

  /** Removes a variable. */
  delete(key: string): EnvList {
    return this.with(key, undefined);
  }

  private with(key: string, line: string | undefined): EnvList {
    let merged = new Map([[key, line]]);
    let count = 0;
    while (count < this.parts.length && this.parts[count]!.size < merged.size * 2) {
      const older = new Map(this.parts[count++]!);
      for (const [name, value] of merged) {
        older.delete(name); // a name that is set again moves to the end
        older.set(name, value);
      }
      merged = older;
    }
    return new EnvList([merged, ...this.parts.slice(count)]);
  }

  /** Visits the variables in the order in which the names were last set. */
  private each(visit: (key: string, line: string) => void): void {
    const { parts } = this;
    for (let at = parts.length - 1; at >= 0; at--)
      parts[at]!.forEach((line, key) => {
        if (line === undefined) return;
        for (let newer = 0; newer < at; newer++) if (parts[newer]!.has(key)) return;
        visit(key, line);
      });
  }
}

/**
 * The lines of the last list. Successive runs mostly have the same list; keeping the lines of all lists would be
 * quadratic.
 */
let latest: { readonly list: EnvList; readonly lines: readonly string[] } | undefined;
