/** Go's `unicode` and `strings` rules where JavaScript's own differ: spaces, simple case mapping, order by bytes. */
import { compareByteArrays } from './bytes.ts';
import { encodeText } from './text.ts';

/**
 * Characters that Unicode 15.1 to 17.0 added. Go 1.26 has version 15.0 and treats them as unassigned; JavaScript
 * engines have newer versions. The text is the inside of a character class of a regular expression.
 */
const laterCharacters =
  '88f 897 c5c cdc 1acf-1aeb 1b4e-1b4f 1b7f 1c89-1c8a 20c1 2427-2429 2b96 2ffc-2fff 31e4-31ef a7cb-a7cf a7d2 a7d4 a7da-a7f1 fbc3-fbd2 fd90-fd91 fdc8-fdce 105c0-105f3 10940-10959 10d40-10d8f 10ec2-10efc 11380-113e2 116d0-116e3 11b60-11bf9 11db0-11de9 11f5a 13460-143fa 16100-16139 16d40-16d79 16ea0-16ed3 16ff2-16ff6 187f8-187ff 18cff 18d09-18df2 1cc00-1cef0 1e5d0-1e6ff 1f6d8 1f777-1f77a 1f8b2-1f8d8 1fa54-1fa57 1fa89-1fa8f 1fabe 1fac6-1facd 1fadc-1fadf 1fae9-1faef 1fbcb-1fbef 1fbfa 2b73a-2b73f 2cea2-2cead 2ebf0-2ee5d 323b0-33479'
    .replace(/[\da-f]+/g, '\\u{$&}')
    .replaceAll(' ', '');

/** A character class without the characters that Go does not know yet, for regular expressions with the flag `v`. */
export function goClass(content: string): string {
  return `[[${content}]--[${laterCharacters}]]`;
}

const known = new RegExp(`^${goClass('\\p{Any}')}*$`, 'v');

/** Whether Go knows all characters of a text: none was added in a later version of Unicode. */
export function isAssigned(text: string): boolean {
  return known.test(text);
}

/** `unicode.IsSpace` of one character: the White_Space property, so U+0085 counts and U+FEFF does not. */
export function isSpace(char: string): boolean {
  return char.length === 1 && /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/.test(char);
}

/** `strings.TrimSpace`. */
export function trimSpace(text: string): string {
  return trimSpaceRight(trimSpaceLeft(text));
}

/** `strings.TrimLeftFunc(text, unicode.IsSpace)`. */
export function trimSpaceLeft(text: string): string {
  let from = 0;
  while (from < text.length && isSpace(text.charAt(from))) from++;
  return text.slice(from);
}

/** `strings.TrimRightFunc(text, unicode.IsSpace)`. */
function trimSpaceRight(text: string): string {
  let to = text.length;
  while (to > 0 && isSpace(text.charAt(to - 1))) to--;
  return text.slice(0, to);
}

/** `strings.Fields`: the words between runs of space. */
export function splitFields(text: string): string[] {
  return text.split(/[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/).filter((word) => word !== '');
}

const ascii = /^[\0-\x7f]*$/;

/** `strings.ToLower`: one character for one, without context and without a locale; U+FFFD for an invalid byte. */
export function toLower(text: string): string {
  if (ascii.test(text)) return text.toLowerCase();
  return mapCharacters(text, lowerCharacter);
}

/** `strings.ToUpper`: one character for one, so that ß stays ß. */
export function toUpper(text: string): string {
  if (ascii.test(text)) return text.toUpperCase();
  return mapCharacters(text, upperCharacter);
}

/** `strings.EqualFold`: equal under simple case folding. */
export function equalFold(a: string, b: string): boolean {
  return a === b || foldCase(a) === foldCase(b);
}

/** A key that is equal for two texts if and only if {@link equalFold} holds for them. */
function foldCase(text: string): string {
  if (ascii.test(text)) return text.toLowerCase();
  let key = '';
  for (const char of text.toWellFormed())
    key += char === 'ı' || char === 'İ' ? char : lowerCharacter(upperCharacter(char));
  return key;
}

/** Compares texts as Go compares strings: by their UTF-8 bytes (an escaped byte counts as that byte). */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left === right) continue;
    if (left < 0xd800 && right < 0xd800) return left - right;
    const from = at > 0 && isHigh(a.charCodeAt(at - 1)) ? at - 1 : at;
    return compareByteArrays(encodeText(a.slice(from)), encodeText(b.slice(from)));
  }
  return a.length - b.length;
}

/** Sorts texts in place as {@link compareBytes} orders them. */
export function sortByBytes(texts: string[]): string[] {
  if (texts.length < 2) return texts;
  // Units of UTF-16 are in the order of bytes, except surrogates and what comes after them.
  return texts.some((text) => /[\ud800-\uffff]/.test(text)) ? texts.sort(compareBytes) : texts.sort();
}

/** The number of bytes of a text in UTF-8; an escaped byte counts as one. */
export function utf8Length(text: string): number {
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) length += 1;
    else if (unit < 0x800) length += 2;
    else if (isHigh(unit) && isLow(text.charCodeAt(at + 1))) {
      length += 4;
      at++;
    } else length += unit >= 0xdc80 && unit <= 0xdcff ? 1 : 3;
  }
  return length;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function mapCharacters(text: string, map: (char: string) => string): string {
  let result = '';
  for (const char of text.toWellFormed()) result += map(char);
  return result;
}

function lowerCharacter(char: string): string {
  if (char === 'İ') return 'i'; // the only character whose full mapping is longer than the simple one
  return ifKnown(char.toLowerCase(), char);
}

function upperCharacter(char: string): string {
  const upper = char.toUpperCase();
  if (upper.length === char.length) return ifKnown(upper, char);
  // Greek letters with iota subscript have a simple mapping; no other letter with a longer full mapping has one.
  const code = char.charCodeAt(0);
  if (code >= 0x1f80 && code <= 0x1faf) return String.fromCharCode(code | 8);
  if (code === 0x1fb3 || code === 0x1fc3 || code === 0x1ff3) return String.fromCharCode(code + 9);
  return char;
}

function ifKnown(mapped: string, char: string): string {
  return mapped === char || isAssigned(char + mapped) ? mapped : char;
}
