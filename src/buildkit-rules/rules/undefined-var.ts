import type { Linter, Place } from '../linter.ts';
import { defineRule, misspelling, suggestionText } from '../rule.ts';

/** A variable is used that is not set. */
export const undefinedVar = defineRule({
  name: 'UndefinedVar',
  description: 'Variables should be defined before their use',
  message: (name: string, suggestion: string) =>
    `Usage of undefined variable '$${name}'${suggestionText(suggestion === '' ? '' : `$${suggestion}`)}`,
  facts: misspelling,
});

/**
 * @param declared the ARGs of the stage so far by name, which may be unset
 * @param known names of the variables that are set, in order, for suggestions
 */
export function checkUndefinedVar(
  linter: Linter,
  place: Place,
  unmatched: readonly string[],
  declared: ReadonlyMap<string, unknown>,
  known: () => readonly string[],
): void {
  for (const name of unmatched) {
    if (declared.has(name)) continue;
    linter.report(undefinedVar, place, name, linter.suggest(name, known));
  }
}
