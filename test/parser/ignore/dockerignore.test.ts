import { expect, test } from 'vitest';
import { parseDockerignore } from '../../../src/parser/ignore/dockerignore.ts';

test('reads patterns line by line', () => {
  const text =
    'test1\n/test2\n/a/file/here\n\nlastfile\n# a comment\n! /inverted/abs/path\n!\n! \r\n  #kept/../x/ \n/\n';
  expect(parseDockerignore(text)).toEqual([
    'test1',
    'test2',
    'a/file/here',
    'lastfile',
    '!inverted/abs/path',
    '!',
    '!',
    'x',
    '/',
  ]);
});

test('a byte order mark is dropped, on the first line alone', () => {
  expect(parseDockerignore('\uFEFF#a\n\uFEFF#b')).toEqual(['\uFEFF#b']);
});

test('an empty file has no patterns', () => {
  expect(parseDockerignore('')).toEqual([]);
});

test('lines have a longest length', () => {
  expect(parseDockerignore('é'.repeat(32767))).toHaveLength(1);
  expect(() => parseDockerignore(`a\n${'é'.repeat(32768)}\n`)).toThrow(new Error('bufio.Scanner: token too long'));
});
