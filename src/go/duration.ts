/** Go's `time.Duration`: nanoseconds as a bigint. */
import { quoteAscii } from './quote.ts';

const microsecond = 1_000n;
/** Nanoseconds in a millisecond. */
export const millisecond = 1_000_000n;
/** Nanoseconds in a second. */
export const second = 1_000_000_000n;
/** Nanoseconds in a minute. */
export const minute = 60n * second;
/** Nanoseconds in an hour. */
export const hour = 60n * minute;

const units: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', microsecond],
  ['\u00b5s', microsecond],
  ['\u03bcs', microsecond],
  ['ms', millisecond],
  ['s', second],
  ['m', minute],
  ['h', hour],
]);
const limit = 1n << 63n;

/**
 * `time.ParseDuration`: signed decimal numbers with units, as `1h15m30.918s`.
 * @throws Error `time: invalid duration "x"`, `time: missing unit in duration "1"`,
 * `time: unknown unit "x" in duration "1x"`
 */
export function parseDuration(text: string): bigint {
  const invalid = () => new Error(`time: invalid duration ${quoteAscii(text)}`);
  const negative = text.startsWith('-');
  let at = negative || text.startsWith('+') ? 1 : 0;
  if (text.slice(at) === '0') return 0n;
  if (at === text.length) throw invalid();
  const number = /(\d*)(?:\.(\d*))?/y;
  const unitName = /[^.\d]*/y;
  let total = 0n;
  while (at < text.length) {
    number.lastIndex = at;
    const [found, whole = '', fraction = ''] = number.exec(text)!;
    if (whole === '' && fraction === '') throw invalid();
    // An overflow of the whole part is reported before the unit is read.
    const value = BigInt(whole.length > 40 ? whole.replace(/^0+/, '').slice(0, 40) || '0' : whole || '0');
    if (value > limit) throw invalid();
    at += found.length;
    unitName.lastIndex = at;
    const name = unitName.exec(text)![0];
    if (name === '') throw new Error(`time: missing unit in duration ${quoteAscii(text)}`);
    const unit = units.get(name);
    if (unit === undefined) throw new Error(`time: unknown unit ${quoteAscii(name)} in duration ${quoteAscii(text)}`);
    at += name.length;
    total += value * unit + fractionOf(fraction, unit);
    if (value * unit > limit || total > limit) throw invalid();
  }
  if (negative) return -total;
  if (total === limit) throw invalid();
  return total;
}

/** Computes in floating point as Go does, for equal rounding; digits beyond 63 bits are ignored. */
function fractionOf(digits: string, unit: bigint): bigint {
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit);
    if (value > (limit - 1n) / 10n || next > limit) break;
    value = next;
    scale *= 10;
  }
  return value === 0n ? 0n : BigInt(Math.trunc(Number(value) * (Number(unit) / scale)));
}

/** `Duration.String`: `1m30s`, `1.5ms`, `0s`. */
export function formatDuration(duration: bigint): string {
  const sign = duration < 0n ? '-' : '';
  const value = duration < 0n ? -duration : duration;
  if (value === 0n) return '0s';
  if (value < microsecond) return `${sign}${value}ns`;
  if (value < millisecond) return `${sign}${decimal(value, microsecond)}\u00b5s`;
  if (value < second) return `${sign}${decimal(value, millisecond)}ms`;
  const seconds = `${decimal(value % minute, second)}s`;
  if (value < minute) return sign + seconds;
  const minutes = value / minute;
  return minutes < 60n ? `${sign}${minutes}m${seconds}` : `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

function decimal(value: bigint, unit: bigint): string {
  const fraction = (value % unit)
    .toString()
    .padStart(unit.toString().length - 1, '0')
    .replace(/0+$/, '');
  return fraction === '' ? `${value / unit}` : `${value / unit}.${fraction}`;
}
