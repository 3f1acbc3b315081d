import { expect, test } from 'vitest';
import { findings } from './findings.ts';

test('NoEmptyContinuation reports an instruction with an empty line, at its last line', () => {
  expect(findings('FROM a\nRUN x \\\n\n  y')).toEqual(['NoEmptyContinuation: Empty continuation line (line 4)']);
});
