/** Chooses the files of a context: include and exclude patterns, and paths whose symlinks are followed. */
import { createPatternMatcher, type ParentMatches, type PatternMatcher } from '../parser/ignore/pattern-matcher.ts';
import { followLinks, withoutNested } from './follow-links.ts';
import type { PathFilter } from './walk.ts';

/** Which paths of a tree are sent. */
export interface FilterOptions {
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly follow?: readonly string[] | undefined;
}

interface FilterState {
  readonly include: ParentMatches | undefined;
  readonly exclude: ParentMatches | undefined;
}

/**
 * The filter for a tree at `root`: a file is listed if it, or a directory it is in, matches the include patterns (when
 * there are any) and does not match the exclude patterns. undefined when everything is listed.
 *
 * @param root the real path of the tree
 * @throws Error for invalid patterns
 */
export async function createFilter(root: string, options: FilterOptions): Promise<PathFilter<FilterState> | undefined> {
  let include = options.include ?? [];
  if (options.follow?.length) {
    const targets = await followLinks(root, options.follow);
    if (targets) include = withoutNested([...include, ...targets]) ?? [];
  }
  const included = include.length > 0 ? compilePatterns('include', include) : undefined;
  const excluded = options.exclude?.length ? compilePatterns('exclude', options.exclude) : undefined;
  if (!included && !excluded) return undefined;

  return {
    decide(path, isDirectory, parent) {
      let listed = true;
      let descend = isDirectory;
      let include: ParentMatches | undefined;
      let exclude: ParentMatches | undefined;
      if (included) {
        const result = included.matcher.matchesUsingParent(path, parent?.include);
        include = result.matches;
        if (!result.matched) {
          listed = false;
          descend &&= included.mayMatchBelow(path);
        }
      }
      if (excluded && (listed || descend)) {
        const result = excluded.matcher.matchesUsingParent(path, parent?.exclude);
        exclude = result.matches;
        if (result.matched) {
          listed = false;
          descend &&= excluded.mayMatchBelow(path);
        }
      }
      return { listed, descend, state: { include, exclude } };
    },
  };
}

interface Side {
  readonly matcher: PatternMatcher;
  /** Whether something below a directory can still change the outcome; true if that is unknown. */
  mayMatchBelow(dir: string): boolean;
}

/** For includes, the plain patterns can add something below a directory; for excludes, their exceptions can. */
function compilePatterns(side: 'include' | 'exclude', patterns: readonly string[]): Side {
  let matcher: PatternMatcher;
  try {
    matcher = createPatternMatcher(patterns);
  } catch (error) {
    throw new Error(`invalid ${side}patterns: [${patterns.join(' ')}]: ${(error as Error).message}`);
  }
  const deciding = matcher.patterns
    .filter((pattern) => pattern.exclusion === (side === 'exclude'))
    .map((pattern) => pattern.text.replace(/\/\*\*$/, '').replace(/\/\*$/, ''));
  const literal = !deciding.some((text) => /[*[\]?^\\]/.test(text));
  return {
    matcher,
    mayMatchBelow: (dir) => !literal || deciding.some((text) => `${text}/`.startsWith(`${dir}/`)),
  };
}
