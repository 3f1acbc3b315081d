/** Rules about COPY and ADD. */
import { clean } from '../go/path.ts';
import type { PatternMatcher } from '../parser/pattern-matcher.ts';
import type { LineRange } from '../parser/source.ts';
import type { Linter } from './linter.ts';
import * as rules from './rules.ts';

/**
 * A source in the build context that `.dockerignore` leaves out. Files with exceptions (`!pattern`) are not judged: a
 * folder may be left out and a file in it be taken in again. Nor is a file with a pattern that cannot be matched.
 *
 * @param matcher the patterns of `.dockerignore`, undefined if there is none
 */
export function copyIgnoredFile(
  linter: Linter,
  lines: LineRange,
  command: 'Copy' | 'Add',
  source: string,
  matcher: PatternMatcher | undefined,
): void {
  if (!matcher || matcher.exclusions) return;
  const path = clean(source);
  // The root is no file that could be left out, unless everything is.
  if ((path === '.' || path === '/') && !ignoresAll(matcher)) return;
  if (!isIgnored(path, matcher)) return;
  linter.run(rules.copyIgnoredFile, lines, rules.copyIgnoredFile.format(command, path));
}

function isIgnored(path: string, matcher: PatternMatcher): boolean {
  try {
    return matcher.matchesOrParentMatches(path);
  } catch {
    return false;
  }
}

function ignoresAll(matcher: PatternMatcher): boolean {
  return matcher.patterns.some(({ text }) => text === '*' || text === '**' || text === '**/*');
}
