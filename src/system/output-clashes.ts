/** Finds outputs that would overwrite each other, and where paths lead. */
import { readlinkSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';

/** An output. */
export interface OutputPath {
  /** The path as the user gave it. */
  readonly path: string;
  /**
   * A `file` is replaced as a whole; a `directory` keeps its other files, a `mirror` loses them; a `store` is a
   * directory with an index, which an image and a cache may share.
   */
  readonly kind: 'file' | 'dir' | 'mirror' | 'store';
  /** The option that names the output, for errors. */
  readonly by?: string;
}

/**
 * Refuses outputs that would replace each other: a later output replaces a file, and a mirror deletes everything in it
 * that is not its own. Several may share a directory, a device or a pipe.
 * @throws Error that names the place
 */
export function refuseClashes(places: readonly OutputPath[]): void {
  const known = places.map((place) => ({ ...place, at: leadsTo(place.path) }));
  for (const [i, one] of known.entries())
    for (const other of known.slice(i + 1))
      if (one.at === other.at && !canShare(one, other) && !isSpecial(one.at))
        throw new Error(
          `${describeBoth(one, other)} would be written to ${other.path}, where one would replace the other: give each its own place`,
        );
  for (const outer of known) {
    if (outer.kind !== 'mirror' && outer.kind !== 'file') continue;
    const inside = known.find(({ at }) => at !== outer.at && isWithin(at, outer.at));
    if (inside === undefined) continue;
    const why = outer.kind === 'mirror' ? 'where mode=delete would delete it' : 'which is to be a file';
    throw new Error(`the output ${inside.path} is in ${outer.path}, ${why}: give it another place`);
  }
}

function describeBoth({ by }: OutputPath, other: OutputPath): string {
  if (by === undefined || other.by === undefined) return 'two outputs';
  return by === other.by ? `two of ${by}` : `${by} and ${other.by}`;
}

function canShare(one: OutputPath, other: OutputPath): boolean {
  const kinds = [one.kind, other.kind];
  if (kinds.includes('file')) return false;
  if (one.kind === 'store' && other.kind === 'store') return one.by === undefined || one.by !== other.by;
  return !kinds.includes('store') || kinds.includes('dir');
}

function isSpecial(file: string): boolean {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats !== undefined && !stats.isFile() && !stats.isDirectory();
}

/** Whether an absolute path is a directory or lies in it. */
export function isWithin(file: string, dir: string): boolean {
  const relative = path.relative(dir, file);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

/** The place that a path leads to, with its links followed as far as it exists. */
export function leadsTo(file: string, links = 40): string {
  const full = path.resolve(file);
  try {
    return realpathSync(full);
  } catch {
    const target = links > 0 ? linkTarget(full) : undefined;
    if (target !== undefined) return leadsTo(path.resolve(leadsTo(path.dirname(full), links), target), links - 1);
    const parent = path.dirname(full);
    return parent === full ? full : path.join(leadsTo(parent, links), path.basename(full));
  }
}

function linkTarget(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch {
    return undefined;
  }
}
