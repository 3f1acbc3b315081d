/** Resolves the symlinks on the way to paths that a build wants, so that their targets are sent too. */
import { lstat, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { matchPath } from '../../go/match.ts';
import { compareUtf8, isGone } from './walk.ts';

const { posix } = path;

/**
 * The paths below `root` that are needed to reach `paths`: each symlink on the way and what it points to, relative to
 * `root` as the file system's root. The last element of a path may have wildcards. undefined when all of the tree is
 * needed.
 */
export async function followLinks(root: string, paths: readonly string[]): Promise<string[] | undefined> {
  const resolved = new Set<string>();

  const targetsOf = async (file: string, wildcards: boolean): Promise<string[] | undefined> => {
    const base = posix.basename(file);
    if (wildcards && hasWildcards(base)) {
      const dir = posix.dirname(file);
      let names: string[];
      try {
        names = await readdir(path.join(root, dir));
      } catch (error) {
        if (isGone(error)) return undefined;
        throw error;
      }
      const targets: string[] = [];
      for (const name of names.sort(compareUtf8))
        if (matches(base, name))
          for (const target of (await targetsOf(posix.join(dir, name), false)) ?? []) targets.push(target);
      return targets.length > 0 ? targets : undefined;
    }
    if (file === '.' || file === '/' || file === '..' || file.startsWith('../')) return undefined;
    try {
      const full = path.join(root, file);
      if (!(await lstat(full)).isSymbolicLink()) return undefined;
      const link = posix.normalize(await readlink(full));
      return [posix.isAbsolute(link) ? link : posix.join('/', posix.dirname(file), link)];
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
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
  return withoutNested([...resolved].sort(compareUtf8));
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

function hasWildcards(name: string): boolean {
  return /(^|[^\\])(\\\\)*[*?[]/.test(name);
}

function matches(pattern: string, name: string): boolean {
  try {
    return matchPath(pattern, name);
  } catch {
    return false;
  }
}
