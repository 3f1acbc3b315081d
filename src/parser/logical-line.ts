/** An instruction's line with its continuations joined, and the places of its characters in the source. */
import type { EscapeToken } from './ast.ts';
import { skipSpace, skipSpaceBack } from './white-space.ts';

/** A logical line of an instruction. */
export interface LogicalLine {
  /** The text with continuations joined and comments removed. */
  readonly text: string;
  /** For each physical line, the offset in `text` at which its part starts. */
  readonly starts: readonly number[];
  /** For each physical line, the offset of its part in the source. */
  readonly offsets: readonly number[];
}

/** A part of a logical line. The text need not be a slice of the line: flags are cut between bytes. */
export interface Span {
  /** The text of the part. */
  readonly text: string;
  /** Offset in the logical line. */
  readonly at: number;
}

/** Offset in the source of a character of the line, or of the end of the line. */
export function sourceOffset({ starts, offsets }: LogicalLine, at: number): number {
  let low = 0;
  let high = starts.length - 1; // 0 for most instructions
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= at) low = middle;
    else high = middle - 1;
  }
  return offsets[low]! + at - starts[low]!;
}

/** Offset in the source after the character that ends at `at`. */
export function sourceEnd(line: LogicalLine, at: number): number {
  return at === 0 ? line.offsets[0]! : sourceOffset(line, at - 1) + 1;
}

/** The part of a span from `start` on, without blanks around it. */
export function trimmedSpan(span: Span, start = 0): Span {
  const { text, at } = span;
  const from = skipSpace(text, start, text.length);
  const to = skipSpaceBack(text, from, text.length);
  return from === 0 && to === text.length ? span : { text: text.slice(from, to), at: at + from };
}

/**
 * Offset of the escape that continues the line `text[start, end)`; -1 if absent. It is the last character, blanks and
 * tabs aside, if it does not follow another escape.
 */
export function findContinuation(text: string, start: number, end: number, escapeToken: EscapeToken): number {
  let at = end - 1;
  while (at >= start && (text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x09)) at--;
  if (at < start || text[at] !== escapeToken) return -1;
  return at > start && text[at - 1] === escapeToken ? -1 : at;
}
