/** Lists the names in a context, for the check of its ignore file. */
import { isDirectory } from '../go/file-mode.ts';
import { join } from '../go/path.ts';
import type { ContextNames } from '../parser/ignore/advice.ts';
import { createPatternMatcher, type PatternMatcher } from '../parser/ignore/pattern-matcher.ts';
import type { FileTree } from './file-tree.ts';

/** Maximum number of names that are listed. */
const maxNames = 20_000;

/**
 * Lists what is in a context, directory by directory from its root. The content of an excluded directory is not listed,
 * unless an exception may include a part of it.
 */
export async function contextNames(tree: FileTree, patterns: readonly string[]): Promise<ContextNames> {
  const names: string[] = [];
  const dirs = new Set<string>();
  const unsearched: string[] = [];
  const isLeftOut = leftOutBy(patterns);
  const next = [''];
  for (const dir of next) {
    if (names.length > maxNames) {
      unsearched.push('.');
      break;
    }
    const entries = await tree.readDir(dir === '' ? '/' : dir).catch(() => []);
    for (const { path, mode } of entries) {
      const name = join(dir, path);
      names.push(name);
      if (!isDirectory(mode)) continue;
      dirs.add(name);
      if (name === '.git' || isLeftOut(name)) unsearched.push(name);
      else next.push(name);
    }
  }
  return { names, dirs, unsearched };
}

function leftOutBy(patterns: readonly string[]): (dir: string) => boolean {
  let matcher: PatternMatcher | undefined;
  return (path) => {
    try {
      matcher ??= createPatternMatcher(patterns);
      return !matcher.exclusions && matcher.matchesOrParentMatches(path);
    } catch {
      return false; // the frontend reports an invalid pattern
    }
  };
}
