import { expect, test } from 'vitest';
import { checkUndefinedVar } from '../../../src/buildkit-rules/rules/undefined-var.ts';
import { lines, reported } from './findings.ts';

const check = (unmatched: string[], declared: string[], known: string[]) =>
  reported((linter) => {
    const names = new Map(declared.map((name) => [name, undefined]));
    checkUndefinedVar(linter, { lines }, unmatched, names, () => known);
  });

test('UndefinedVar reports a variable that is not set, with the name that was probably meant', () => {
  expect(check(['PAHT', 'X'], [], ['PATH'])).toEqual([
    "UndefinedVar: Usage of undefined variable '$PAHT' (did you mean $PATH?) (line 1)",
    "UndefinedVar: Usage of undefined variable '$X' (line 1)",
  ]);
});

test('UndefinedVar accepts an ARG without a value', () => {
  expect(check(['A'], ['A'], [])).toEqual([]);
});
