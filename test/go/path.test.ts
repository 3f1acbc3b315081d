import { describe, expect, test } from 'vitest';
import { matchPath } from '../../src/go/match.ts';
import { base, clean, dirname, isAbs, join, split } from '../../src/go/path.ts';

test.each([
  ['', '.'],
  ['abc/def', 'abc/def'],
  ['.', '.'],
  ['..', '..'],
  ['/', '/'],
  ['abc/', 'abc'],
  ['../', '..'],
  ['//abc//', '/abc'],
  ['abc/./../def', 'def'],
  ['abc/def/../../..', '..'],
  ['/abc/def/../../..', '/'],
  ['abc//./../def', 'def'],
  ['abc/../../././../def', '../../def'],
  ['/../abc', '/abc'],
])("clean gives Go's shortest form of %j", (path, cleaned) => {
  expect(clean(path)).toBe(cleaned);
});

test('join, base, dir and split return what Go returns', () => {
  expect(join()).toBe('');
  expect(join('', '')).toBe('');
  expect(join('a', '', '/b/../c')).toBe('a/c');
  expect(join('/', 'a')).toBe('/a');
  expect(['', '.', '/', '////', 'x/', 'abc', 'abc/def', 'a/b/.x'].map(base)).toEqual(
    ['.', '.', '/', '/', 'x', 'abc', 'def', '.x'], // as path.Base's own table
  );
  expect(['', '.', '/', 'abc/def', 'abc////def', 'a/'].map(dirname)).toEqual(['.', '.', '/', 'abc', 'abc', 'a']);
  expect(split('a/b')).toEqual({ dir: 'a/', file: 'b' });
  expect([isAbs('/a'), isAbs('a'), isAbs('')]).toEqual([true, false, false]);
});

describe('matchPath', () => {
  test('what stands after a star is not checked where the match fails before it', () => {
    expect(matchPath('a*[', 'b')).toBe(false);
    expect(() => matchPath('a*[', 'a')).toThrow(new Error('syntax error in pattern'));
    expect(() => matchPath('a[', 'b')).toThrow(new Error('syntax error in pattern'));
  });

  test.each([
    ['abc', 'abc', true],
    ['*', 'abc', true],
    ['*c', 'abc', true],
    ['a*', 'a', true],
    ['a*', 'ab/c', false],
    ['a*/b', 'abc/b', true],
    ['a*/b', 'a/c/b', false],
    ['a*b*c*d*e*/f', 'axbxcxdxe/f', true],
    ['a*b*c*d*e*/f', 'axbxcxdxexxx/f', true],
    ['a*b*c*d*e*/f', 'axbxcxdxe/xxx/f', false],
    ['a*b?c*x', 'abxbbxdbxebxczzx', true],
    ['a*b?c*x', 'abxbbxdbxebxczzy', false],
    ['ab[c]', 'abc', true],
    ['ab[^c]', 'abc', false],
    ['ab[e-g]', 'abc', false],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'ab', false],
    ['a?b', 'a☺b', true],
    ['a[^a]b', 'a☺b', true],
    ['a???b', 'a☺b', false],
    ['[a-ζ]*', 'α', true],
    ['*[a-ζ]', 'A', false],
    ['a?b', 'a/b', false],
    ['[\\]a]', ']', true],
    ['[\\-x]', '-', true],
    ['[x\\-]', 'z', false],
    ['*x', 'xxx', true],
    ['', '', true],
    ['z*[', 'a', false],
  ])('matches as Go does: pattern %j, path %j', (pattern, name, matches) => {
    expect(matchPath(pattern, name)).toBe(matches);
  });

  test.each([
    ['[]a]', ']'],
    ['[-]', '-'],
    ['[x-]', 'x'],
    ['[a-b-c]', 'a'],
    ['[', 'a'],
    ['[^', 'a'],
    ['[^bc', 'a'],
    ['a[', 'a'],
    ['a[', 'ab'],
    ['a[', 'x'],
    ['a/b[', 'x'],
    ['\\', 'a'],
  ])('%j, %j is a bad pattern', (pattern, name) => {
    expect(() => matchPath(pattern, name)).toThrow(new Error('syntax error in pattern'));
  });
});
