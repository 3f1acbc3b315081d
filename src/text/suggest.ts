/** "Did you mean …?": the closest of some known words. */
import { toLower, toUpper } from '../go/unicode.ts';

/** A suggestion must be fewer edits away than this. */
const distanceLimit = 3;

/**
 * The option closest to `word` (the first of equally close ones); undefined if no option is close, or one is equal.
 * Without `caseSensitive` the suggestion takes on the word's casing.
 */
export function suggest(word: string, options: Iterable<string>, caseSensitive: boolean): string | undefined {
  const wanted = caseSensitive ? word : toLower(word);
  const isShort = mark(wanted);
  let best: string | undefined;
  let distance = distanceLimit;
  for (const option of options) {
    const candidate = caseSensitive ? option : toLower(option);
    if (candidate === wanted) {
      best = undefined;
      break;
    }
    const difference = wanted.length - candidate.length;
    const isSimple = isShort && difference < distance && -difference < distance;
    const d = (isSimple && markedDistance(wanted, candidate)) || editDistance(wanted, candidate, distance);
    if (d >= distance) continue;
    distance = d;
    best = caseSensitive ? option : matchCase(candidate, word);
  }
  if (isShort) unmark(wanted);
  return best === '' ? undefined : best;
}

/** The suffix ` (did you mean X?)` of an error message; '' if no option is close. */
export function didYouMean(word: string, options: Iterable<string>, caseSensitive: boolean): string {
  const match = suggest(word, options, caseSensitive);
  return match === undefined ? '' : ` (did you mean ${match}?)`;
}

function matchCase(lower: string, like: string): string {
  return like !== toLower(like) && like === toUpper(like) ? toUpper(lower) : lower;
}

const ascii = 0x80;
/** For each character, the places at which the marked word has it, as bits. */
const places = new Int32Array(ascii);

/** Marks a word: records the places of its characters. False for a word that is too long or not ASCII. */
function mark(word: string): boolean {
  if (word.length === 0 || word.length > 31) return false;
  for (let i = 0; i < word.length; i++) if (word.charCodeAt(i) >= ascii) return false;
  for (let i = 0; i < word.length; i++) places[word.charCodeAt(i)]! |= 1 << i;
  return true;
}

/** Clears the marks of a word. */
function unmark(word: string): void {
  for (let i = 0; i < word.length; i++) places[word.charCodeAt(i)] = 0;
}

/**
 * Levenshtein distance of the marked word from another, a whole column of the matrix in one number (Myers 1999): a name
 * may be compared with thousands. @returns undefined if `other` has characters of two code units
 */
function markedDistance({ length }: string, other: string): number | undefined {
  const last = 1 << (length - 1);
  let [more, less] = [-1, 0]; // places at which a column grows or falls by one from the place above
  let distance = length;
  for (let i = 0; i < other.length; i++) {
    const code = other.charCodeAt(i);
    if (code >= 0xd800 && code < 0xe000) return undefined;
    const equal = code < ascii ? places[code]! : 0;
    const vertical = equal | less;
    const horizontal = (((equal & more) + more) ^ more) | equal;
    let grows = less | ~(horizontal | more);
    let falls = more & horizontal;
    if (grows & last) distance++;
    else if (falls & last) distance--;
    grows = (grows << 1) | 1;
    falls <<= 1;
    more = falls | ~(vertical | grows);
    less = grows & vertical;
  }
  return distance;
}

/** Halves of characters beyond the basic plane, which must count once. */
const halves = /[\ud800-\udfff]/;

/** The Levenshtein distance of two texts, or `limit` if it is that or more. */
export function editDistance(a: string, b: string, limit: number): number {
  if (!halves.test(a) && !halves.test(b))
    return distanceBelow(limit, a.length, b.length, (i, j) => a.charCodeAt(i) === b.charCodeAt(j));
  const [left, right] = [Array.from(a), Array.from(b)];
  return distanceBelow(limit, left.length, right.length, (i, j) => left[i] === right[j]);
}

/**
 * Levenshtein distance of two sequences, or `limit` if it is that or more; linear in their length for a fixed limit,
 * and without allocation.
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
      const j = i + 1 - start + k - limit; // number of columns so far
      let cost = limit;
      if (j >= 0 && j <= bLength - start) {
        if (j > 0) cost = row[k]! + (isSame(i, start + j - 1) ? 0 : 1);
        if (k + 1 < width && row[k + 1]! + 1 < cost) cost = row[k + 1]! + 1;
        if (left + 1 < cost) cost = left + 1;
        if (cost > limit) cost = limit;
      }
      row[k] = left = cost;
      best = Math.min(best, cost);
    }
    if (best >= limit) return limit;
  }
  return row[difference + limit]!;
}

const row = new Uint8Array(2 * distanceLimit + 1);
