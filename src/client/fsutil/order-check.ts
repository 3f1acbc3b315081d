/** Checks the listing of a sender that is not trusted. */
import path from 'node:path';
import { hasContents, isDirectory } from '../../go/file-mode.ts';
import { compareNames } from '../../system/file-name.ts';
import { printableLine } from '../../text/printable.ts';
import type { FileEntry } from '../../tree/walk.ts';

/**
 * Checks each path of a listing: relative, clean, after the one before by its bytes, in a directory that was listed as
 * such; and that hard links point to files that were listed.
 */
export function createOrderCheck(): (entry: FileEntry) => void {
  const parents = [{ dir: '', last: '' }];
  const files = new Set<string>();
  return (entry) => {
    const name = entry.path;
    if (name === '' || name.includes('\0') || (path.sep === '\\' && /[\\:]/.test(name)))
      throw new Error(`invalid path ${quoteName(name)}`);
    if (name.startsWith('/')) throw new Error(`absolute path ${quoteName(name)}`);
    if (name.split('/').some((part) => part === '' || part === '.' || part === '..'))
      throw new Error(`unclean path ${quoteName(name)}`);
    const slash = name.lastIndexOf('/');
    const dir = name.slice(0, Math.max(0, slash));
    const base = name.slice(slash + 1);
    while (parents.length > 1 && parents.at(-1)!.dir !== dir) parents.pop();
    const parent = parents.at(-1)!;
    if (parent.dir !== dir || (parent.last !== '' && compareNames(parent.last, base) >= 0))
      throw new Error(
        `changes out of order: ${quoteName(name)} after ${quoteName(path.posix.join(parent.dir, parent.last))}`,
      );
    parent.last = base;
    if (isDirectory(entry.mode)) {
      parents.push({ dir: name, last: '' });
    } else if (hasContents(entry.mode)) {
      if (entry.linkname === '') files.add(name);
      else if (!files.has(entry.linkname))
        throw new Error(`invalid link ${quoteName(name)} to unknown path ${quoteName(entry.linkname)}`);
    }
  };
}

/** A name of a sender for people: one line, with escapes for what is not text. */
export function quoteName(name: string): string {
  return printableLine(JSON.stringify(name));
}
