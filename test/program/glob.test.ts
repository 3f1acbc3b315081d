import { describe, expect, test } from 'vitest';
import { compileGlob, fixedDir } from '../../src/program/glob.ts';

describe('a pattern', () => {
  test.each([
    ['a.txt', ['a.txt'], ['b/a.txt', 'aXtxt', 'a.txt2']],
    ['./a.txt', ['a.txt'], []],
    ['/a.txt', ['a.txt'], []],
    ['*.ts', ['a.ts', '.ts', '.a.ts'], ['a/b.ts', 'a.tsx']],
    ['packages/*/package.json', ['packages/a/package.json'], ['packages/package.json', 'packages/a/b/package.json']],
    ['my-app/*-x.json', ['my-app/a-x.json'], ['my_app/a-x.json']],
    ['a?c', ['abc', 'aéc', 'a😀c'], ['ac', 'a/c']],
    ['**/x', ['x', 'a/x', 'a/b/x'], ['ax']],
    ['a/**/x', ['a/x', 'a/b/c/x'], ['x', 'ab/x']],
    ['a/**', ['a/b', 'a/b/c'], ['a', 'ab']],
    ['**', ['a', 'a/b'], []],
    ['{a,b}.ts', ['a.ts', 'b.ts'], ['c.ts', 'a,b.ts']],
    ['{a,b/{c,d}}/e', ['a/e', 'b/c/e', 'b/d/e'], ['b/e']],
    ['{a*,b}', ['axx', 'b'], ['c']],
    ['[ab].ts', ['a.ts'], ['c.ts', 'ab.ts']],
    ['[a-c]', ['b'], ['d', '-']],
    ['[!a]', ['b'], ['a', '/']],
    ['[^a]', ['b'], ['a']],
    ['[]]', [']'], ['a']],
    ['[.]x', ['.x'], ['ax']],
    [String.raw`\*`, ['*'], ['a']],
    [String.raw`a\{b`, ['a{b'], ['ab']],
    ['a,b', ['a,b'], []],
    ['}', ['}'], []],
    ['a+b(c)|d^e$f.g', ['a+b(c)|d^e$f.g'], ['aab(c)|d^e$fxg']],
    ['@scope/#x ~y', ['@scope/#x ~y'], []],
  ])('%s matches just the paths that it should', (pattern, matching, others) => {
    const matches = compileGlob(pattern);
    for (const path of matching) expect(matches(path), `${path} should match`).toBe(true);
    for (const path of others) expect(matches(path), `${path} should not match`).toBe(false);
  });

  test.each([
    ['{a', 'has a { without a }'],
    ['[a', 'has a [ without a ]'],
    ['[z-a]', 'has a range that ends before it begins'],
  ])('%s is an error', (pattern, message) => {
    expect(() => compileGlob(pattern)).toThrow(`the pattern ${JSON.stringify(pattern)} ${message}`);
  });

  test('takes time in proportion to the path, however many asterisks it has', () => {
    expect(compileGlob(`${'*a'.repeat(30)}b`)('a'.repeat(200))).toBe(false);
    expect(compileGlob(`${'**/a/'.repeat(12)}b`)('a/'.repeat(200))).toBe(false);
  });
});

test.each([
  ['a/b.txt', 'a/b.txt'],
  ['./a/b.txt', 'a/b.txt'],
  ['/a/b.txt', 'a/b.txt'],
  ['packages/*/package.json', 'packages'],
  ['./packages/*/package.json', 'packages'],
  ['a/b*/c', 'a'],
  ['a*', ''],
  ['**', ''],
  ['a/{b,c}/d', 'a'],
  [String.raw`a/b/\*`, 'a/b'],
])('the directory of %s is %s', (pattern, directory) => {
  expect(fixedDir(pattern)).toBe(directory);
});
