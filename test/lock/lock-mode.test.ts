import { expect, test } from 'vitest';
import { findDiagnosticError } from '../../src/diagnostic/diagnostic.ts';
import { lockMode } from '../../src/lock/lock-mode.ts';

test.each([
  ['FROM scratch\n', 'off'],
  ['# lock=use\nFROM scratch\n', 'use'],
  ['#LOCK = frozen \r\nFROM scratch\n', 'frozen'],
  ['# syntax=docker/dockerfile:1\n# check=skip=all\n# lock=frozen', 'frozen'],
  ['\ufeff#!/usr/bin/env x\n# lock=use\n', 'use'],
  ['// syntax=example/tsfront\n// lock=use\nexport default 1;', 'use'],
  ['# a comment\n# lock=use\n', 'off'],
  ['\n# lock=use\n', 'off'],
  ['FROM scratch\n# lock=use\n', 'off'],
  ['# lock=off\n', 'off'],
  ['', 'off'],
])('the directive of %j says %s', (text, mode) => {
  expect(lockMode(undefined, text)).toBe(mode);
});

test('the build argument counts before the directive', () => {
  expect(lockMode('off', '# lock=frozen\n')).toBe('off');
  expect(lockMode('frozen', '# lock=nonsense\n')).toBe('frozen');
});

test('another value is an error that knows its line and a similar value', () => {
  const wrong = (argument: string | undefined, text: string) => {
    try {
      lockMode(argument, text);
    } catch (error) {
      return findDiagnosticError(error)?.diagnostics[0];
    }
    return undefined;
  };
  expect(wrong(undefined, '# syntax=a\n# lock=frozn\nFROM scratch\n')).toMatchObject({
    code: 'bad-lock-mode',
    message: 'the directive lock has the value "frozn" (did you mean frozen?): it is use, frozen or off',
    range: { start: 11, end: 23 },
    lines: [{ start: 2, end: 2 }],
  });
  expect(wrong('', '')?.message).toBe('the build argument TSFRONT_LOCK has the value "": it is use, frozen or off');
});
