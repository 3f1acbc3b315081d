import type { ProcessedWord } from '../../parser/words.ts';
import type { Linter, Place } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** FROM has `--platform=$TARGETPLATFORM`, which is the default. */
export const redundantTargetPlatform = defineRule({
  name: 'RedundantTargetPlatform',
  description: 'Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior',
  message: (expression: string) =>
    `Setting platform to predefined ${expression} in FROM is redundant as this is the default behavior`,
});

/**
 * @param platform the value as written
 * @param expanded the expanded value, with the variables in it
 */
export function checkRedundantTargetPlatform(
  linter: Linter,
  place: Place,
  platform: string,
  { result, matched, unmatched }: ProcessedWord,
  targetPlatform: string | undefined,
): void {
  // The variable alone must make up the value: with several, one of them may have been empty.
  if (matched.size !== 1 || unmatched.size !== 0 || !matched.has('TARGETPLATFORM')) return;
  if (result === (targetPlatform ?? '')) linter.report(redundantTargetPlatform, place, platform);
}
