import type { Linter, Place } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** `ENV key value` or `LABEL key value` is used instead of `key=value`. */
export const legacyKeyValueFormat = defineRule({
  name: 'LegacyKeyValueFormat',
  description: 'Legacy key/value format with whitespace separator should not be used',
  message: (keyword: string) => `"${keyword} key=value" should be used instead of legacy "${keyword} key value" format`,
});

/** Reports an instruction without an equals sign. */
export function checkLegacyKeyValueFormat(linter: Linter, place: Place, keyword: string): void {
  linter.report(legacyKeyValueFormat, place, keyword);
}
