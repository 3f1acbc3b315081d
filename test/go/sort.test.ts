import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sortSlice } from '../../src/go/sort.ts';

/** Keys, and where Go 1.26's sort.Slice puts the elements (by their old index). */
const measured: readonly (readonly [keys: readonly number[], order: readonly number[]])[] = [
  // 13 elements.
  [
    [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2],
    [10, 0, 5, 1, 6, 11, 2, 12, 7, 3, 8, 9, 4],
  ],
  // 20 elements.
  [
    [15, 15, 19, 4, 6, 4, 16, 8, 7, 8, 4, 10, 7, 19, 6, 13, 10, 4, 15, 5],
    [10, 3, 5, 17, 19, 14, 4, 12, 8, 9, 7, 11, 16, 15, 1, 0, 18, 6, 13, 2],
  ],
  // 36 elements.
  [
    [2, 0, 0, 2, 1, 2, 1, 1, 1, 0, 1, 1, 1, 2, 2, 1, 2, 2, 2, 2, 0, 0, 1, 0, 1, 1, 1, 0, 2, 0, 0, 2, 1, 0, 1, 1],
    [
      27, 1, 2, 33, 30, 29, 23, 21, 20, 9, 22, 6, 12, 35, 34, 15, 11, 4, 25, 26, 32, 10, 7, 8, 24, 3, 19, 0, 18, 5, 28,
      31, 16, 17, 14, 13,
    ],
  ],
  // 50 elements.
  [
    [
      17, 8, 21, 43, 24, 31, 44, 47, 0, 18, 40, 29, 3, 7, 7, 25, 47, 5, 21, 31, 14, 12, 31, 30, 39, 31, 4, 13, 29, 38,
      21, 47, 14, 40, 25, 21, 21, 4, 15, 41, 26, 3, 46, 5, 43, 39, 40, 39, 15, 6,
    ],
    [
      8, 12, 41, 37, 26, 43, 17, 49, 13, 14, 1, 21, 27, 32, 20, 38, 48, 0, 9, 35, 30, 18, 2, 36, 4, 34, 15, 40, 11, 28,
      23, 19, 22, 25, 5, 29, 24, 47, 45, 33, 10, 46, 39, 44, 3, 6, 42, 16, 7, 31,
    ],
  ],
  // 64 elements.
  [
    [
      1, 62, 29, 51, 31, 21, 6, 25, 34, 28, 1, 52, 17, 24, 4, 27, 13, 32, 36, 5, 55, 27, 44, 4, 6, 58, 36, 51, 52, 49,
      58, 19, 33, 22, 50, 53, 42, 29, 13, 27, 58, 14, 19, 52, 59, 18, 22, 17, 23, 56, 22, 0, 37, 47, 5, 45, 43, 41, 28,
      17, 51, 61, 11, 38,
    ],
    [
      51, 0, 10, 23, 14, 54, 19, 24, 6, 62, 38, 16, 41, 59, 47, 12, 45, 42, 31, 5, 46, 50, 33, 48, 13, 7, 15, 39, 21,
      58, 9, 2, 37, 4, 17, 32, 8, 18, 26, 52, 63, 57, 36, 56, 22, 55, 53, 29, 34, 3, 27, 60, 43, 28, 11, 35, 20, 49, 40,
      30, 25, 44, 61, 1,
    ],
  ],
];

describe('sortSlice', () => {
  test.each(measured)('leaves equal elements in the order Go leaves them in', (keys, order) => {
    const items = keys.map((key, index) => ({ key, index }));
    sortSlice(items, (a, b) => a.key < b.key);
    expect(items.map(({ index }) => index)).toEqual(order);
  });

  test('sorts any list, whatever its order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 500 }), (items) => {
        const expected = [...items].sort((a, b) => a - b);
        sortSlice(items, (a, b) => a < b);
        expect(items).toEqual(expected);
      }),
    );
  });

  test.each([
    ['sorted', (i: number) => i],
    ['reversed', (i: number) => -i],
    ['organ pipes', (i: number) => Math.min(i, 1000 - i)],
    ['few values', (i: number) => (i * 7919) % 3],
  ])('sortSlice is fast on %s input', (_, key) => {
    let comparisons = 0;
    const items = Array.from({ length: 1000 }, (_, i) => key(i));
    sortSlice(items, (a, b) => {
      comparisons++;
      return a < b;
    });
    expect(items).toEqual([...items].sort((a, b) => a - b));
    expect(comparisons).toBeLessThan(30_000);
  });
});
