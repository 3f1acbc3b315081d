/**
 * Docker's path patterns (`.dockerignore`, include and exclude lists): `*`, `?` and classes as in Go's filepath.Match,
 * `**` for any number of directories, `!` for exceptions. A pattern that matches a directory matches everything below
 * it.
 */
import { matchPath } from '../../go/match.ts';
import { clean } from '../../go/path.ts';
import { trimSpace } from '../../go/unicode.ts';
import { compilePattern, type PathTest } from './pattern-program.ts';

/** One pattern, cleaned and without its `!`. */
interface Pattern {
  readonly text: string;
  readonly exclusion: boolean;
}

/** The matches of a directory by pattern, for matching its content. */
export type ParentMatches = readonly boolean[];

/** Matches paths against a list of patterns. */
export interface PatternMatcher {
  /** The patterns in order, without blank ones. */
  readonly patterns: readonly Pattern[];
  /** Whether any pattern is an exception. */
  readonly exclusions: boolean;
  /**
   * Whether a slash-separated path or a directory around it matches; later patterns overrule earlier ones.
   *
   * @throws Error `syntax error in pattern`
   */
  matchesOrParentMatches(path: string): boolean;
  /**
   * The index in `patterns` of the pattern that decides that the path matches; -1 if the path does not match.
   *
   * @throws Error `syntax error in pattern`
   */
  decidingPattern(path: string): number;
  /**
   * {@link matchesOrParentMatches} for walking a tree: `parent` is what this returned for the directory that the path
   * is in.
   *
   * @throws Error `syntax error in pattern`
   */
  matchesUsingParent(
    path: string,
    parent?: ParentMatches,
  ): { readonly matched: boolean; readonly matches: ParentMatches };
}

/** Compiles the patterns of an ignore file. @throws Error for a lone `!` and for malformed classes and escapes */
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
    // Compiled on first use: an invalid pattern is only an error when it is used.
    let program: PathTest | undefined;
    const matches: PathTest = (path, orParent) => (program ??= compilePattern(text))(path, orParent);
    compiled.push({ text, exclusion, matches });
  }

  function decidingPattern(path: string): number {
    const dir = cleanDir(path);
    let deciding = -1;
    for (let i = 0; i < compiled.length; i++) {
      const { exclusion, matches } = compiled[i]!;
      if (exclusion !== deciding >= 0) continue;
      if (pathOrParentMatches(path, dir, matches)) deciding = exclusion ? -1 : i;
    }
    return deciding;
  }

  function matchesUsingParent(path: string, parent: ParentMatches = []) {
    const dir = parent.length > 0 ? undefined : cleanDir(path);
    const found = new Array<boolean>(compiled.length).fill(false);
    let matched = false;
    for (let i = 0; i < compiled.length; i++) {
      const { exclusion, matches } = compiled[i]!;
      if (!parent[i]) {
        if (exclusion !== matched) continue;
        if (!pathOrParentMatches(path, dir, matches)) continue;
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

/** The cleaned directory of a path; undefined if the path has no directory. */
function cleanDir(path: string): string | undefined {
  const dir = clean(path.slice(0, path.lastIndexOf('/') + 1));
  return dir === '.' ? undefined : dir;
}

/** Parents are the directory and the directories around it: each text before a slash, '' for the root. */
function pathOrParentMatches(path: string, dir: string | undefined, matches: PathTest): boolean {
  if (dir === undefined) return matches(path);
  // Usually a path begins with its cleaned directory, and then one test is enough.
  if (path.lastIndexOf('/') === dir.length && path.startsWith(dir)) return matches(path, true);
  return matches(path) || matches(dir, true);
}
