import { expect, test } from 'vitest';
import { findings } from './rules/findings.ts';

test('the findings of one instruction come in the order of the rules, those about the whole file at the end', () => {
  expect(findings('FROM a AS Build\nfrom b AS c\nFrom x aS y\n')).toEqual([
    "StageNameCasing: Stage name 'Build' should be lowercase (line 1)",
    "FromAsCasing: 'AS' and 'from' keywords' casing do not match (line 2)",
    "ConsistentInstructionCasing: Command 'from' should match the case of the command majority (uppercase) (line 2)",
    "ConsistentInstructionCasing: Command 'From' should match the case of the command majority (uppercase) (line 3)",
  ]);
});

test('empty continuation lines come before what an instruction is reported for', () => {
  expect(findings('FROM a\nMAINTAINER me\nRUN x \\\n\n  y')).toEqual([
    'NoEmptyContinuation: Empty continuation line (line 5)',
    'MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label (line 2)',
  ]);
});

test('a comment skips rules for its instruction only', () => {
  expect(findings('ARG A\n# check=skip=StageNameCasing\nFROM a AS A\nFROM b AS B')).toEqual([
    "StageNameCasing: Stage name 'B' should be lowercase (line 4)",
  ]);
});

test('an error ends the check, and the findings before it remain', () => {
  expect(findings('FROM a AS A\nFROM b AS B!\nFROM c AS C')).toEqual([
    "StageNameCasing: Stage name 'A' should be lowercase (line 1)",
    "StageNameCasing: Stage name 'B!' should be lowercase (line 2)",
  ]);
  expect(findings('FROM a as b c d\nFROM x AS Y')).toEqual([
    "FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 1)",
  ]);
  expect(findings('FROM a\nMAINTAINER\nMAINTAINER me')).toEqual([
    'MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label (line 2)',
  ]);
  expect(findings('RUN a\nFROM a AS A')).toEqual([]);
});

test('nothing is said of a file that cannot be divided into instructions', () => {
  expect(findings('FROM a AS A\nRUN <<E\nx')).toEqual([]);
  expect(findings('FROM a AS A\nENV x')).toEqual([]);
  expect(findings('')).toEqual([]);
});
