import { expect, test } from 'vitest';
import { noCheckConfig } from '../../../src/buildkit-rules/check-options.ts';
import { createLinter } from '../../../src/buildkit-rules/linter.ts';
import { checkNoEmptyContinuation } from '../../../src/buildkit-rules/rules/no-empty-continuation.ts';
import type { Diagnostic } from '../../../src/diagnostic/diagnostic.ts';
import { parseDockerfile } from '../../../src/parser/parse.ts';
import { findings } from './findings.ts';

test('NoEmptyContinuation reports an instruction with an empty line, at its last line', () => {
  expect(findings('FROM a\nRUN x \\\n\n  y')).toEqual(['NoEmptyContinuation: Empty continuation line (line 4)']);
});

test('NoEmptyContinuation points at the last empty line', () => {
  const found: Diagnostic[] = [];
  const { source, emptyContinuations } = parseDockerfile('FROM a\nRUN x \\\n\n  \n  y');
  checkNoEmptyContinuation(
    createLinter(noCheckConfig, (it) => found.push(it), source),
    emptyContinuations,
  );
  expect(found).toMatchObject([{ range: { start: 16, end: 19 }, lines: [{ start: 5, end: 5 }] }]);
});
