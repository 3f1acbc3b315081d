import { describe, expect, test } from 'vitest';
import { parseSignal } from '../../src/image/signal.ts';
import { isAbsolutePath, normalizePath, normalizeWorkdir, removeDriveLetter } from '../../src/image/system-path.ts';
import { checkMode } from '../../src/lower/dispatch/mode.ts';

test.each([
  ['SIGTERM', 15],
  ['term', 15],
  ['sigkill', 9],
  ['SIGRTMIN+3', 37],
  ['rtmax-14', 50],
  ['IOT', 6],
  ['POLL', 29],
  ['WINCH', 28],
  ['SYS', 31],
  ['9', 9],
  ['-1', -1],
  ['+3', 3],
  ['0', undefined],
  ['', undefined],
  ['SIGSIGTERM', undefined],
  ['SIGRTMIN+16', undefined],
  ['9x', undefined],
])('parseSignal reads or refuses the signal %s', (text, signal) => {
  if (signal === undefined) expect(() => parseSignal(text)).toThrow(new Error(`invalid signal: ${text}`));
  else expect(parseSignal(text)).toBe(signal);
});

test.each([
  ['755', undefined],
  ['7777', undefined],
  ['u=rwX,go=rX', undefined],
  ['+x', undefined],
  ['=', undefined],
  ['a+r-w=u', undefined],
  ['ugo=rwxstX', undefined],
  ['', 'invalid syntax'],
  ['u', 'invalid syntax'],
  ['rwx', 'invalid syntax'],
  ['u+r,', 'invalid syntax'],
  [',u+r', 'invalid syntax'],
  ['u+rz', 'invalid syntax'],
  ['u+ra', 'invalid syntax'],
  ['17777', 'invalid syntax'],
  ['8', 'strconv.ParseInt: parsing "8": invalid syntax'],
  ['777777', 'strconv.ParseInt: parsing "777777": value out of range'],
])('checkMode accepts or refuses the mode %s', (mode, message) => {
  if (message === undefined) expect(() => checkMode(mode)).not.toThrow();
  else expect(() => checkMode(mode)).toThrow(expect.objectContaining({ message }));
});

describe('paths', () => {
  test.each([
    ['/', 'a', 'linux', false, '/a'],
    ['/w', '', 'linux', false, '/w'],
    ['', '', 'linux', false, '/'],
    ['w', 'a/../b', 'linux', false, '/w/b'],
    ['/', '/a/', 'linux', false, '/a/'],
    ['/', 'a/', 'linux', false, '/a'],
    ['/', 'a/', 'linux', true, '/a/'],
    ['/', 'a/.', 'linux', true, '/a/.'],
    ['/', '.', 'linux', true, '/'],
    ['/', './.', 'linux', true, '/.'],
    ['/', 'a\\b', 'linux', false, '/a\\b'],
    ['/', 'C:\\a\\b\\', 'windows', false, '/a/b'],
    ['/', 'C:\\a\\b\\', 'windows', true, '/a/b/'],
    ['\\w', 'c:rel', 'windows', false, '/w/rel'],
    ['c:\\w', '..\\x', 'windows', false, '/x'],
  ] as const)(
    'paths are normalized for their system: normalizePath(%j, %j, %s, %s)',
    (parent, path, os, keepSlash, expected) => {
      expect(normalizePath(parent, path, os, keepSlash)).toBe(expected);
    },
  );

  test('working directories are joined for their system', () => {
    expect(normalizeWorkdir('/a', 'b', 'linux')).toBe('/a/b');
    expect(normalizeWorkdir('C:\\a', 'b/c', 'windows')).toBe('\\a\\b\\c');
    expect(() => normalizeWorkdir('/', 'd:\\x', 'windows')).toThrow(
      new Error(
        'normalizing working directory: removing drive letter: The specified path is not on the system drive (C:)',
      ),
    );
  });

  test('paths lose the drive letter on Windows only', () => {
    expect(removeDriveLetter('C:x:y', 'linux', false)).toBe('C:x:y');
    expect(removeDriveLetter('c:/a/../b', 'windows', false)).toBe('/b');
    expect([removeDriveLetter('a/', 'windows', true), removeDriveLetter('é/', 'windows', true)]).toEqual(['a', 'é/']);
    expect(() => removeDriveLetter('C:', 'windows', false)).toThrow(new Error('No relative path specified in "C:"'));
    expect(() => removeDriveLetter('\\\\?\\x', 'windows', false)).toThrow(new Error('UNC paths are not supported'));
    expect([
      isAbsolutePath('C:\\a', 'windows'),
      isAbsolutePath('C:a', 'windows'),
      isAbsolutePath('d:\\a', 'windows'),
    ]).toEqual([true, false, false]);
    expect([isAbsolutePath('/a', ''), isAbsolutePath('\\a', 'linux')]).toEqual([true, false]);
  });
});
