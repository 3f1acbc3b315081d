import { quote } from '../../go/quote.ts';
import type { Stage } from '../../parser/ast.ts';
import type { Linter } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** Two stages have the same name. */
export const duplicateStageName = defineRule({
  name: 'DuplicateStageName',
  description: 'Stage names should be unique',
  message: (stage: string) => `Duplicate stage name ${quote(stage)}, stage names should be unique`,
});

/** Reports a stage whose name a stage above has. @param seen the names of the stages above */
export function checkDuplicateStageName(linter: Linter, { name, from }: Stage, seen: ReadonlySet<string>): void {
  if (seen.has(name)) linter.report(duplicateStageName, { lines: from.lines, range: from.as?.name.range }, name);
}
