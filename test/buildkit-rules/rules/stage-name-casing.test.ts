import { expect, test } from 'vitest';
import { findings } from './findings.ts';

test('StageNameCasing reports a stage name with capitals', () => {
  expect(findings('FROM a AS Build\nFROM b AS c\n')).toEqual([
    "StageNameCasing: Stage name 'Build' should be lowercase (line 1)",
  ]);
});
