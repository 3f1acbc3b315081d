import { describe, expect, test } from 'vitest';
import { formatDuration, hour, millisecond, minute, parseDuration, second } from '../../src/go/duration.ts';

describe('parseDuration', () => {
  test.each([
    ['0', 0n],
    ['5s', 5n * second],
    ['1478s', 1478n * second],
    ['-5s', -5n * second],
    ['+0', 0n],
    ['5.6s', 5n * second + 600n * millisecond],
    ['5.s', 5n * second],
    ['.5s', 500n * millisecond],
    ['1.004s', second + 4n * millisecond],
    ['100.00100s', 100n * second + millisecond],
    ['10ns', 10n],
    ['12µs', 12_000n],
    ['12μs', 12_000n],
    ['3h30m', 3n * hour + 30n * minute],
    ['-1m30s1.5h', -(90n * second + 90n * minute)],
    ['39h9m14.425s', 39n * hour + 9n * minute + 14n * second + 425n * millisecond],
    ['9007199254740993ns', (1n << 53n) + 1n],
    ['9223372036854775807ns', (1n << 63n) - 1n],
    ['-9223372036854775808ns', -(1n << 63n)],
    ['0.3333333333333333333h', 20n * minute],
    ['0.100000000000000000000h', 6n * minute],
    ['0.830103483285477580700h', 49n * minute + 48n * second + 372539827n],
  ])('reads %s as Go does', (text, value) => {
    expect(parseDuration(text)).toBe(value);
  });

  test.each([
    ['', 'time: invalid duration ""'],
    ['3', 'time: missing unit in duration "3"'],
    ['-', 'time: invalid duration "-"'],
    ['s', 'time: invalid duration "s"'],
    ['.', 'time: invalid duration "."'],
    ['.s', 'time: invalid duration ".s"'],
    ['1h-2m', 'time: unknown unit "h-" in duration "1h-2m"'],
    ['1d', 'time: unknown unit "d" in duration "1d"'],
    ['\x85\x85', String.raw`time: invalid duration "\xc2\x85\xc2\x85"`],
    ['hello \uffff world', String.raw`time: invalid duration "hello \xef\xbf\xbf world"`],
    ['9223372036854775808ns', 'time: invalid duration "9223372036854775808ns"'],
    ['2562048h', 'time: invalid duration "2562048h"'],
    ['9223372036854ms775us808ns', 'time: invalid duration "9223372036854ms775us808ns"'],
    ['-9223372036854775809ns', 'time: invalid duration "-9223372036854775809ns"'],
  ])("refuses %j with Go's words", (text, message) => {
    expect(() => parseDuration(text)).toThrow(new Error(message));
  });
});

test.each([
  [0n, '0s'],
  [1n, '1ns'],
  [1100n, '1.1µs'],
  [2_200_000n, '2.2ms'],
  [3_300_000_000n, '3.3s'],
  [4n * minute + 5n * second, '4m5s'],
  [4n * minute + 5_001n * millisecond, '4m5.001s'],
  [5n * hour + 6n * minute + 7_001n * millisecond, '5h6m7.001s'],
  [8n * minute + 1n, '8m0.000000001s'],
  [(1n << 63n) - 1n, '2562047h47m16.854775807s'],
  [-(1n << 63n), '-2562047h47m16.854775808s'],
])('formatDuration writes %d nanoseconds as Go does', (value, text) => {
  expect(formatDuration(value)).toBe(text);
});
