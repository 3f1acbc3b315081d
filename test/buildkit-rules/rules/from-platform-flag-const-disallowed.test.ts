import { expect, test } from 'vitest';
import { checkFromPlatformFlagConstDisallowed } from '../../../src/buildkit-rules/rules/from-platform-flag-const-disallowed.ts';
import { expansion, lines, reported } from './findings.ts';

test('FromPlatformFlagConstDisallowed reports a platform without variables, unless the stage is named after it', () => {
  const check = (name: string, match: ReturnType<typeof expansion>) =>
    reported((linter) =>
      checkFromPlatformFlagConstDisallowed(linter, { lines }, { name }, match, { os: 'linux', architecture: 'amd64' }),
    );
  expect(check('build', expansion('linux/amd64'))).toEqual([
    'FromPlatformFlagConstDisallowed: FROM --platform flag should not use constant value "linux/amd64" (line 1)',
  ]);
  expect(check('build-amd64', expansion('linux/amd64'))).toEqual([]);
  expect(check('build', expansion('linux/amd64', ['X']))).toEqual([]);
});
