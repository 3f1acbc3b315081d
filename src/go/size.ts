/** Parses sizes and limits in the forms of Docker's command line (`64m`, `1.5GiB`, `nofile=1024:2048`). */
import { splitAtFirst } from './split-at-first.ts';
import { parseFloat64, parseInteger } from './strconv.ts';
import { toLower, utf8Length } from './unicode.ts';

const prefixes = 'kmgtp';

/**
 * Bytes of a size with binary units: `1k` is 1024.
 * @throws Error `invalid size: 'x'`, `invalid suffix: 'x'`, or ParseFloat's
 */
export function parseRamInBytes(size: string): bigint {
  const end = /[\d. ][^\d. ]*$/.exec(size)?.index;
  if (end === undefined) throw new Error(`invalid size: '${size}'`);
  const value = parseFloat64(size.slice(0, size[end] === ' ' ? end : end + 1));
  if (value < 0) throw new Error(`invalid size: '${size}'`);
  const suffix = size.slice(end + 1);
  if (suffix === '') return toInt64(value);
  if (utf8Length(suffix) > 3) throw new Error(`invalid suffix: '${suffix}'`);
  const unit = toLower(suffix);
  const power = prefixes.indexOf(unit.charAt(0)) + 1;
  // The text in lower case may be longer; the rest is ignored.
  const known = utf8Length(unit) > 3 ? power > 0 : /^(?:b|[kmgtp](?:b|ib)?)$/.test(unit);
  if (!known) throw new Error(`invalid suffix: '${unit}'`);
  return toInt64(value * 1024 ** power);
}

/** Go's conversion on amd64: a number out of range becomes the smallest one. */
function toInt64(value: number): bigint {
  return value < 2 ** 63 ? BigInt(Math.trunc(value)) : -(2n ** 63n);
}

const limits = new Set(
  'core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(' '),
);

/** A resource limit; -1 is unlimited. */
export interface ParsedUlimit {
  /** The name of the resource, such as `nofile`. */
  readonly name: string;
  /** The limit in force. */
  readonly soft: bigint;
  /** The limit up to which a process may raise `soft`. */
  readonly hard: bigint;
}

/** Parses `name=soft[:hard]`. @throws Error with go-units' texts */
export function parseUlimit(text: string): ParsedUlimit {
  const [name, value] = splitAtFirst(text, '=');
  if (value === undefined) throw new Error(`invalid ulimit argument: ${text}`);
  if (!limits.has(name)) throw new Error(`invalid ulimit type: ${name}`);
  const values = value.split(':');
  if (values.length > 2)
    throw new Error(`too many limit value arguments - ${value}, can only have up to two, \`soft[:hard]\``);
  const second = values[1] === undefined ? undefined : parseInteger(values[1], 10, 64);
  const soft = parseInteger(values[0]!, 10, 64);
  const hard = second ?? soft;
  const problem = 'ulimit soft limit must be less than or equal to hard limit:';
  if (hard !== -1n && soft === -1n) throw new Error(`${problem} soft: -1 (unlimited), hard: ${hard}`);
  if (hard !== -1n && soft > hard) throw new Error(`${problem} ${soft} > ${hard}`);
  return { name, soft, hard };
}
