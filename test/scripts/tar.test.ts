import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { createTar } from '../../scripts/image/tar.ts';

const files = [
  { path: 'b/deep/er', mode: 0o755, data: Buffer.from('tool\n') },
  { path: 'b/link', link: 'deep/er' },
  { path: 'a', mode: 0o644, data: Buffer.alloc(1025, 'x') },
  { path: 'empty', mode: 0o600, data: Buffer.alloc(0) },
];

test('tar reads what was written: sorted, owned by root, of the epoch', () => {
  const listed = execFileSync('tar', ['-tv', '--utc', '--numeric-owner', '-f', '-'], { input: createTar(files) });
  expect(
    listed
      .toString()
      .trim()
      .split('\n')
      .map((line) => line.replace(/\s+/g, ' ')),
  ).toEqual([
    '-rw-r--r-- 0/0 1025 1970-01-01 00:00 a',
    'drwxr-xr-x 0/0 0 1970-01-01 00:00 b/',
    'drwxr-xr-x 0/0 0 1970-01-01 00:00 b/deep/',
    '-rwxr-xr-x 0/0 5 1970-01-01 00:00 b/deep/er',
    'lrwxrwxrwx 0/0 0 1970-01-01 00:00 b/link -> deep/er',
    '-rw------- 0/0 0 1970-01-01 00:00 empty',
  ]);
  expect(execFileSync('tar', ['-xOf', '-', 'a'], { input: createTar(files) }).toString()).toBe('x'.repeat(1025));
});

test('the order of the files does not count', () => {
  expect(createTar([...files].reverse()).equals(createTar(files))).toBe(true);
});
