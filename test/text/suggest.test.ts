import fc from 'fast-check';
import { expect, test } from 'vitest';
import { didYouMean, suggest } from '../../src/text/suggest.ts';

test('suggest returns the closest name within two edits', () => {
  expect(suggest('copi', ['add', 'copy', 'cope'], true)).toBe('copy');
  expect(suggest('cop', ['copyxx'], true)).toBeUndefined();
  expect(suggest('b', ['abc'], true)).toBe('abc');
});

test('an equal word is not a suggestion, nor is any other then', () => {
  expect(suggest('ad', ['add', 'ad'], true)).toBeUndefined();
  expect(suggest('AD', ['add', 'ad'], false)).toBeUndefined();
});

test('a suggestion has the casing of the word', () => {
  expect(suggest('FRM', ['from'], false)).toBe('FROM');
  expect(suggest('frm', ['FROM'], false)).toBe('from');
  expect(suggest('Frm', ['FROM'], false)).toBe('from');
  expect(suggest('FRM', ['from'], true)).toBeUndefined();
});

test('a suggestion can be part of a message', () => {
  expect(didYouMean('frm', ['from'], true)).toBe(' (did you mean from?)');
  expect(didYouMean('a', ['xyzzy'], true)).toBe('');
});

/** The textbook algorithm. */
function distance(a: ArrayLike<string>, b: ArrayLike<string>): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1), row[j]! + 1, next[j - 1]! + 1);
    row = next;
  }
  return row[b.length]!;
}

test('distances are Levenshtein distances', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      const d = distance(a, b);
      expect(suggest(a, [b], true)).toBe(d > 0 && d < 3 ? b : undefined);
    }),
    { numRuns: 2000 },
  );
});

test('distances count characters, in long words too', () => {
  const unit = fc.constantFrom('a', 'b', 'é', '\u{1f433}');
  const start = fc.constantFrom('', 'x'.repeat(26), 'x'.repeat(40));
  fc.assert(
    fc.property(start, fc.array(unit, { minLength: 1, maxLength: 7 }), fc.array(unit, { maxLength: 7 }), (x, a, b) => {
      const d = distance(a, b);
      const [word, other] = [x + a.join(''), x + b.join('')];
      expect(suggest(word, [other], true)).toBe(d > 0 && d < 3 && other !== '' ? other : undefined);
    }),
    { numRuns: 2000 },
  );
});
