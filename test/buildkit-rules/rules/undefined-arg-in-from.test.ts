import { expect, test } from 'vitest';
import { checkUndefinedArgInFrom } from '../../../src/buildkit-rules/rules/undefined-arg-in-from.ts';
import { lines, reported } from './findings.ts';

test('UndefinedArgInFrom reports a variable that no global ARG declares, with the name that was probably meant', () => {
  const declared = new Set(['VERSION']);
  expect(reported((linter) => checkUndefinedArgInFrom(linter, { lines }, ['VERSOIN', 'VERSION'], declared))).toEqual([
    "UndefinedArgInFrom: FROM argument 'VERSOIN' is not declared (did you mean VERSION?) (line 1)",
  ]);
});
