import { expect, test } from 'vitest';
import { checkCopyIgnoredFile } from '../../../src/buildkit-rules/rules/copy-ignored-file.ts';
import { createPatternMatcher } from '../../../src/parser/ignore/pattern-matcher.ts';
import { lines, reported } from './findings.ts';

const check = (patterns: string[], source: string) =>
  reported((linter) => checkCopyIgnoredFile(linter, { lines }, 'Copy', source, createPatternMatcher(patterns)));

test('CopyIgnoredFile reports an ignored file by its cleaned path', () => {
  expect(check(['docs'], './docs//a')).toEqual([
    'CopyIgnoredFile: Attempting to Copy file "docs/a" that is excluded by .dockerignore (line 1)',
  ]);
  expect(check(['docs'], 'src')).toEqual([]);
});

test('CopyIgnoredFile says nothing if there are exceptions', () => {
  expect(check(['docs', '!docs/b'], 'docs/a')).toEqual([]);
});

test('CopyIgnoredFile says nothing if a pattern cannot be matched, as in the reference', () => {
  expect(check(['a\\g'], 'a')).toEqual([]);
});

test('CopyIgnoredFile reports the root only if everything is ignored', () => {
  expect(check(['.*'], '.')).toEqual([]);
  expect(check(['*'], '.')).toHaveLength(1);
  expect(check(['**/*'], '/')).toHaveLength(1);
});
