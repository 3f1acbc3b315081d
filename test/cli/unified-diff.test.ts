import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { formatUnifiedDiff } from '../../src/cli/unified-diff.ts';
import { temporaryDir } from '../temporary-dir.ts';

/** What git makes of a file with a difference. */
function applied(before: string, diff: string): string {
  const dir = temporaryDir({ file: before });
  execFileSync('git', ['apply', '-'], { cwd: dir, input: diff });
  return readFileSync(path.join(dir, 'file'), 'utf8');
}

const lines = (n: number, mark: string) => Array.from({ length: n }, (_, i) => `${mark}${i}\n`).join('');

test('equal texts have no difference', () => {
  expect(formatUnifiedDiff('file', 'a\n', 'a\n')).toBe('');
});

test.each([
  ['a few lines', `${lines(50, 'x')}old\n${lines(50, 'y')}`, `${lines(50, 'x')}new\n${lines(50, 'y')}`],
  ['the last line break', 'a\nb', 'a\nb\n'],
  ['more lines than are compared', `a\nb\nc\nd\ne\n${lines(5000, 'x')}f\ng`, `a\nb\nc\nd\ne\n${lines(5000, 'y')}f\ng`],
  ['all of many lines', lines(5000, 'x'), lines(4000, 'y')],
  ['many lines, and the last line break', `${lines(5000, 'x')}z`, `${lines(5000, 'y')}z\n`],
])('git applies a difference of %s', (_, before, after) => {
  expect(applied(before, formatUnifiedDiff('./file', before, after))).toBe(after);
});
