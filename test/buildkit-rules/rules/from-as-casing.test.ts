import { expect, test } from 'vitest';
import { findings } from './findings.ts';

test('FromAsCasing reports an AS in another casing than its FROM', () => {
  expect(findings('FROM a AS b\nFROM b as c\n')).toEqual([
    "FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 2)",
  ]);
});

test('FromAsCasing says nothing of a FROM in mixed case', () => {
  expect(findings('From x aS y\n').filter((line) => line.startsWith('FromAsCasing'))).toEqual([]);
});
