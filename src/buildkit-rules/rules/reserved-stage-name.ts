import { quote } from '../../go/quote.ts';
import type { Stage } from '../../parser/ast.ts';
import type { Linter } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** A stage has a name that means something else. */
export const reservedStageName = defineRule({
  name: 'ReservedStageName',
  description: 'Reserved words should not be used as stage names',
  message: (stage: string) => `Stage name should not use the same name as reserved stage ${quote(stage)}`,
});

const reservedNames: ReadonlySet<string> = new Set(['context', 'scratch']);

/** Reports a stage with a reserved name. */
export function checkReservedStageName(linter: Linter, { name, from }: Stage): void {
  if (!reservedNames.has(name)) return;
  linter.report(reservedStageName, { lines: from.lines, range: from.as?.name.range }, name);
}
