import { describe, expect, test } from 'vitest';
import { parseCsvFields } from '../../src/go/csv.ts';
import { parseRamInBytes, parseUlimit } from '../../src/go/size.ts';
import { decodeText } from '../../src/go/text.ts';
import {
  compareBytes,
  equalFold,
  isSpace,
  splitFields,
  toLower,
  toUpper,
  trimSpace,
  utf8Length,
} from '../../src/go/unicode.ts';

describe('unicode', () => {
  test('knows the characters that Go takes for spaces', () => {
    for (const char of [' ', '\t', '\v', '\u0085', '\u00a0', '\u2003', '\u3000']) expect(isSpace(char)).toBe(true);
    for (const char of ['\ufeff', '\u200b', '\x1c', 'a', '']) expect(isSpace(char)).toBe(false);
    expect(trimSpace('\u00a0 a b\u0085\n')).toBe('a b');
    expect(trimSpace('\ufeffa')).toBe('\ufeffa');
    expect(splitFields(' a\u00a0 b ')).toEqual(['a', 'b']);
  });

  test('changes the case of each character as Go does', () => {
    expect(toLower('ÀΣİK')).toBe('àσik');
    expect(toUpper('ßŉàᾳἐ')).toBe('ßŉÀᾼἘ');
    expect(toUpper('ᾀ')).toBe('ᾈ');
    expect(toLower(decodeText(Uint8Array.of(0xff, 0x41)))).toBe('\ufffda');
    expect(equalFold(decodeText(Uint8Array.of(0xff, 0xc3, 0x89)), '\ufffdé')).toBe(true);
    expect(equalFold('K', 'k')).toBe(true);
    expect(equalFold('ſ', 'S')).toBe(true);
    expect(equalFold('ς', 'Σ')).toBe(true);
    expect(equalFold('ß', 'ẞ')).toBe(true);
    expect(equalFold('ß', 'ss')).toBe(false);
    expect(equalFold('ı', 'i')).toBe(false);
    expect(equalFold('İ', 'i')).toBe(false);
    expect(equalFold('I', 'i')).toBe(true);
  });

  test('characters that Go does not know yet have no case', () => {
    // Garay and the Latin letters that Unicode 16 gave other cases.
    for (const char of ['\u{10d50}', '\u{10d70}', '\ua7cb', '\u0264', '\u019b']) {
      expect.soft(toLower(char)).toBe(char);
      expect.soft(toUpper(char)).toBe(char);
    }
    expect(equalFold('\u{10d50}', '\u{10d70}')).toBe(false);
  });

  test('text is ordered by its bytes', () => {
    const escaped = decodeText(Uint8Array.of(0xe3));
    const sorted = ['', 'a', 'ab', 'b', 'é', '\u2028', escaped, '\uffff', '\u{1f600}', decodeText(Uint8Array.of(0xff))];
    expect(sorted.toReversed().sort(compareBytes)).toEqual(sorted);
    expect(utf8Length('aé\u2028\u{1f600}') + utf8Length(escaped)).toBe(11);
  });
});

describe('parseCsvFields', () => {
  test.each([
    ['a', ['a']],
    ['type=bind,source=/a b', ['type=bind', 'source=/a b']],
    ['a,', ['a', '']],
    [',', ['', '']],
    ['"a,b",c', ['a,b', 'c']],
    ['"a ""q"" b"', ['a "q" b']],
    ['"",""', ['', '']],
    ['""""', ['"']],
    ['a\r\n', ['a']],
    ['"a\nb",c\n', ['a\nb', 'c']],
  ])('reads the splitFields of %j', (line, expected) => {
    expect(parseCsvFields(line)).toEqual(expected);
  });

  test.each([
    ['', 'EOF'],
    ['\n', 'EOF'],
    ['a"b', 'parse error on line 1, column 2: bare " in non-quoted-field'],
    ['é,a"b', 'parse error on line 1, column 5: bare " in non-quoted-field'],
    ['"a', 'parse error on line 1, column 2: extraneous or missing " in quoted-field'],
    ['"a"b', 'parse error on line 1, column 3: extraneous or missing " in quoted-field'],
    ['"a""', 'parse error on line 1, column 5: extraneous or missing " in quoted-field'],
  ])("refuses %j with Go's words", (line, message) => {
    expect(() => parseCsvFields(line)).toThrow(new Error(message));
  });
});

describe('sizes', () => {
  test.each([
    ['32', 32n],
    ['32b', 32n],
    ['32B', 32n],
    ['32k', 32768n],
    ['32K', 32768n],
    ['32kb', 32768n],
    ['32Kib', 32768n],
    ['32.5kB', 33280n],
    ['32 MiB', 33554432n],
    ['1.5g', 1610612736n],
    ['0.3K', 307n],
    ['.3kB', 307n],
    ['0. ', 0n],
    ['1p', 1125899906842624n],
    // An invalid byte takes three bytes in lower case, and then the suffix is not looked at any more.
    ['1kx\udcff', 1024n],
  ])('sizes are read in bytes: parseRamInBytes(%j)', (text, bytes) => {
    expect(parseRamInBytes(text)).toBe(bytes);
  });

  test.each([
    ['', "invalid size: ''"],
    ['hello', "invalid size: 'hello'"],
    ['-32', "invalid size: '-32'"],
    ['32 mb ', 'strconv.ParseFloat: parsing "32 mb": invalid syntax'],
    ['32mm', "invalid suffix: 'mm'"],
    ['32x\udcff', "invalid suffix: 'x\ufffd'"],
    ['32m b', 'strconv.ParseFloat: parsing "32m": invalid syntax'],
    ['32bm', "invalid suffix: 'bm'"],
    ['32KiBs', "invalid suffix: 'KiBs'"],
    ['1X', "invalid suffix: 'x'"],
    [' 32 ', 'strconv.ParseFloat: parsing " 32": invalid syntax'],
    ['..3', 'strconv.ParseFloat: parsing "..3": invalid syntax'],
  ])("sizes are refused in docker's words if they are %j", (text, message) => {
    expect(() => parseRamInBytes(text)).toThrow(expect.objectContaining({ message }));
  });
});

describe('parseUlimit', () => {
  test('reads soft and hard limits', () => {
    expect(parseUlimit('nofile=512:1024')).toEqual({ name: 'nofile', soft: 512n, hard: 1024n });
    expect(parseUlimit('nofile=1024')).toEqual({ name: 'nofile', soft: 1024n, hard: 1024n });
    expect(parseUlimit('core=-1')).toEqual({ name: 'core', soft: -1n, hard: -1n });
    expect(parseUlimit('core=5:-1')).toEqual({ name: 'core', soft: 5n, hard: -1n });
  });

  test.each([
    ['notarealtype', 'invalid ulimit argument: notarealtype'],
    ['as=1', 'invalid ulimit type: as'],
    ['core=1:2:3', 'too many limit value arguments - 1:2:3, can only have up to two, `soft[:hard]`'],
    ['core=a', 'strconv.ParseInt: parsing "a": invalid syntax'],
    ['core=a:b', 'strconv.ParseInt: parsing "b": invalid syntax'],
    ['nofile=1024:1', 'ulimit soft limit must be less than or equal to hard limit: 1024 > 1'],
    ['nofile=-1:1', 'ulimit soft limit must be less than or equal to hard limit: soft: -1 (unlimited), hard: 1'],
  ])('refuses %s and says why', (text, message) => {
    expect(() => parseUlimit(text)).toThrow(expect.objectContaining({ message }));
  });
});
