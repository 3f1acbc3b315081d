import { expect, test } from 'vitest';
import { findings } from './findings.ts';

test('ConsistentInstructionCasing reports each keyword that is not in the casing of the majority', () => {
  expect(findings('FROM a\nfrom b\nFrom c\n')).toEqual([
    "ConsistentInstructionCasing: Command 'from' should match the case of the command majority (uppercase) (line 2)",
    "ConsistentInstructionCasing: Command 'From' should match the case of the command majority (uppercase) (line 3)",
  ]);
});

test('ConsistentInstructionCasing takes lower case from the majority, without the global ARGs', () => {
  expect(findings('ARG A\nARG B\nARG C\nfrom a\nrun b\nRUN c\n')).toEqual([
    "ConsistentInstructionCasing: Command 'RUN' should match the case of the command majority (lowercase) (line 6)",
  ]);
});
