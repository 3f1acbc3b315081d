import { expect, test } from 'vitest';
import { checkMultipleInstructionsDisallowed } from '../../../src/buildkit-rules/rules/multiple-instructions-disallowed.ts';
import { reported } from './findings.ts';

test('MultipleInstructionsDisallowed reports the earlier of two instructions', () => {
  expect(reported((linter) => checkMultipleInstructionsDisallowed(linter, 'CMD', undefined))).toEqual([]);
  expect(reported((linter) => checkMultipleInstructionsDisallowed(linter, 'cmd', { start: 7, end: 8 }))).toEqual([
    'MultipleInstructionsDisallowed: Multiple cmd instructions should not be used in the same stage because only the last one will be used (line 7)',
  ]);
});
