/** Go's `%q`, `%v` and `%#v` of strings and string lists, for error messages and step names. */
import { encodeText } from './text.ts';
import { goClass } from './unicode.ts';

const plain = /^[ !#-[\]-~]*$/;
/** The characters that `strconv.IsPrint` accepts. */
const printableCharacter = new RegExp(`^${goClass('\\p{L}\\p{M}\\p{N}\\p{P}\\p{S} ')}$`, 'v');
const short: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** `strconv.Quote`, which is also `%q` and `%#v` of a string; bytes that are not UTF-8 appear as `\xNN`. */
export function quote(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  let quoted = '"';
  for (const char of text) quoted += quoteCharacter(char);
  return `${quoted}"`;
}

/** `%q` of a `[]string`: `["a" "b"]`. */
export function quoteList(texts: readonly string[]): string {
  return `[${texts.map(quote).join(' ')}]`;
}

/** `%v` of a `[]string`: `[a b]`. */
export function formatList(texts: readonly string[]): string {
  return `[${texts.join(' ')}]`;
}

/** The quoting of Go's `time` package, which escapes everything beyond ASCII byte by byte. */
export function quoteAscii(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  let quoted = '"';
  for (const byte of encodeText(text)) {
    if (byte < 0x20 || byte >= 0x80) quoted += `\\x${hex(byte, 2)}`;
    else quoted += byte === 0x22 || byte === 0x5c ? `\\${String.fromCharCode(byte)}` : String.fromCharCode(byte);
  }
  return `${quoted}"`;
}

function quoteCharacter(char: string): string {
  const escaped = short[char];
  if (escaped !== undefined) return escaped;
  if (printableCharacter.test(char)) return char;
  const code = char.codePointAt(0)!;
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`;
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${hex(code - 0xdc00, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
