import { expect, test } from 'vitest';
import { checkExposeProtoCasing } from '../../../src/buildkit-rules/rules/expose-proto-casing.ts';
import { lines, reported } from './findings.ts';

test('ExposeProtoCasing reports a protocol in capitals', () => {
  const check = (port: string, protocol: string) =>
    reported((linter) => checkExposeProtoCasing(linter, { lines }, port, protocol));
  expect(check('80/TCP', 'TCP')).toEqual([
    "ExposeProtoCasing: Defined protocol '80/TCP' in EXPOSE instruction should be lowercase (line 1)",
  ]);
  expect(check('80/tcp', 'tcp')).toEqual([]);
});
