import type { LineRange } from '../../diagnostic/source-file.ts';
import type { Linter } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** A stage has a second CMD, ENTRYPOINT or HEALTHCHECK. */
export const multipleInstructionsDisallowed = defineRule({
  name: 'MultipleInstructionsDisallowed',
  description: 'Multiple instructions of the same type should not be used in the same stage',
  message: (keyword: string) =>
    `Multiple ${keyword} instructions should not be used in the same stage because only the last one will be used`,
});

/**
 * The earlier one is reported: it has no effect.
 *
 * @param previous lines of the earlier one; undefined if absent
 */
export function checkMultipleInstructionsDisallowed(
  linter: Linter,
  keyword: string,
  previous: LineRange | undefined,
): void {
  if (previous) linter.report(multipleInstructionsDisallowed, { lines: previous }, keyword);
}
