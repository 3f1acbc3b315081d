import { describe, expect, test } from 'vitest';
import { formatList, quote, quoteAscii, quoteList } from '../../src/go/quote.ts';
import { decodeText } from '../../src/go/text.ts';

describe('quote', () => {
  test.each([
    ['\x07\b\f\r\n\t\v', String.raw`"\a\b\f\r\n\t\v"`],
    ['\\', String.raw`"\\"`],
    ['say "hi"', String.raw`"say \"hi\""`],
    ["it's `q`", '"it\'s `q`"'],
    ['☺', '"☺"'],
    ['\u{10ffff}', String.raw`"\U0010ffff"`],
    ['\u200b\u00a0\u00ad', String.raw`"\u200b\u00a0\u00ad"`],
    ['\x04\x7f', String.raw`"\x04\x7f"`],
    ['\ufffd', '"\ufffd"'],
    ['𝒜', '"𝒜"'],
    // Assigned since Unicode 16: Go does not know it yet.
    ['\u{1fae9}', String.raw`"\U0001fae9"`],
    ['\u2028', String.raw`"\u2028"`],
  ])('quotes %j as Go does', (text, quoted) => {
    expect(quote(text)).toBe(quoted);
  });

  test('bytes that are not UTF-8 are quoted as escapes', () => {
    expect(quote(decodeText(Uint8Array.of(0x61, 0xff, 0xe2, 0x82, 0x62)))).toBe(String.raw`"a\xff\xe2\x82b"`);
  });

  test('quotes each element of a list', () => {
    expect(quoteList(['a b', ''])).toBe('["a b" ""]');
    expect(quoteList([])).toBe('[]');
    expect(formatList(['a', 'b c'])).toBe('[a b c]');
  });

  test('the time package escapes all bytes beyond ASCII', () => {
    expect(quoteAscii('1µ"\\\x7f\n')).toBe(`${String.raw`"1\xc2\xb5\"\\`}\x7f${String.raw`\x0a"`}`);
  });
});
