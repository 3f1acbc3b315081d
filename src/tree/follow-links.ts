/** Resolves the symlinks on the way to paths that a build wants, so that their targets are sent too. */
import { closeSync, lstatSync } from 'node:fs';
import path from 'node:path';
import { hasWildcard, matchesPath } from '../go/match.ts';
import { compareNames, onDisk, readEntries, readLink } from '../system/file-name.ts';
import { type InsideOf, insideOf, openInsideSync } from '../system/open-inside.ts';
import { isMissing } from '../text/system-error.ts';

const { posix } = path;

/**
 * Returns the paths below `root` that are needed to reach `paths`: each symlink on the way and its target, with `root`
 * as the root of the file system. The last element of a path may have wildcards. Returns undefined if the whole tree is
 * needed. Nothing outside of `root` is read.
 *
 * @param root the real path of the tree
 */
export async function followLinks(root: string, paths: readonly string[]): Promise<string[] | undefined> {
  const resolved = new Set<string>();

  /** Looks into a directory, in which a link on the way cannot lead; undefined if it does not exist. */
  const look = async <T>(dir: string, act: (inside: InsideOf) => Promise<T>): Promise<T | undefined> => {
    let descriptor: number | undefined;
    try {
      descriptor = openInsideSync(root, dir);
      return await act(insideOf(descriptor, posix.join(root, dir)));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  };

  const targetsOf = async (file: string, wildcards: boolean): Promise<string[] | undefined> => {
    if (file === '.' || file === '/' || file === '..' || file.startsWith('../')) return undefined;
    const base = posix.basename(file);
    const dir = posix.dirname(file);
    if (wildcards && hasWildcard(base)) {
      const entries = (await look(dir, (inside) => readEntries(inside.path))) ?? [];
      const targets: string[] = [];
      for (const { name } of entries.sort((a, b) => compareNames(a.name, b.name)))
        if (matchesPath(base, name)) targets.push(...((await targetsOf(posix.join(dir, name), false)) ?? []));
      return targets.length > 0 ? targets : undefined;
    }
    return look(dir, async (inside) => {
      const full = inside.file(base);
      if (!lstatSync(onDisk(full)).isSymbolicLink()) return undefined;
      const link = posix.normalize(await readLink(full));
      return [posix.isAbsolute(link) ? link : posix.join('/', posix.dirname(file), link)];
    });
  };

  const follow = async (wanted: string): Promise<void> => {
    let rest = posix.join('.', wanted).replace(/\/$/, '').replace(/^\/+/, '') || '.';
    let current = '.';
    for (;;) {
      const slash = rest.indexOf('/');
      current = posix.join(current, slash < 0 ? rest : rest.slice(0, slash));
      rest = slash < 0 ? '' : rest.slice(slash + 1);
      const targets = await targetsOf(current, true);
      if ((rest === '' || targets) && resolved.has(current)) return;
      if (targets) {
        resolved.add(current);
        for (const target of targets) await follow(posix.join(target, rest));
        return;
      }
      if (rest === '') {
        resolved.add(current);
        return;
      }
    }
  };
  for (const wanted of paths) await follow(wanted);
  return withoutNested([...resolved].sort(compareNames));
}

/** Drops paths below one that comes right before them; undefined when the root is among them. */
export function withoutNested(paths: readonly string[]): string[] | undefined {
  const kept: string[] = [];
  let last = '';
  for (const item of paths) {
    if (item === '.') return undefined;
    if (item.startsWith(`${last}/`)) continue;
    kept.push(item);
    last = item;
  }
  return kept;
}
