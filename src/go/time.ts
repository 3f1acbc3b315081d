/** Go's `time.Time` as far as image configs and SOURCE_DATE_EPOCH need it. */
import { quoteAscii } from './quote.ts';

/** A point in time, like Go's time.Time: with nanosecond precision and the offset for printing. */
export interface Timestamp {
  /** Seconds since the epoch. */
  readonly seconds: bigint;
  /** 0 to 999,999,999. */
  readonly nanos: number;
  /** Offset from UTC in minutes; absent is UTC (`Z`). */
  readonly offset?: number;
}

const layout = '2006-01-02T15:04:05Z07:00';
const secondsPerDay = 86_400n;

/** Negative, 0 or positive if `a` is before, at or after `b`; offsets do not matter. */
export function compareTimestamps(a: Timestamp, b: Timestamp): number {
  if (a.seconds !== b.seconds) return a.seconds < b.seconds ? -1 : 1;
  return a.nanos - b.nanos;
}

/**
 * `time.Parse(time.RFC3339, text)`, as `time.Time` reads itself from JSON: fractions of a second are allowed,
 * after a comma as well.
 * @throws Error `parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"` and the like
 */
export function parseTimestamp(text: string): Timestamp {
  const reader = createReader(text);
  const year = reader.number('2006', /\d{4}/y);
  reader.skip('-');
  const month = reader.number('01', /\d\d/y);
  if (month < 1 || month > 12) throw reader.outOfRange('month');
  reader.skip('-');
  const day = reader.number('02', /\d\d/y);
  reader.skip('T');
  const hour = reader.number('15', /\d\d?/y);
  if (hour > 23) throw reader.outOfRange('hour');
  reader.skip(':');
  const minute = reader.number('04', /\d\d/y);
  if (minute > 59) throw reader.outOfRange('minute');
  reader.skip(':');
  const second = reader.number('05', /\d\d/y);
  if (second > 59) throw reader.outOfRange('second');
  const fraction = reader.optional(/[.,](\d+)/y)?.[1] ?? '';
  const offset = reader.zone();
  reader.end();
  if (day < 1 || day > daysIn(year, month)) throw new Error(`parsing time ${quoteAscii(text)}: day out of range`);
  const days = BigInt(daysSinceEpoch(year, month, day));
  const seconds = days * secondsPerDay + BigInt(hour * 3600 + minute * 60 + second - offset * 60);
  const nanos = Number(fraction.slice(0, 9).padEnd(9, '0'));
  return offset === 0 ? { seconds, nanos } : { seconds, nanos, offset };
}

/**
 * RFC 3339 with as many digits of the fraction as it has, as `time.Time` writes itself to JSON.
 * @throws Error `year outside of range [0,9999]`, `timezone hour outside of range [0,23]`
 */
export function formatTimestamp(time: Timestamp): string {
  const offset = time.offset ?? 0;
  const local = time.seconds + BigInt(offset * 60);
  if (local < -62_167_219_200n || local >= 253_402_300_800n) throw new Error('year outside of range [0,9999]');
  const date = new Date(Number(local) * 1000).toISOString().slice(0, 19);
  const fraction = time.nanos.toString().padStart(9, '0').replace(/0+$/, '');
  return `${date}${fraction && `.${fraction}`}${formatOffset(offset)}`;
}

function formatOffset(offset: number): string {
  if (offset === 0) return 'Z';
  const minutes = Math.abs(offset);
  if (minutes >= 24 * 60) throw new Error('timezone hour outside of range [0,23]');
  const two = (value: number) => value.toString().padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function createReader(text: string) {
  let at = 0;
  const cannotParse = (from: number, element: string) =>
    new Error(
      `parsing time ${quoteAscii(text)} as ${quoteAscii(layout)}: cannot parse ${quoteAscii(text.slice(from))} as ${quoteAscii(element)}`,
    );
  const outOfRange = (what: string) => new Error(`parsing time ${quoteAscii(text)}: ${what} out of range`);
  const optional = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match;
  };
  return {
    outOfRange,
    optional,
    number(element: string, pattern: RegExp): number {
      const match = optional(pattern);
      if (!match) throw cannotParse(at, element);
      return Number(match[0]);
    },
    skip(separator: string): void {
      if (text[at] !== separator) throw cannotParse(at, separator);
      at++;
    },
    /** Reads an offset in minutes; accepts 24 hours and 60 minutes, as Go does. */
    zone(): number {
      if (text[at] === 'Z') {
        at++;
        return 0;
      }
      const from = at;
      const match = optional(/(.)(\d\d):(\d\d)/sy);
      if (!match) throw cannotParse(from, 'Z07:00');
      const [, sign, hours, minutes] = match;
      if (Number(hours) > 24) throw outOfRange('time zone offset hour');
      if (Number(minutes) > 60) throw outOfRange('time zone offset minute');
      if (sign !== '+' && sign !== '-') throw cannotParse(from, 'Z07:00');
      return (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
    },
    end(): void {
      if (at < text.length)
        throw new Error(`parsing time ${quoteAscii(text)}: extra text: ${quoteAscii(text.slice(at))}`);
    },
  };
}

function daysIn(year: number, month: number): number {
  return daysSinceEpoch(year, month + 1, 1) - daysSinceEpoch(year, month, 1);
}

function daysSinceEpoch(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month - 1, day) / 86_400_000;
}
