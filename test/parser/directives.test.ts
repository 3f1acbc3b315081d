import { describe, expect, test } from 'vitest';
import { detectSyntax, parseDirective, parseDockerfile } from '../../src/parser/index.ts';

const at = (line: number, value: string, cmdline = value) => ({ value, cmdline, lines: { start: line, end: line } });

describe('the syntax of a file', () => {
  test.each([
    ['# syntax=a/b:1\nFROM x', at(1, 'a/b:1')],
    ['\ufeff#\tSYNTAX\t= a b \t\r\nFROM x', at(1, 'a', 'a b')],
    ['#!/usr/bin/env x\n# check=skip=all\n# syntax=a', at(3, 'a')],
    ['// escape=`\n// syntax=a\n', at(2, 'a')],
    ['{"syntax": "a b", "x": []}', at(0, 'a b')],
    ['#!/x\n{"syntax": "a"}', at(1, 'a')],
    ['# syntax=a\n# syntax=b', at(1, 'a')],
    ['# syntax=   ', at(1, '', ' ')],
    ['\n# syntax=a', undefined],
    [' # syntax=a', undefined],
    ['# comment\n# syntax=a', undefined],
    ['# foo=1\n# syntax=a', undefined],
    ['# check=a\n# check=b\n# syntax=c', undefined],
    ['# syntax=\nFROM a', undefined],
    ['{"syntax": 1}', undefined],
    ['{"syntax": "a", "x": 1e999}', undefined],
    ['{"Syntax": "a"}', undefined],
    [`# check=${'a'.repeat(70_000)}\n# syntax=b`, undefined],
  ])('the syntax of a file is found in %j', (text, expected) => {
    expect(detectSyntax(text)).toEqual(expected);
  });
});

describe('a directive', () => {
  test('a directive is found in its usual form only', () => {
    expect(parseDirective('check', '# check=skip=A;error=true\n')).toEqual(at(1, 'skip=A;error=true'));
    expect(parseDirective('check', '// check=skip=A')).toBeUndefined();
    expect(parseDirective('escape', '# syntax=a\n# escape=`')).toEqual(at(2, '`'));
  });

  test('a directive is in effect below blanks, but not below a shebang or another comment', () => {
    const lengths = (text: string) => [parseDockerfile(text).directives.length, parseDockerfile(text).escape];
    expect(lengths('  # escape=`\nFROM a')).toEqual([1, '`']);
    expect(lengths('# escape=\\\nFROM a')).toEqual([1, '\\']);
    expect(lengths('#!/x\n# escape=`\nFROM a')).toEqual([0, '\\']);
    expect(lengths('# c\n# escape=`\nFROM a')).toEqual([0, '\\']);
    expect(lengths('\n# escape=`\nFROM a')).toEqual([0, '\\']);
  });

  test('a directive is not a comment of the first instruction', () => {
    const { directives, instructions } = parseDockerfile('# syntax=x\n# Escape = `\n# a\n  # b\n#\n#c\nFROM a');
    expect(directives.map(({ name, value, line }) => [name, value, line])).toEqual([
      ['syntax', 'x', 1],
      ['escape', '`', 2],
    ]);
    expect(instructions[0]!.comments).toEqual(['c']);
    expect(parseDockerfile('# a\n  # b\nFROM a').instructions[0]!.comments).toEqual(['a', '# b']);
  });
});
