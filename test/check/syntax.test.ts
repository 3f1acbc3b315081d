import { expect, test } from 'vitest';
import { findings as check } from './rules/findings.ts';

test('names and keywords of stages with other casing are reported', () => {
  expect(check('FROM a AS Build\nfrom b AS c\nFrom x aS y\n')).toEqual([
    "StageNameCasing: Stage name 'Build' should be lowercase (line 1)",
    "FromAsCasing: 'AS' and 'from' keywords' casing do not match (line 2)",
    "ConsistentInstructionCasing: Command 'from' should match the case of the command majority (uppercase) (line 2)",
    "ConsistentInstructionCasing: Command 'From' should match the case of the command majority (uppercase) (line 3)",
  ]);
});

test('the majority may be lower case; global ARGs have no vote', () => {
  expect(check('ARG A\nARG B\nARG C\nfrom a\nrun b\nRUN c\n')).toEqual([
    "ConsistentInstructionCasing: Command 'RUN' should match the case of the command majority (lowercase) (line 6)",
  ]);
});

test('duplicate and reserved names of stages are reported', () => {
  expect(check('FROM a AS scratch\nFROM a AS x\nFROM b AS x\nFROM c AS context')).toEqual([
    'ReservedStageName: Stage name should not use the same name as reserved stage "scratch" (line 1)',
    'DuplicateStageName: Duplicate stage name "x", stage names should be unique (line 3)',
    'ReservedStageName: Stage name should not use the same name as reserved stage "context" (line 4)',
  ]);
});

test('MAINTAINER and empty continuation lines are reported, the latter first', () => {
  expect(check('FROM a\nMAINTAINER me\nRUN x \\\n\n  y')).toEqual([
    'NoEmptyContinuation: Empty continuation line (line 5)',
    'MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label (line 2)',
  ]);
});

test('descriptions are checked on demand', () => {
  const text = '# x y\nFROM a AS b\n# q\nARG A=1 B\n# A is fine\nARG A\n#\nARG C\n# b fine\nFROM a AS B\nFROM b\n';
  expect(check(text).filter((line) => line.startsWith('InvalidDef'))).toEqual([]);
  expect(check(text, 'experimental=all;skip=all')).toEqual([
    'InvalidDefinitionDescription: Comment for FROM should follow the format: `# b <description>` (line 2)',
    'InvalidDefinitionDescription: Comment for ARG should follow the format: `# <arg_key> <description>` (line 4)',
  ]);
});

test('a comment skips for its instruction', () => {
  expect(check('ARG A\n# check=skip=StageNameCasing\nFROM a AS A\nFROM b AS B')).toEqual([
    "StageNameCasing: Stage name 'B' should be lowercase (line 4)",
  ]);
});

test('an error ends the check, what was seen before stays', () => {
  expect(check('FROM a AS A\nFROM b AS B!\nFROM c AS C')).toEqual([
    "StageNameCasing: Stage name 'A' should be lowercase (line 1)",
    "StageNameCasing: Stage name 'B!' should be lowercase (line 2)",
  ]);
  expect(check('FROM a as b c d\nFROM x AS Y')).toEqual([
    "FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 1)",
  ]);
  expect(check('FROM a\nMAINTAINER\nMAINTAINER me')).toEqual([
    'MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label (line 2)',
  ]);
  expect(check('RUN a\nFROM a AS A')).toEqual([]);
});

test('nothing is said of a file that cannot be divided into instructions', () => {
  expect(check('FROM a AS A\nRUN <<E\nx')).toEqual([]);
  expect(check('FROM a AS A\nENV x')).toEqual([]);
  expect(check('')).toEqual([]);
});
