/** "Did you mean …?": the closest of some known words. */
import { toLower, toUpper } from '../go/unicode.ts';

/** Suggestions are fewer edits away than this. */
const tooFar = 3;

/**
 * The option closest to `word` (the first of equally close ones), undefined if none is close or if one is equal.
 * Without `caseSensitive` the suggestion takes on the word's casing.
 */
export function suggest(word: string, options: Iterable<string>, caseSensitive: boolean): string | undefined {
  const wanted = caseSensitive ? word : toLower(word);
  let best: string | undefined;
  let distance = tooFar;
  for (const option of options) {
    const candidate = caseSensitive ? option : toLower(option);
    if (candidate === wanted) return undefined;
    const d = editDistance(wanted, candidate, distance);
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

/** Characters beyond the basic plane count once, not as the two halves they are stored as. */
const halves = /[\ud800-\udfff]/;

function editDistance(a: string, b: string, limit: number): number {
  if (!halves.test(a) && !halves.test(b))
    return distanceBelow(limit, a.length, b.length, (i, j) => a.charCodeAt(i) === b.charCodeAt(j));
  const [left, right] = [Array.from(a), Array.from(b)];
  return distanceBelow(limit, left.length, right.length, (i, j) => left[i] === right[j]);
}

/**
 * Levenshtein distance of two sequences, or `limit` if it is that or more; linear in their length for a fixed limit, and
 * without allocation: a name may be compared with thousands.
 */
function distanceBelow(
  limit: number,
  aLength: number,
  bLength: number,
  isSame: (i: number, j: number) => boolean,
): number {
  const difference = bLength - aLength;
  if (difference >= limit || -difference >= limit) return limit;
  let start = 0;
  while (start < aLength && start < bLength && isSame(start, start)) start++;
  // Only the diagonals nearer than the limit can stay below it: `row[k]` is the cost at column i + k - limit.
  const width = 2 * limit + 1;
  for (let k = 0; k < width; k++) row[k] = k < limit ? limit : Math.min(k - limit, limit);
  for (let i = start; i < aLength; i++) {
    let left = limit;
    let best = limit;
    for (let k = 0; k < width; k++) {
      const j = i + 1 - start + k - limit; // columns so far
      let cost = limit;
      if (j >= 0 && j <= bLength - start) {
        if (j > 0) cost = row[k]! + (isSame(i, start + j - 1) ? 0 : 1);
        if (k + 1 < width && row[k + 1]! + 1 < cost) cost = row[k + 1]! + 1;
        if (left + 1 < cost) cost = left + 1;
        if (cost > limit) cost = limit;
      }
      row[k] = left = cost;
      if (cost < best) best = cost;
    }
    if (best >= limit) return limit;
  }
  return row[difference + limit]!;
}

const row = new Uint8Array(2 * tooFar + 1);
