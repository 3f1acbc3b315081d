/** The longest line the reference can read: its scanner has a buffer of 64 KiB. */
import { utf8Length } from '../go/unicode.ts';

const bufferSize = 64 * 1024;

/** The number the reference's message names. */
export const maxLineLength = bufferSize - 1;

/** True if the line `text[start, end)`, its line break included, does not fit. */
export function lineTooLong(text: string, start: number, end: number): boolean {
  if (3 * (end - start) < bufferSize) return false;
  // Characters are at least a byte each: of a line that is longer than that the exact length does not matter.
  const bytes = end - start > bufferSize ? end - start : utf8Length(text.slice(start, end));
  // At the end of the file one more byte must be free for finding out that it is the end.
  return text.charCodeAt(end - 1) === 0x0a ? bytes > bufferSize : bytes >= bufferSize;
}

/** Offset up to which a line that is too long fits into the buffer. */
export function bufferEnd(text: string, start: number): number {
  let bytes = 0;
  let end = start;
  for (const char of text.slice(start, start + bufferSize)) {
    bytes += utf8Length(char);
    if (bytes > bufferSize) break;
    end += char.length;
  }
  return end;
}
