import type { Linter, Place } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** CMD or ENTRYPOINT is in shell form, and the stage has no SHELL instruction. */
export const jsonArgsRecommended = defineRule({
  name: 'JSONArgsRecommended',
  description: 'JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals',
  message: (keyword: string) =>
    `JSON arguments recommended for ${keyword} to prevent unintended behavior related to OS signals`,
});

/** Reports an instruction in shell form. */
export function checkJsonArgsRecommended(linter: Linter, place: Place, keyword: string): void {
  linter.report(jsonArgsRecommended, place, keyword);
}
