import { expect, test } from 'vitest';
import { count, formatBytes } from '../../src/text/number.ts';

test('count writes a number with commas, and the plural of what it counts', () => {
  expect([0, 1, 2, 1024].map((n) => count(n, 'file'))).toEqual(['0 files', '1 file', '2 files', '1,024 files']);
});

test('formatBytes writes decimal units with two digits', () => {
  expect([999, 1000, 1_500_000].map(formatBytes)).toEqual(['999B', '1.00kB', '1.50MB']);
});
