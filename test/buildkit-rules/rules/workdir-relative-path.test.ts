import { expect, test } from 'vitest';
import { checkWorkdirRelativePath } from '../../../src/buildkit-rules/rules/workdir-relative-path.ts';
import { lines, reported } from './findings.ts';

test('WorkdirRelativePath names the relative path', () => {
  expect(reported((linter) => checkWorkdirRelativePath(linter, { lines }, 'app'))).toEqual([
    'WorkdirRelativePath: Relative workdir "app" can have unexpected results if the base image changes (line 1)',
  ]);
});
