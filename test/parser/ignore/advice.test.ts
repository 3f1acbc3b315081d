import { describe, expect, test } from 'vitest';
import { createSourceFile } from '../../../src/diagnostic/source-file.ts';
import { findIgnoreAdvice } from '../../../src/parser/ignore/advice.ts';

const names = [
  'README.md',
  'a.log',
  'build',
  'lib',
  'lib/b.log',
  'lib/node_modules',
  'lib/node_modules/x',
  'src',
  'src/keep',
];
const directories = new Set(['lib', 'lib/node_modules', 'src']);

function advice(lines: readonly string[], content: Partial<Parameters<typeof findIgnoreAdvice>[1]> = {}) {
  const file = createSourceFile('.dockerignore', `${lines.join('\n')}\n`);
  const { warnings, notes } = findIgnoreAdvice(file, { names, dirs: directories, unsearched: [], ...content });
  return {
    warnings: warnings.map(({ lines, message, hint }) => `${lines[0]!.start}: ${message}. ${hint}`),
    notes: notes.map(({ line, message }) => `${line}: ${message}`),
  };
}

describe('a pattern that does something else than was meant is a warning', () => {
  test.each<[string[], string]>([
    [
      ['# x', 'node_modules'],
      '2: node_modules matches nothing: lib/node_modules is not left out. Unlike in .gitignore, a pattern begins at the root of the context: write **/node_modules.',
    ],
    [['node_modules/'], 'write **/node_modules.'],
    [['keep'], 'src/keep is not left out'],
    [['readme.md'], '1: readme.md matches nothing: names are case-sensitive. The context has README.md.'],
    [
      ['[!a].log'],
      '1: [!a] matches ! too, and the characters that it should exclude. A class is negated with ^: write [^a].',
    ],
    [['src # mine'], '# mine is not a comment here'],
    [['  # mine'], '# mine is not a comment here'],
    [['../x'], 'no path of a context begins with ..'],
    [['*.{log,tmp}'], '{log,tmp} is not expanded'],
    [['$HOME/x'], '$HOME is not expanded'],
    [['~/x'], '~/ is not expanded'],
    [['src\\keep'], 'a backslash escapes the next character and does not separate directories. Write src/keep.'],
    [['build/'], 'build/ leaves out a file'],
    [
      ['!src/keep', 'src'],
      '1: !src/keep has no effect: src in line 2 leaves it out again. The last pattern that matches decides',
    ],
    [['!a.log', 'src', '!src/keep', '*.log'], '1: !a.log has no effect: *.log in line 4'],
    [['!src'], 'no pattern above it excludes what it matches'],
    [['sr\u200bc'], 'U+200B ZERO WIDTH SPACE at 1:3'],
    [['src\u00a0lib'], 'U+00A0 NO-BREAK SPACE at 1:4'],
    [['\udcff\udcfen\0o\0d\0e\0'], 'no pattern of this file matches anything. The file is UTF-16'],
  ])('a warning explains a pattern of %j', (lines, expected) => {
    expect(advice(lines).warnings).toEqual([expect.stringContaining(expected)]);
  });
});

describe('what does no harm is a note', () => {
  test.each<[string[], string[]]>([
    [['/src'], ['1: the / in front of /src does nothing: every pattern begins at the root of the context']],
    [
      ['src', '!/src/keep'],
      ['2: the / in front of !/src/keep does nothing: every pattern begins at the root of the context'],
    ],
    [
      ['nothing', 'src', '!src/other'],
      ['1: nothing matches nothing in the context', '3: !src/other matches nothing in the context'],
    ],
    [['*.log'], ['1: *.log matches only at the root of the context: lib/b.log is not left out, **/*.log would']],
  ])('a note explains a pattern of %j', (lines, notes) => {
    expect(advice(lines)).toEqual({ warnings: [], notes });
  });
});

describe('nothing is said', () => {
  const silent = { warnings: [], notes: [] };
  test.each([
    [['# x', '', 'src', 'README.md', '**/*.log', 'lib/node_modules', 'lib/*']],
    [['*', '!src', '!lib/b.log']],
    [['src', '!src/keep', 'lib/**', '[ab].log', './README.md', ' build ']],
    [['!']],
  ])('nothing is reported of %j', (lines) => {
    expect(advice(lines)).toEqual(silent);
  });

  test('nothing is reported of names that were not looked for', () => {
    expect(advice(['node_modules/x', '**/x.y', 'none'], { unsearched: ['node_modules'] })).toEqual({
      warnings: [],
      notes: ['3: none matches nothing in the context'],
    });
    expect(advice(['none', 'no/ne'], { unsearched: ['.'] })).toEqual(silent);
  });

  test('nothing is reported of matches if the context is not known', () => {
    const file = createSourceFile('x.dockerignore', 'nothing\n!x\n[!a]\n');
    expect(findIgnoreAdvice(file, undefined).warnings).toHaveLength(1);
  });
});
