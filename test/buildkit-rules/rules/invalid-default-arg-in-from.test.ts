import { expect, test } from 'vitest';
import { checkInvalidDefaultArgInFrom } from '../../../src/buildkit-rules/rules/invalid-default-arg-in-from.ts';
import type { Stage } from '../../../src/parser/ast.ts';
import { lines, reported } from './findings.ts';

test('InvalidDefaultArgInFrom reports an image name that the defaults leave empty, up to the first error', () => {
  const stages = ['$A', 'ok', '$B', '$C'].map((text) => ({ from: { lines, image: { text } } }) as Stage);
  const expand = (word: string) => {
    if (word === '$B') throw new Error('no such variable');
    return word === '$A' ? '' : word;
  };
  expect(reported((linter) => checkInvalidDefaultArgInFrom(linter, stages, expand, (name) => name === 'ok'))).toEqual([
    'InvalidDefaultArgInFrom: Default value for ARG $A results in empty or invalid base image name (line 1)',
  ]);
});
