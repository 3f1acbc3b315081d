import { expect, test } from 'vitest';
import { checkJsonArgsRecommended } from '../../../src/buildkit-rules/rules/json-args-recommended.ts';
import { lines, reported } from './findings.ts';

test('JSONArgsRecommended names the instruction in shell form', () => {
  expect(reported((linter) => checkJsonArgsRecommended(linter, { lines }, 'CMD'))).toEqual([
    'JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals (line 1)',
  ]);
});
