import type { Diagnostic } from '../../diagnostic/diagnostic.ts';
import type { Linter } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** An instruction has an empty line in it. */
export const noEmptyContinuation = defineRule({
  name: 'NoEmptyContinuation',
  description: 'Empty continuation lines will become errors in a future release',
  message: () => 'Empty continuation line',
});

/** Reports the empty lines inside instructions. @param diagnostics of the parser, which finds the lines */
export function checkNoEmptyContinuation(linter: Linter, diagnostics: readonly Diagnostic[]): void {
  for (const { code, lines, range } of diagnostics)
    if (code === noEmptyContinuation.name) linter.report(noEmptyContinuation, { lines: lines[0], range });
}
