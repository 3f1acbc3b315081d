/** Reads what is whole of a damaged lock file: one with the marks of a merge conflict, or with broken entries. */
import { type Lock, type LockedSource, lockVersion, readLock } from './lock-file.ts';

/**
 * The sources of a damaged lock that can be read. Where the sides of a conflict pin a source differently, it is left
 * out.
 *
 * @returns undefined if nothing of it can be read
 */
export function salvageLock(text: string): Lock | undefined {
  const [ours, theirs] = sidesOf(text).map(entriesOf);
  const platforms = [...new Set([...ours!.platforms, ...theirs!.platforms])];
  const sources: LockedSource[] = [];
  const keys = new Set([...ours!.sources.keys(), ...theirs!.sources.keys()]);
  for (const key of keys) {
    const [own, other] = [ours!.sources.get(key), theirs!.sources.get(key)];
    if (own === null || other === null) continue;
    if (own === undefined || other === undefined || own.pin === other.pin) sources.push((own ?? other)!);
  }
  return sources.length === 0 && platforms.length === 0 ? undefined : { platforms, sources };
}

/** Both sides of the conflicts of a file; equal in a file without conflicts. */
function sidesOf(text: string): [string[], string[]] {
  const sides: [string[], string[]] = [[], []];
  let place: 'both' | 'ours' | 'base' | 'theirs' = 'both';
  for (const line of text.split(/\r?\n/)) {
    if (/^<{7}(?: |$)/.test(line)) place = 'ours';
    else if (/^\|{7}(?: |$)/.test(line) && place === 'ours') place = 'base';
    else if (/^={7}$/.test(line) && place !== 'both') place = 'theirs';
    else if (/^>{7}(?: |$)/.test(line)) place = 'both';
    else {
      if (place === 'both' || place === 'ours') sides[0].push(line);
      if (place === 'both' || place === 'theirs') sides[1].push(line);
    }
  }
  return sides;
}

interface Entries {
  readonly platforms: readonly string[];
  /** By section and name; null for an entry that cannot be read. */
  readonly sources: ReadonlyMap<string, LockedSource | null>;
}

/** Reads each entry on its own. */
function entriesOf(lines: readonly string[]): Entries {
  const top = lines.find((line) => line.startsWith('platforms: ')) ?? '';
  const read = (rest: string) => {
    try {
      return readLock(`lockVersion: ${lockVersion}\n${top}\n${rest}`);
    } catch {
      return undefined;
    }
  };
  const platforms = read('')?.platforms ?? [];
  const sources = new Map<string, LockedSource | null>();
  let section = '';
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    if (/^\S/.test(line) && !line.startsWith('#')) section = line;
    if (!/^ {2}\S/.test(line) || line.startsWith('  #')) continue;
    let end = at + 1;
    while (end < lines.length && /^ {3,}\S/.test(lines[end]!)) end++;
    const lock = read(`${section}\n${lines.slice(at, end).join('\n')}\n`);
    const key = `${section} ${line}`;
    // A source that occurs twice is dropped.
    sources.set(key, sources.has(key) ? null : (lock?.sources[0] ?? null));
  }
  return { platforms, sources };
}
