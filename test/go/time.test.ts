import { expect, test } from 'vitest';
import { compareTimestamps, formatTimestamp, parseTimestamp } from '../../src/go/time.ts';

test.each([
  ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00Z'],
  ['2024-05-22T18:18:12.052Z', '2024-05-22T18:18:12.052Z'],
  ['2024-05-22T18:18:12.123456789012Z', '2024-05-22T18:18:12.123456789Z'],
  ['2024-05-22T18:18:12,5+02:30', '2024-05-22T18:18:12.5+02:30'],
  ['2024-05-22T18:18:12-11:00', '2024-05-22T18:18:12-11:00'],
  ['2024-05-22T18:18:12+00:00', '2024-05-22T18:18:12Z'],
  ['2024-05-22T8:18:12Z', '2024-05-22T08:18:12Z'],
  ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00Z'],
  ['0001-02-03T04:05:06.000000001Z', '0001-02-03T04:05:06.000000001Z'],
  ['9999-12-31T23:59:59.999999999Z', '9999-12-31T23:59:59.999999999Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
])('a timestamp is read and written as Go does: %s', (text, formatted) => {
  expect(formatTimestamp(parseTimestamp(text))).toBe(formatted);
});

test('times keep their seconds, fractions and offsets', () => {
  expect(parseTimestamp('1970-01-01T01:00:00.25+01:00')).toEqual({ seconds: 0n, nanos: 250_000_000, offset: 60 });
  expect(formatTimestamp({ seconds: 1700000000n, nanos: 0 })).toBe('2023-11-14T22:13:20Z');
  expect(compareTimestamps({ seconds: 1n, nanos: 0 }, { seconds: 2n, nanos: 0 })).toBeLessThan(0);
  expect(compareTimestamps({ seconds: 1n, nanos: 5 }, { seconds: 1n, nanos: 4 })).toBeGreaterThan(0);
  expect(compareTimestamps({ seconds: 1n, nanos: 0, offset: 60 }, { seconds: 1n, nanos: 0 })).toBe(0);
});

const as = ' as "2006-01-02T15:04:05Z07:00": cannot parse ';
test.each([
  ['', `parsing time ""${as}"" as "2006"`],
  ['yesterday', `parsing time "yesterday"${as}"yesterday" as "2006"`],
  ['20x4-01-01T00:00:00Z', `parsing time "20x4-01-01T00:00:00Z"${as}"20x4-01-01T00:00:00Z" as "2006"`],
  ['2024/01/01', `parsing time "2024/01/01"${as}"/01/01" as "-"`],
  ['2024-1-01', `parsing time "2024-1-01"${as}"1-01" as "01"`],
  ['2024-13-01T00:00:00Z', 'parsing time "2024-13-01T00:00:00Z": month out of range'],
  ['2024-01-01 00:00:00Z', `parsing time "2024-01-01 00:00:00Z"${as}" 00:00:00Z" as "T"`],
  ['2024-01-01T24:00:00Z', 'parsing time "2024-01-01T24:00:00Z": hour out of range'],
  ['2024-01-01T00:60:00Z', 'parsing time "2024-01-01T00:60:00Z": minute out of range'],
  ['2024-01-01T00:00:60Z', 'parsing time "2024-01-01T00:00:60Z": second out of range'],
  ['2024-01-01T00:00:00', `parsing time "2024-01-01T00:00:00"${as}"" as "Z07:00"`],
  ['2024-01-01T00:00:00.Z', `parsing time "2024-01-01T00:00:00.Z"${as}".Z" as "Z07:00"`],
  ['2024-01-01T00:00:00+0100', `parsing time "2024-01-01T00:00:00+0100"${as}"+0100" as "Z07:00"`],
  ['2024-01-01T00:00:00+25:00', 'parsing time "2024-01-01T00:00:00+25:00": time zone offset hour out of range'],
  ['2024-01-01T00:00:00Zx', 'parsing time "2024-01-01T00:00:00Zx": extra text: "x"'],
  ['2023-02-29T00:00:00Z', 'parsing time "2023-02-29T00:00:00Z": day out of range'],
  ['2024-01-00T00:00:00Z', 'parsing time "2024-01-00T00:00:00Z": day out of range'],
])("a timestamp that is %j is refused with Go's words", (text, message) => {
  expect(() => parseTimestamp(text)).toThrow(new Error(message));
});

test('a time that RFC 3339 cannot express is an error', () => {
  expect(() => formatTimestamp({ seconds: 253_402_300_800n, nanos: 0 })).toThrow('year outside of range [0,9999]');
  expect(() => formatTimestamp({ seconds: -62_167_219_201n, nanos: 0 })).toThrow('year outside of range [0,9999]');
  expect(() => formatTimestamp({ seconds: 0n, nanos: 0, offset: 1440 })).toThrow(
    'timezone hour outside of range [0,23]',
  );
});
