import { quote } from '../../go/quote.ts';
import type { Stage } from '../../parser/ast.ts';
import type { ProcessedWord } from '../../parser/words.ts';
import type { Linter, Place } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** The `--platform` of FROM has no variables, and the stage is not named after it. */
export const fromPlatformFlagConstDisallowed = defineRule({
  name: 'FromPlatformFlagConstDisallowed',
  description: 'FROM --platform flag should not use a constant value',
  message: (platform: string) => `FROM --platform flag should not use constant value ${quote(platform)}`,
});

/** Reports a platform without variables, unless the stage is named after it. @param platform the value parsed */
export function checkFromPlatformFlagConstDisallowed(
  linter: Linter,
  place: Place,
  { name }: Pick<Stage, 'name'>,
  { result, matched, unmatched }: ProcessedWord,
  platform: { readonly os: string; readonly architecture: string },
): void {
  if (matched.size > 0 || unmatched.size > 0) return;
  if (name.includes(platform.os) || name.includes(platform.architecture)) return;
  linter.report(fromPlatformFlagConstDisallowed, place, result);
}
