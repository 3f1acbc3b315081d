import type { Fix } from '../../diagnostic/diagnostic.ts';
import { toLower, toUpper } from '../../go/unicode.ts';
import type { Linter, Place } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** The keywords of `FROM image as name` differ in their casing. */
export const fromAsCasing = defineRule({
  name: 'FromAsCasing',
  description: "The 'as' keyword should match the case of the 'from' keyword",
  message: (from: string, as: string) => `'${as}' and '${from}' keywords' casing do not match`,
});

/** Reports an AS in another casing than its FROM. @param from the keyword as written, and so is `as` */
export function checkFromAsCasing(linter: Linter, place: Place, from: string, as: string): void {
  // A FROM in mixed case is the business of ConsistentInstructionCasing.
  const wanted = from === toLower(from) ? toLower(as) : from === toUpper(from) ? toUpper(as) : as;
  if (as === wanted) return;
  const { range } = place;
  const fix: Fix | undefined = range && { title: `Write ${wanted}`, edits: [{ range, text: wanted }], safety: 'safe' };
  linter.report(fromAsCasing, { ...place, fix }, from, as);
}
