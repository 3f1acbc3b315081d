import type { Linter, Place } from '../linter.ts';
import { defineRule, misspelling, suggestionText } from '../rule.ts';

/** FROM has variables that no global ARG declares. */
export const undefinedArgInFrom = defineRule({
  name: 'UndefinedArgInFrom',
  description: 'FROM command must use declared ARGs',
  message: (name: string, suggestion: string) => `FROM argument '${name}' is not declared${suggestionText(suggestion)}`,
  facts: misspelling,
});

/** Reports the variables of FROM that no global ARG declares. @param declared names that count as declared */
export function checkUndefinedArgInFrom(
  linter: Linter,
  place: Place,
  unmatched: Iterable<string>,
  declared: ReadonlySet<string>,
): void {
  for (const name of unmatched)
    if (!declared.has(name))
      linter.report(
        undefinedArgInFrom,
        place,
        name,
        linter.suggest(name, () => [...declared]),
      );
}
