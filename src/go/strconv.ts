/** Go's `strconv` parsers with their rules and error texts. */
import { quote } from './quote.ts';

/** A text that is not a number (or boolean): `strconv.ParseInt: parsing "x": invalid syntax`. */
export class NumError extends Error {
  override readonly name = 'NumError';
  constructor(parser: string, text: string, reason: 'invalid syntax' | 'value out of range') {
    super(`strconv.${parser}: parsing ${quote(text)}: ${reason}`);
  }
}

const truePattern = /^(?:1|t|T|TRUE|true|True)$/;
const falsePattern = /^(?:0|f|F|FALSE|false|False)$/;

/** `strconv.ParseBool`. @throws NumError */
export function parseBool(text: string): boolean {
  if (truePattern.test(text)) return true;
  if (falsePattern.test(text)) return false;
  throw new NumError('ParseBool', text, 'invalid syntax');
}

/** Whether `strconv.ParseBool` accepts a text. */
export function isBool(text: string): boolean {
  return truePattern.test(text) || falsePattern.test(text);
}

/** Whether `strconv.ParseBool` reads a text as true; false if it is absent. */
export function isTrue(text: string | undefined): boolean {
  return text !== undefined && truePattern.test(text);
}

/** `strconv.ParseInt` in base 8, 10 or 16; `bits` 0 stands for 64. @throws NumError */
export function parseInteger(text: string, base: number, bits: number): bigint {
  return parseSigned('ParseInt', text, base, bits);
}

/** `strconv.Atoi`. @throws NumError */
export function atoi(text: string): number {
  return Number(parseSigned('Atoi', text, 10, 64));
}

/** `strconv.ParseUint` in base 8, 10 or 16; `bits` 0 stands for 64. @throws NumError */
export function parseUnsigned(text: string, base: number, bits: number): bigint {
  return parseDigits('ParseUint', text, text, base, bits);
}

/**
 * `strconv.ParseFloat` of 64 bits: decimal and hexadecimal, underscores between digits, infinities. @throws NumError
 */
export function parseFloat64(text: string): number {
  const special = /^([+-]?)(?:inf|infinity)$|^nan$/i.exec(text);
  if (special) return special[1] === undefined ? Number.NaN : special[1] === '-' ? -Infinity : Infinity;
  const value = parseDecimal(text) ?? parseHexadecimal(text);
  if (value === undefined) throw new NumError('ParseFloat', text, 'invalid syntax');
  if (!Number.isFinite(value)) throw new NumError('ParseFloat', text, 'value out of range');
  return value;
}

function parseSigned(parser: string, text: string, base: number, bits: number): bigint {
  const negative = text.startsWith('-');
  const digits = negative || text.startsWith('+') ? text.slice(1) : text;
  const magnitude = parseDigits(parser, text, digits, base, bits);
  const limit = 1n << BigInt((bits || 64) - 1);
  if (magnitude > limit || (magnitude === limit && !negative)) throw new NumError(parser, text, 'value out of range');
  return negative ? -magnitude : magnitude;
}

/** The first problem from the left counts: digits that already exceed the range hide a bad character after them. */
function parseDigits(parser: string, text: string, digits: string, base: number, bits: number): bigint {
  if (digits === '') throw new NumError(parser, text, 'invalid syntax');
  const max = (1n << BigInt(bits || 64)) - 1n;
  let value = 0n;
  for (let at = 0; at < digits.length; at++) {
    const digit = digitValue(digits.charCodeAt(at));
    if (digit >= base) throw new NumError(parser, text, 'invalid syntax');
    value = value * BigInt(base) + BigInt(digit);
    if (value > max) throw new NumError(parser, text, 'value out of range');
  }
  return value;
}

function digitValue(unit: number): number {
  if (unit >= 48 && unit <= 57) return unit - 48;
  const letter = unit | 32;
  return letter >= 97 && letter <= 122 ? letter - 87 : 36;
}

function parseDecimal(text: string): number | undefined {
  const match = /^[+-]?(?:(\d[\d_]*)(?:\.([\d_]*))?|\.([\d_]+))(?:[eE][+-]?([\d_]+))?$/.exec(text);
  if (!match || match.slice(1).some(badUnderscores)) return undefined;
  return Number(text.replaceAll('_', ''));
}

function parseHexadecimal(text: string): number | undefined {
  const match = /^([+-]?)0[xX](_?[\da-fA-F_]*)(?:\.([\da-fA-F_]*))?[pP]([+-]?[\d_]+)$/.exec(text);
  if (!match) return undefined;
  const [, sign, whole = '', fraction = '', exponent = ''] = match;
  if (badUnderscores(whole.replace(/^_/, '')) || badUnderscores(fraction)) return undefined;
  if (badUnderscores(exponent.replace(/^[+-]/, '')) || whole.replace('_', '') + fraction === '') return undefined;
  const digits = `${whole}${fraction}`.replaceAll('_', '');
  const scale = Number(exponent.replaceAll('_', '')) - 4 * fraction.replaceAll('_', '').length;
  const value = Number(BigInt(`0x${digits}`)) * 2 ** scale;
  return sign === '-' ? -value : value;
}

/** Whether underscores are anywhere but between two digits. */
function badUnderscores(digits: string | undefined): boolean {
  return digits !== undefined && digits !== '' && /^_|__|_$/.test(digits);
}
