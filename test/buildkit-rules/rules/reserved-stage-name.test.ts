import { expect, test } from 'vitest';
import { findings } from './findings.ts';

test('ReservedStageName reports stages that are named scratch or context', () => {
  expect(findings('FROM a AS scratch\nFROM b AS x\nFROM c AS context')).toEqual([
    'ReservedStageName: Stage name should not use the same name as reserved stage "scratch" (line 1)',
    'ReservedStageName: Stage name should not use the same name as reserved stage "context" (line 3)',
  ]);
});
