import { expect, test } from 'vitest';
import { changedLines, lineDigests } from '../../src/explain/changed-lines.ts';

const digests = (text: string) => lineDigests(Buffer.from(text))!;
const changed = (before: string, now: string) => changedLines(digests(before), digests(now));
const numbered = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}\n`);

test('a line has four characters, whether a line feed ends it or not, and data with a zero byte has no lines', () => {
  expect(digests('')).toBe('');
  expect(digests('a\nb\n')).toHaveLength(8);
  expect(digests('a\nb')).toBe(digests('a\nb\n'));
  expect(lineDigests(Buffer.from('a\0b\n'))).toBeUndefined();
});

test('lines are counted that are changed, new or gone', () => {
  expect(changed('a\nb\nc\n', 'a\nB\nc\n')).toBe(1);
  expect(changed('a\nc\n', 'a\nb\nc\n')).toBe(1);
  expect(changed('a\nb\nc\n', 'c\n')).toBe(2);
  expect(changed('', 'a\nb\n')).toBe(2);
  expect(changed('a\nb\nc\nd\n', 'b\nX\nd\ne\n')).toBe(2);
  expect(changed('a\r\n', 'a\n')).toBe(1);
});

test('long texts that differ everywhere are compared without regard to the order of their lines', () => {
  const lines = numbered(3000);
  expect(changed(lines.join(''), `new\n${[...lines].reverse().join('')}`)).toBe(1);
  expect(changed(lines.join(''), lines.map((line, i) => (i % 100 === 0 ? 'x\n' : line)).join(''))).toBe(30);
});
