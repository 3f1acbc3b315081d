/** Writes JSON to the byte as Go's encoding/json does. */
import { compareBytes } from './unicode.ts';

/**
 * The values that can be written: a plain object is a Go struct (members in their order, undefined ones omitted), a Map
 * is a Go map (keys in byte order), undefined within an array or as the whole value is null.
 */
export type JsonEncodable =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | readonly JsonEncodable[]
  | ReadonlyMap<string, JsonEncodable>
  | { readonly [member: string]: JsonEncodable };

/** `json.Marshal`. */
export function marshalJson(value: JsonEncodable): string {
  return write(value, '', '', '');
}

/** `json.MarshalIndent`: every line but the first begins with the prefix. */
export function marshalJsonIndent(value: JsonEncodable, prefix: string, indent: string): string {
  return write(value, `\n${prefix}`, indent, ' ');
}

const special = /["\\\0-\x1f<>&\u2028\u2029\ud800-\udfff]/;
const short: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** A string with `<`, `>`, `&`, U+2028 and U+2029 escaped, and `\ufffd` for every byte that is not UTF-8. */
function marshalJsonString(text: string): string {
  if (!special.test(text)) return `"${text}"`;
  // With the u flag a pair is one character, so that only lone surrogates are matched.
  return `"${text.replace(/["\\\0-\x1f<>&\u2028\u2029]|[\ud800-\udfff]/gu, escapeCharacter)}"`;
}

function escapeCharacter(char: string): string {
  if (char >= '\ud800' && char <= '\udfff') return '\\ufffd';
  return short[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function write(value: JsonEncodable, line: string, indent: string, space: string): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return marshalJsonString(value);
  if (typeof value !== 'object') return Object.is(value, -0) ? '-0' : String(value);
  const inner = line + indent;
  if (isArray(value)) {
    const items = value.map((item) => write(item, inner, indent, space));
    return enclose('[', items, ']', line, inner);
  }
  const members = value instanceof Map ? [...value].sort(([a], [b]) => compareBytes(a, b)) : present(value);
  const texts = members.map(([key, item]) => `${marshalJsonString(key)}:${space}${write(item, inner, indent, space)}`);
  return enclose('{', texts, '}', line, inner);
}

function enclose(open: string, items: readonly string[], close: string, line: string, inner: string): string {
  return items.length === 0 ? open + close : open + inner + items.join(`,${inner}`) + line + close;
}

function present(value: object): [string, JsonEncodable][] {
  return Object.entries(value).filter(([, item]) => item !== undefined);
}

function isArray(value: object): value is readonly JsonEncodable[] {
  return Array.isArray(value);
}
