import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type JsonNode, parseJson } from '../../src/go/json.ts';
import { decodeJson, goString } from '../../src/go/json-decode.ts';
import { marshalJson, marshalJsonIndent } from '../../src/go/json-encode.ts';
import { clean } from '../../src/go/path.ts';
import { quote } from '../../src/go/quote.ts';
import { decodeText, encodeText } from '../../src/go/text.ts';
import { formatTimestamp, parseTimestamp } from '../../src/go/time.ts';
import { compareBytes, utf8Length } from '../../src/go/unicode.ts';
import { formatUrl, parseUrl } from '../../src/go/url.ts';

const bytes = fc.uint8Array({ maxLength: 40 });
const text = fc.string({ unit: 'binary' });

function plain(node: JsonNode): unknown {
  if (node.kind === 'array') return node.items.map(plain);
  if (node.kind === 'object') return Object.fromEntries(node.members.map(([key, value]) => [key, plain(value)]));
  if (node.kind === 'number') return Number(node.text);
  return node.kind === 'null' ? null : node.value;
}

test('bytes survive decoding and encoding', () => {
  fc.assert(
    fc.property(bytes, (data) => {
      expect(encodeText(decodeText(data))).toEqual(data);
    }),
  );
});

test('order and length are those of the bytes', () => {
  const near = fc.array(fc.constantFrom(0x61, 0xc3, 0xa9, 0xe2, 0x80, 0xa8, 0xf0, 0x9f, 0x98, 0xef, 0xbf, 0xff));
  fc.assert(
    fc.property(near, near, (left, right) => {
      const [a, b] = [Uint8Array.from(left), Uint8Array.from(right)];
      expect(Math.sign(compareBytes(decodeText(a), decodeText(b)))).toBe(Buffer.compare(a, b));
      expect(utf8Length(decodeText(a))).toBe(a.length);
    }),
  );
});

test('valid JSON is read as JavaScript reads it, and written so that it reads back', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (generated) => {
      const value = JSON.parse(JSON.stringify(generated)); // without -0, which only Go writes
      expect(plain(parseJson(JSON.stringify(value)))).toEqual(value);
      expect(JSON.parse(marshalJson(value))).toEqual(value);
      expect(JSON.parse(marshalJsonIndent(value, '', '\t'))).toEqual(value);
    }),
  );
});

test('what JavaScript refuses as JSON is refused, and the other way round', () => {
  const fragments = fc.constantFrom(...'[]{}:,"\\u0aA-+.eE12 \ntrfalsn\''.split(''), 'true', 'null', '"a"', '\\u00e9');
  const accepts = (parse: (text: string) => unknown, json: string) => {
    try {
      parse(json);
      return true;
    } catch {
      return false;
    }
  };
  fc.assert(
    fc.property(fc.array(fragments, { maxLength: 12 }), (parts) => {
      const json = parts.join('');
      expect(accepts(parseJson, json)).toBe(accepts(JSON.parse, json));
    }),
    { numRuns: 3000 },
  );
});

test('marshalled strings decode to themselves', () => {
  fc.assert(
    fc.property(text, (value) => {
      expect(decodeJson(marshalJson(value), goString())).toBe(value);
    }),
  );
});

test('quoted text is printable and differs where the text differs', () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      const quoted = quote(decodeText(a));
      expect(quoted).toMatch(/^"[^\x00-\x1f\x7f]*"$/);
      expect(quoted === quote(decodeText(b))).toBe(Buffer.compare(a, b) === 0);
    }),
  );
});

test('cleaned paths are clean', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('/', '.', '..', 'a', 'b.c')), (parts) => {
      const path = clean(parts.join(''));
      expect(clean(path)).toBe(path);
      expect(path).not.toMatch(/\/\/|\/\.\/|[^/.]\/\.\.(?:\/|$)|.\/$/);
    }),
  );
});

test('times are read as they were written', () => {
  fc.assert(
    fc.property(
      fc.bigInt(-62_135_596_800n + 86_400n, 253_402_300_799n - 86_400n),
      fc.nat(999_999_999),
      fc.integer({ min: -1439, max: 1439 }),
      (seconds, nanos, offset) => {
        const time = offset === 0 ? { seconds, nanos } : { seconds, nanos, offset };
        expect(parseTimestamp(formatTimestamp(time))).toEqual(time);
      },
    ),
  );
});

test('a URL that is written again keeps its parts', () => {
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (address) => {
      const url = parseUrl(address);
      expect(parseUrl(formatUrl(url))).toMatchObject({ host: url.host, path: url.path, scheme: url.scheme });
      expect(address.startsWith(formatUrl(url).replace(/\?$/, ''))).toBe(true);
    }),
  );
});
