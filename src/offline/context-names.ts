/** The names in a context, as far as an ignore file is judged by them. */
import { join } from '../go/path.ts';
import type { ContextNames } from '../parser/ignore-habits.ts';
import { createPatternMatcher, type PatternMatcher } from '../parser/pattern-matcher.ts';
import type { FileTree } from './file-tree.ts';

/** More are not listed. */
const maxNames = 20_000;

const directoryBit = 2 ** 31;

/**
 * Lists what is in a context, folder by folder from its root. What lies in a folder that is left out is not listed, unless
 * an exception may take it in again.
 */
export async function contextNames(tree: FileTree, patterns: readonly string[]): Promise<ContextNames> {
  const names: string[] = [];
  const folders = new Set<string>();
  const unsearched: string[] = [];
  const isLeftOut = leftOutBy(patterns);
  const next = [''];
  for (const folder of next) {
    if (names.length > maxNames) {
      unsearched.push('.');
      break;
    }
    const entries = await tree.readDir(folder === '' ? '/' : folder).catch(() => []);
    for (const { path, mode } of entries) {
      const name = join(folder, path);
      names.push(name);
      if (mode < directoryBit) continue;
      folders.add(name);
      if (name === '.git' || isLeftOut(name)) unsearched.push(name);
      else next.push(name);
    }
  }
  return { names, folders, unsearched };
}

function leftOutBy(patterns: readonly string[]): (folder: string) => boolean {
  let matcher: PatternMatcher | undefined;
  return (folder) => {
    try {
      matcher ??= createPatternMatcher(patterns);
      return !matcher.exclusions && matcher.matchesOrParentMatches(folder);
    } catch {
      return false; // a pattern that cannot be matched: the frontend says so
    }
  };
}
