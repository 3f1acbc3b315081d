/** One record of comma separated values, as in `--mount` and in frontend options. */
import { utf8Length } from './unicode.ts';

/**
 * Splits one line into its fields; a field in double quotes may contain commas and doubled quotes. A final newline is
 * removed.
 * @throws Error `EOF` for an empty line, `parse error on line 1, column 3: bare " in non-quoted-field` (columns count
 * bytes from 1)
 */
export function parseCsvFields(text: string): string[] {
  const line = text.replace(/\r?\n$/, '');
  if (line === '') throw new Error('EOF');
  const fields: string[] = [];
  for (let at = 0; ; at++) {
    if (line[at] === '"') {
      const { value, next } = quotedField(line, at);
      fields.push(value);
      at = next;
    } else {
      const comma = line.indexOf(',', at);
      const value = line.slice(at, comma < 0 ? line.length : comma);
      const bare = value.indexOf('"');
      if (bare >= 0) throw parseError(line, at + bare, 'bare " in non-quoted-field');
      fields.push(value);
      at += value.length;
    }
    if (at >= line.length) return fields;
  }
}

/** `next` is the comma after the field, or the end of the line. */
function quotedField(line: string, from: number): { value: string; next: number } {
  const problem = 'extraneous or missing " in quoted-field';
  const parts: string[] = [];
  for (let at = from + 1; ; ) {
    const end = line.indexOf('"', at);
    if (end < 0) throw parseError(line, at, problem);
    parts.push(line.slice(at, end));
    if (line[end + 1] !== '"') {
      if (end + 1 < line.length && line[end + 1] !== ',') throw parseError(line, end, problem);
      return { value: parts.join('"'), next: end + 1 };
    }
    at = end + 2;
  }
}

function parseError(line: string, at: number, problem: string): Error {
  return new Error(`parse error on line 1, column ${utf8Length(line.slice(0, at)) + 1}: ${problem}`);
}
