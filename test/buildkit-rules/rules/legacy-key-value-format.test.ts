import { expect, test } from 'vitest';
import { checkLegacyKeyValueFormat } from '../../../src/buildkit-rules/rules/legacy-key-value-format.ts';
import { lines, reported } from './findings.ts';

test('LegacyKeyValueFormat says how the instruction should be written', () => {
  expect(reported((linter) => checkLegacyKeyValueFormat(linter, { lines }, 'ENV'))).toEqual([
    'LegacyKeyValueFormat: "ENV key=value" should be used instead of legacy "ENV key value" format (line 1)',
  ]);
});
