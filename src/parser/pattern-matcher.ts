/**
 * Docker's path patterns (`.dockerignore`, include and exclude lists): `*`, `?` and classes as in Go's filepath.Match,
 * `**` for any number of folders, `!` for exceptions. A pattern that matches a folder matches all below it.
 */
import { matchPath } from '../go/match.ts';
import { clean } from '../go/path.ts';
import { trimSpace } from '../go/unicode.ts';
import { compilePattern, type PathTest } from './pattern-program.ts';

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
   * Which pattern decides that the path matches: its index in `patterns`; -1 where the path does not match.
   *
   * @throws Error `syntax error in pattern`
   */
  decidingPattern(path: string): number;
  /**
   * {@link matchesOrParentMatches} for walking a tree: `parent` is what this returned for the folder that the path is in.
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
  const compiled: (Pattern & { readonly matches: PathTest })[] = [];
  for (const pattern of patterns) {
    const trimmed = trimSpace(pattern);
    if (trimmed === '') continue;
    let text = clean(trimmed);
    const exclusion = text.startsWith('!');
    if (text === '!') throw new Error('illegal exclusion pattern: "!"');
    if (exclusion) text = text.slice(1);
    matchPath(text, '.'); // for its errors alone
    // Compiled when first needed: a pattern may be in error without ever being asked.
    let program: PathTest | undefined;
    const matches: PathTest = (path, orParent) => (program ??= compilePattern(text))(path, orParent);
    compiled.push({ text, exclusion, matches });
  }

  function decidingPattern(path: string): number {
    const folder = cleanFolder(path);
    let deciding = -1;
    for (let i = 0; i < compiled.length; i++) {
      const { exclusion, matches } = compiled[i]!;
      if (exclusion !== deciding >= 0) continue;
      if (pathOrParentMatches(path, folder, matches)) deciding = exclusion ? -1 : i;
    }
    return deciding;
  }

  function matchesUsingParent(path: string, parent: ParentMatches = []) {
    const folder = parent.length > 0 ? undefined : cleanFolder(path);
    const found = new Array<boolean>(compiled.length).fill(false);
    let matched = false;
    for (let i = 0; i < compiled.length; i++) {
      const { exclusion, matches } = compiled[i]!;
      if (!parent[i]) {
        if (exclusion !== matched) continue;
        if (!pathOrParentMatches(path, folder, matches)) continue;
      }
      found[i] = true;
      matched = !exclusion;
    }
    return { matched, matches: found };
  }

  return {
    patterns: compiled.map(({ text, exclusion }) => ({ text, exclusion })),
    exclusions: compiled.some(({ exclusion }) => exclusion),
    matchesOrParentMatches: (path) => decidingPattern(path) >= 0,
    decidingPattern,
    matchesUsingParent,
  };
}

/** The cleaned folder a path is in; undefined if it has none. */
function cleanFolder(path: string): string | undefined {
  const folder = clean(path.slice(0, path.lastIndexOf('/') + 1));
  return folder === '.' ? undefined : folder;
}

/** Parents are the folder and all that it is in: what is in front of a slash, '' for the root. */
function pathOrParentMatches(path: string, folder: string | undefined, matches: PathTest): boolean {
  if (folder === undefined) return matches(path);
  // As a rule a path begins with its cleaned folder, and then one look at it is enough.
  if (path.lastIndexOf('/') === folder.length && path.startsWith(folder)) return matches(path, true);
  return matches(path) || matches(folder, true);
}
