/** "Did you mean …?": the closest of some known words. */
import { toLower, toUpper } from '../go/unicode.ts';

/** Suggestions are fewer edits away than this. */
const tooFar = 3;

/**
 * The option closest to `word` (the first of equally close ones), undefined if none is close or if one is equal.
 * Without `caseSensitive` the suggestion takes on the word's casing.
 */
export function suggest(word: string, options: Iterable<string>, caseSensitive: boolean): string | undefined {
  const wanted = [...(caseSensitive ? word : toLower(word))];
  let best: string | undefined;
  let distance = tooFar;
  for (const option of options) {
    const candidate = caseSensitive ? option : toLower(option);
    const d = editDistance(wanted, [...candidate], distance);
    if (d === 0) return undefined;
    if (d >= distance) continue;
    distance = d;
    best = caseSensitive ? option : matchCase(candidate, word);
  }
  return best === '' ? undefined : best;
}

/** ` (did you mean X?)` to go behind an error message, or ''. */
export function didYouMean(word: string, options: Iterable<string>, caseSensitive: boolean): string {
  const match = suggest(word, options, caseSensitive);
  return match === undefined ? '' : ` (did you mean ${match}?)`;
}

function matchCase(lower: string, like: string): string {
  return like !== toLower(like) && like === toUpper(like) ? toUpper(lower) : lower;
}

/** Levenshtein distance in code points, or `limit` if it is that or more; linear in the length for a fixed limit. */
function editDistance(a: readonly string[], b: readonly string[], limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  // Only the diagonals nearer than the limit can stay below it: `row[k]` is the cost at column i + k - limit.
  const width = 2 * limit + 1;
  let row = Array.from({ length: width }, (_, k) => (k < limit ? limit : Math.min(k - limit, limit)));
  for (let i = 1; i <= a.length; i++) {
    const next = new Array<number>(width).fill(limit);
    for (let k = 0; k < width; k++) {
      const j = i + k - limit;
      if (j < 0 || j > b.length) continue;
      const change = j === 0 ? limit : row[k]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[k] = Math.min(change, (row[k + 1] ?? limit) + 1, (next[k - 1] ?? limit) + 1, limit);
    }
    row = next;
  }
  return row[b.length - a.length + limit]!;
}
