/** Records which paths of a context the stages read, because only those are transferred. */
import { join } from '../go/path.ts';
import { compareBytes } from '../go/unicode.ts';

/** Paths to follow in a local source, sorted; undefined if all of it is needed. */
export function followPaths(used: ReadonlySet<string>): string[] | undefined {
  if (used.size === 0 || used.has('/')) return undefined;
  return [...used].map((path) => join('.', path)).sort(compareBytes);
}

/** Records that a path, relative to the root of the source, is read. */
export function addPath(used: Set<string>, path: string): void {
  used.add(join('/', path));
}
