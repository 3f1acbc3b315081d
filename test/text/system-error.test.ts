import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { systemErrorsInWords } from '../../src/text/system-error.ts';

const messageOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return systemErrorsInWords((error as Error).message);
  }
  throw new Error('nothing failed');
};

test('errors of the system have words and the file, no codes and calls', () => {
  expect(messageOf(() => readFileSync('/no/such'))).toBe('/no/such: no such file or directory');
  expect(messageOf(() => readFileSync(tmpdir()))).toBe('is a directory');
  expect(messageOf(() => writeFileSync(tmpdir(), ''))).toBe(`${tmpdir()}: is a directory`);
  expect(messageOf(() => readFileSync('/etc/passwd/x'))).toBe('/etc/passwd/x: a part of the path is not a directory');
  expect(messageOf(() => renameSync('/no/a', '/no/b'))).toBe('/no/a to /no/b: no such file or directory');
});

test('a file that is named already is not named again', () => {
  expect(systemErrorsInWords("cannot write a/b: EACCES: permission denied, open 'a/b'")).toBe(
    'cannot write a/b: permission denied',
  );
});

test('other texts stay as they are', () => {
  for (const text of [
    'ENOENT',
    'ENOSPC: no space left on device, write',
    'getaddrinfo ENOTFOUND host',
    'RUN: EXIT: code, 1',
    "npm ERR! ENOENT: it's, gone",
  ])
    expect(systemErrorsInWords(text)).toBe(text);
});
