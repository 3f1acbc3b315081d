import { expect, test } from 'vitest';
import { checkRedundantTargetPlatform } from '../../../src/buildkit-rules/rules/redundant-target-platform.ts';
import { expansion, lines, reported } from './findings.ts';

test('RedundantTargetPlatform reports a platform that is $TARGETPLATFORM alone', () => {
  const check = (match: ReturnType<typeof expansion>) =>
    reported((linter) => checkRedundantTargetPlatform(linter, { lines }, '$TARGETPLATFORM', match, 'linux/amd64'));
  expect(check(expansion('linux/amd64', ['TARGETPLATFORM']))).toEqual([
    'RedundantTargetPlatform: Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior (line 1)',
  ]);
  expect(check(expansion('linux/amd64', ['TARGETPLATFORM', 'X']))).toEqual([]);
  expect(check(expansion('linux/amd64', ['TARGETPLATFORM'], ['X']))).toEqual([]);
  expect(check(expansion('linux/amd64/v2', ['TARGETPLATFORM']))).toEqual([]);
  expect(check(expansion('linux/amd64'))).toEqual([]);
});
