import { describe, expect, test } from 'vitest';
import { atoi, isBool, NumError, parseBool, parseFloat64, parseInteger, parseUnsigned } from '../../src/go/strconv.ts';

describe('strconv', () => {
  test('reads the booleans that Go knows and refuses all others', () => {
    for (const text of ['1', 't', 'T', 'TRUE', 'true', 'True']) expect(parseBool(text)).toBe(true);
    for (const text of ['0', 'f', 'F', 'FALSE', 'false', 'False']) expect(parseBool(text)).toBe(false);
    expect(() => parseBool('yes')).toThrow('strconv.ParseBool: parsing "yes": invalid syntax');
    expect(() => parseBool('tRUE')).toThrow(NumError);
    expect(['1', 'False', 'yes', 'tRUE', ''].map(isBool)).toEqual([true, true, false, false, false]);
  });

  test.each([
    ['0', 10, 64, 0n],
    ['-0', 10, 64, 0n],
    ['+42', 10, 64, 42n],
    ['9223372036854775807', 10, 64, 9223372036854775807n],
    ['-9223372036854775808', 10, 0, -9223372036854775808n],
    ['755', 8, 16, 493n],
    ['0000000000000000000000000000000012', 10, 32, 12n],
    ['fF', 16, 64, 255n],
  ] as const)('parseInteger reads %s in base %d with %d bits', (text, base, bits, value) => {
    expect(parseInteger(text, base, bits)).toBe(value);
  });

  test.each([
    ['', 10, 64, 'invalid syntax'],
    ['-', 10, 64, 'invalid syntax'],
    ['1_000', 10, 64, 'invalid syntax'],
    [' 1', 10, 64, 'invalid syntax'],
    ['8', 8, 32, 'invalid syntax'],
    ['１', 10, 32, 'invalid syntax'],
    ['9223372036854775808', 10, 64, 'value out of range'],
    ['2147483648', 10, 32, 'value out of range'],
    ['3000000000x', 10, 32, 'invalid syntax'],
    ['30000000000x', 10, 32, 'value out of range'],
  ] as const)('parseInteger refuses %j in base %d with %d bits', (text, base, bits, reason) => {
    expect(() => parseInteger(text, base, bits)).toThrow(new NumError('ParseInt', text, reason));
  });

  test('unsigned numbers take no sign', () => {
    expect(parseUnsigned('18446744073709551615', 10, 64)).toBe(18446744073709551615n);
    expect(() => parseUnsigned('+1', 10, 64)).toThrow('strconv.ParseUint: parsing "+1": invalid syntax');
    expect(() => parseUnsigned('4294967296', 10, 32)).toThrow('value out of range');
  });

  test('atoi reads decimal integers and names itself in its error', () => {
    expect(atoi('-12')).toBe(-12);
    expect(() => atoi('x"')).toThrow('strconv.Atoi: parsing "x\\"": invalid syntax');
  });

  test.each([
    ['1', 1],
    ['.5', 0.5],
    ['5.', 5],
    ['1e3', 1000],
    ['1_23.50_0_0e+1_2', 1.235e14],
    ['0x1p4', 16],
    ['0x_1_2.3_4_5p+1_2', 74565],
    ['-0x.8p0', -0.5],
    ['+Inf', Infinity],
    ['-infinity', -Infinity],
  ])('parseFloat64 reads %s as Go does', (text, value) => {
    expect(parseFloat64(text)).toBe(value);
  });

  test.each(['', '.', '1x', '1__2', '_1', '1_', '1_.5', '1._5', '1e', '1e_2', '0x10', '1 ', '+nan', 'e1'])(
    "parseFloat64 refuses %j with Go's words",
    (text) => {
      expect(() => parseFloat64(text)).toThrow(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`);
    },
  );

  test('floats out of range are errors', () => {
    expect(() => parseFloat64('1e400')).toThrow('strconv.ParseFloat: parsing "1e400": value out of range');
  });
});
