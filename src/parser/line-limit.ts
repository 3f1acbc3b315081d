/** The longest line the reference can read: its scanner has a buffer of 64 KiB. */
import { utf8Length } from '../go/unicode.ts';

const bufferSize = 64 * 1024;

/** The number in the reference's message. */
export const maxLineLength = bufferSize - 1;

/** Whether the line `text[start, end)`, including its line break, does not fit. */
export function isLineTooLong(text: string, start: number, end: number): boolean {
  if (3 * (end - start) < bufferSize) return false;
  // Each character has at least one byte, so for such a long line the exact length does not matter.
  const bytes = end - start > bufferSize ? end - start : utf8Length(text.slice(start, end));
  // At the end of the file, one more byte must be free to detect the end.
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
