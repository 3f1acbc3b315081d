import { describe, expect, test } from 'vitest';
import { alignTable } from '../../../src/gateway/subrequests/tabwriter.ts';

describe('alignTable', () => {
  // Measured with Go's text/tabwriter.
  test.each([
    ['NAME\tV\nlonger\tx\n', 1, 'NAME   V\nlonger x\n'],
    ['NAME\tV\nlonger\tx\n', 3, 'NAME     V\nlonger   x\n'],
    ['a\tb', 1, 'a b'],
    ['x\ty\tz\nonly\nxx\tyy\tzz\n', 1, 'x y z\nonly\nxx yy zz\n'],
    ['a\t\tb\nccc\t\td\n', 1, 'a    b\nccc  d\n'],
    ['日本\tb\nab\tc\n', 1, '日本 b\nab c\n'],
    ['t\tv1\td\nu\tv\x1bw\td\nlong\tline\nbreak\tx\ty\n', 1, 't     v1  d\nu     v\x1bw d\nlong  line\nbreak x y\n'],
  ])('aligns %j with padding %i', (text, padding, expected) => expect(alignTable(text, padding)).toBe(expected));
});
