/** How many lines of a text differ, by short digests of its lines: a record of a build has no content. */

/** Maximum size in bytes of a text whose lines have digests. */
export const maxTextBytes = 64 << 10;

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Characters of a digest: 24 bits. */
const width = 4;
const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;

/** Digests of lines (FNV-1a, folded), four characters each. Undefined for data with a zero byte, which is no text. */
export function lineDigests(data: Uint8Array): string | undefined {
  let digests = '';
  let hash = offsetBasis;
  let isOpen = false;
  for (const byte of data) {
    if (byte === 0) return undefined;
    if (byte === 10) {
      digests += digestText(hash);
      hash = offsetBasis;
      isOpen = false;
    } else {
      hash = Math.imul(hash ^ byte, prime);
      isOpen = true;
    }
  }
  return isOpen ? digests + digestText(hash) : digests;
}

function digestText(hash: number): string {
  const folded = (hash ^ (hash >>> 24)) & 0xff_ff_ff;
  let text = '';
  for (let shift = 18; shift >= 0; shift -= 6) text += alphabet[(folded >>> shift) & 63];
  return text;
}

/** Maximum number of pairs of lines that are compared with each other. */
const maxPairs = 4_000_000;

/** How many lines of one text are changed, new or gone in the other. What has moved counts, unless both are long. */
export function changedLines(before: string, now: string): number {
  const [a, b] = [linesOf(before), linesOf(now)];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const [from, to] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const kept = from.length * to.length > maxPairs ? inBoth(from, to) : longestCommon(from, to);
  return Math.max(from.length, to.length) - kept;
}

function linesOf(digests: string): string[] {
  const lines: string[] = [];
  for (let at = 0; at < digests.length; at += width) lines.push(digests.slice(at, at + width));
  return lines;
}

/** The length of the longest common subsequence. */
function longestCommon(from: readonly string[], to: readonly string[]): number {
  const row = new Uint32Array(to.length + 1);
  for (const line of from) {
    let diagonal = 0;
    for (let j = 1; j <= to.length; j++) {
      const above = row[j]!;
      row[j] = to[j - 1] === line ? diagonal + 1 : Math.max(above, row[j - 1]!);
      diagonal = above;
    }
  }
  return row[to.length]!;
}

/** How many lines the texts share in any order. */
function inBoth(from: readonly string[], to: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const line of from) counts.set(line, (counts.get(line) ?? 0) + 1);
  let shared = 0;
  for (const line of to) {
    const left = counts.get(line) ?? 0;
    if (left === 0) continue;
    shared++;
    counts.set(line, left - 1);
  }
  return shared;
}
