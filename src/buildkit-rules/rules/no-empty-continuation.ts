import type { EmptyContinuation } from '../../parser/ast.ts';
import type { Linter } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** An instruction has an empty line in it. */
export const noEmptyContinuation = defineRule({
  name: 'NoEmptyContinuation',
  description: 'Empty continuation lines will become errors in a future release',
  message: () => 'Empty continuation line',
});

/** Reports the empty lines inside instructions. */
export function checkNoEmptyContinuation(linter: Linter, found: readonly EmptyContinuation[]): void {
  for (const place of found) linter.report(noEmptyContinuation, place);
}
