import { expect, test } from 'vitest';
import { splitAtFirst } from '../../src/go/split-at-first.ts';

test('splitAtFirst splits a text at the first separator, and gives no second part without one', () => {
  expect(splitAtFirst('A=b=c', '=')).toEqual(['A', 'b=c']);
  expect(splitAtFirst('=b', '=')).toEqual(['', 'b']);
  expect(splitAtFirst('A=', '=')).toEqual(['A', '']);
  expect(splitAtFirst('A', '=')).toEqual(['A', undefined]);
  expect(splitAtFirst('https://example.com', '://')).toEqual(['https', 'example.com']);
});
