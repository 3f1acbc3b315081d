import { toLower } from '../../go/unicode.ts';
import type { Linter, Place } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** The name of a stage has capitals. */
export const stageNameCasing = defineRule({
  name: 'StageNameCasing',
  description: 'Stage names should be lowercase',
  message: (stage: string) => `Stage name '${stage}' should be lowercase`,
});

/** Reports a stage name with capitals. @param name as written */
export function checkStageNameCasing(linter: Linter, place: Place, name: string): void {
  if (name !== toLower(name)) linter.report(stageNameCasing, place, name);
}
