/** Applies fixes to a text. */
import { expect, test } from 'vitest';
import { type Diagnostic, type Fix, warningDiagnostic } from '../../src/diagnostic/diagnostic.ts';
import { applyFixes } from '../../src/lint/apply-fixes.ts';

type Replacement = [start: number, end: number, text: string];

function problem(replacements: Replacement[], safety: Fix['safety'] = 'safe'): Diagnostic {
  const edits = replacements.map(([start, end, text]) => ({ range: { start, end }, text }));
  return warningDiagnostic('StageNameCasing', 'x', { range: undefined, lines: [], fix: { title: '', edits, safety } });
}

const apply = (text: string, ...of: Diagnostic[]) => applyFixes(text, of).text;

test('edits are applied in the order of the file', () => {
  expect(
    apply(
      'abcdef',
      problem([[4, 5, 'E']]),
      problem([
        [0, 1, 'A'],
        [2, 2, '+'],
      ]),
    ),
  ).toBe('Ab+cdEf');
});

test('of overlapping fixes the first in the file is applied, as a whole', () => {
  const first = problem([[1, 3, 'X']]);
  const second = problem([
    [2, 4, 'Y'],
    [5, 6, 'Z'],
  ]);
  expect(applyFixes('abcdef', [second, first])).toEqual({ text: 'aXdef', fixed: [first] });
});

test('two insertions at one place overlap, unless they are the same', () => {
  expect(apply('ab', problem([[1, 1, 'X']]), problem([[1, 1, 'Y']]))).toBe('aXb');
  const both = [problem([[1, 1, 'X']]), problem([[1, 1, 'X']])];
  expect(applyFixes('ab', both)).toEqual({ text: 'aXb', fixed: both });
});

test('unsafe fixes are applied only if asked for', () => {
  const unsafe = problem([[0, 1, 'X']], 'unsafe');
  expect(apply('ab', unsafe)).toBe('ab');
  expect(applyFixes('ab', [unsafe], { unsafe: true }).text).toBe('Xb');
});

test('line breaks are those of the file', () => {
  const fix = problem([[0, 0, 'x\n']]);
  expect(apply('a\r\nb\r\n', fix)).toBe('x\r\na\r\nb\r\n');
  expect(apply('a\nb\n', fix)).toBe('x\na\nb\n');
  expect(apply('a\r\nb\n', fix)).toBe('x\na\r\nb\n');
});
