/** The two kinds of blanks of the language. The functions take code units, because the lexer tests every character. */

/** Whether a code unit is Unicode's white space; a byte order mark is not. */
export function isSpaceCode(code: number): boolean {
  if (code < 0x80) return code === 0x20 || (code >= 0x09 && code <= 0x0d);
  if (code === 0x85 || code === 0xa0) return true;
  if (code < 0x1680) return false;
  return (
    code === 0x1680 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000
  );
}

/** Whether a code unit separates keywords and plain words; a no-break space does not. */
export function isWordBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0b || code === 0x0c || code === 0x0d;
}

/** `text[start, end)` without the spaces around it. */
export function trimmedSlice(text: string, start: number, end: number): string {
  const from = skipSpace(text, start, end);
  return text.slice(from, skipSpaceBack(text, from, end));
}

/** Offset of the first character of `text[start, end)` that is not a space; `end` if absent. */
export function skipSpace(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && isSpaceCode(text.charCodeAt(at))) at++;
  return at;
}

/** Offset after the last character of `text[start, end)` that is not a space; `start` if all are spaces. */
export function skipSpaceBack(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && isSpaceCode(text.charCodeAt(at - 1))) at--;
  return at;
}
