/**
 * Docker's path patterns (`.dockerignore`, include and exclude lists): `*`, `?` and classes as in Go's filepath.Match,
 * `**` for any number of folders, `!` for exceptions. A pattern that matches a folder matches all below it.
 */
import { matchPath } from '../go/match.ts';
import { clean } from '../go/path.ts';
import { trimSpace } from '../go/unicode.ts';
import { compilePattern } from './pattern-program.ts';

/** One pattern, cleaned and without its `!`. */
export interface Pattern {
  readonly text: string;
  readonly exclusion: boolean;
}

/** What matching a folder found out, for matching what is in it. */
export type ParentMatches = readonly boolean[];

export interface PatternMatcher {
  readonly patterns: readonly Pattern[];
  /** Whether any pattern is an exception. */
  readonly exclusions: boolean;
  /**
   * Whether a slash-separated path, or a folder it is in, matches in the end: later patterns overrule earlier ones.
   *
   * @throws Error `syntax error in pattern`
   */
  matchesOrParentMatches(path: string): boolean;
  /**
   * The same for walking a tree: `parent` is what this returned for the folder that the path is in.
   *
   * @throws Error `syntax error in pattern`
   */
  matchesUsingParent(
    path: string,
    parent?: ParentMatches,
  ): { readonly matched: boolean; readonly matches: ParentMatches };
}

/** @throws Error for a lone `!` and for malformed classes and escapes */
export function createPatternMatcher(patterns: readonly string[]): PatternMatcher {
  const compiled: (Pattern & { matches(path: string): boolean })[] = [];
  for (const pattern of patterns) {
    const trimmed = trimSpace(pattern);
    if (trimmed === '') continue;
    let text = clean(trimmed);
    const exclusion = text.startsWith('!');
    if (text === '!') throw new Error('illegal exclusion pattern: "!"');
    if (exclusion) text = text.slice(1);
    matchPath(text, '.'); // for its errors alone
    // Compiled when first needed: a pattern may be in error without ever being asked.
    let program: ((path: string) => boolean) | undefined;
    const matches = (path: string): boolean => (program ??= compilePattern(text))(path);
    compiled.push({ text, exclusion, matches });
  }

  function matchesOrParentMatches(path: string): boolean {
    const parents = parentFolders(path);
    let matched = false;
    for (const { exclusion, matches } of compiled) {
      if (exclusion !== matched) continue;
      if (matches(path) || parents.some(matches)) matched = !exclusion;
    }
    return matched;
  }

  function matchesUsingParent(path: string, parent: ParentMatches = []) {
    const parents = parent.length > 0 ? [] : parentFolders(path);
    const found = new Array<boolean>(compiled.length).fill(false);
    let matched = false;
    for (const [i, { exclusion, matches }] of compiled.entries()) {
      if (!parent[i]) {
        if (exclusion !== matched) continue;
        if (!matches(path) && !parents.some(matches)) continue;
      }
      found[i] = true;
      matched = !exclusion;
    }
    return { matched, matches: found };
  }

  return {
    patterns: compiled.map(({ text, exclusion }) => ({ text, exclusion })),
    exclusions: compiled.some(({ exclusion }) => exclusion),
    matchesOrParentMatches,
    matchesUsingParent,
  };
}

/** The folders a path is in, outermost first; of an absolute path also '' (its root). */
function parentFolders(path: string): string[] {
  const parents: string[] = [];
  const cleaned = clean(path.slice(0, path.lastIndexOf('/') + 1));
  if (cleaned === '.') return parents;
  for (let at = cleaned.indexOf('/'); at >= 0; at = cleaned.indexOf('/', at + 1)) parents.push(cleaned.slice(0, at));
  parents.push(cleaned);
  return parents;
}
