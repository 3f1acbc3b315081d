import { expect, test } from 'vitest';
import { findings } from './findings.ts';

test('DuplicateStageName reports a name that a stage above has', () => {
  expect(findings('FROM a AS x\nFROM b AS y\nFROM c AS x')).toEqual([
    'DuplicateStageName: Duplicate stage name "x", stage names should be unique (line 3)',
  ]);
});
