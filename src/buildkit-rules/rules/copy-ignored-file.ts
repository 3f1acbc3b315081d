import { clean } from '../../go/path.ts';
import { quote } from '../../go/quote.ts';
import type { PatternMatcher } from '../../parser/ignore/pattern-matcher.ts';
import type { Linter, Place } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** COPY or ADD names a file of the context that `.dockerignore` excludes. */
export const copyIgnoredFile = defineRule({
  name: 'CopyIgnoredFile',
  description: 'Attempting to Copy file that is excluded by .dockerignore',
  aboutValues: true,
  message: (command: string, file: string) =>
    `Attempting to ${command} file ${quote(file)} that is excluded by .dockerignore`,
});

/**
 * Ignore files with exceptions (`!pattern`) are not checked: one may exclude a directory and include a file in it. Nor
 * is an ignore file with an invalid pattern.
 *
 * @param matcher the patterns of `.dockerignore`; undefined if there is no such file
 */
export function checkCopyIgnoredFile(
  linter: Linter,
  place: Place,
  command: 'Copy' | 'Add',
  source: string,
  matcher: PatternMatcher | undefined,
): void {
  if (!matcher || matcher.exclusions) return;
  const path = clean(source);
  // The root of the context is only excluded if everything is.
  if ((path === '.' || path === '/') && !isCatchAll(matcher)) return;
  if (isIgnored(path, matcher)) linter.report(copyIgnoredFile, place, command, path);
}

function isIgnored(path: string, matcher: PatternMatcher): boolean {
  try {
    return matcher.matchesOrParentMatches(path);
  } catch {
    return false;
  }
}

function isCatchAll(matcher: PatternMatcher): boolean {
  return matcher.patterns.some(({ text }) => text === '*' || text === '**' || text === '**/*');
}
