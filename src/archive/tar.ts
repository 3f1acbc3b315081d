/**
 * Reads tar headers as Go's archive/tar does, as far as needed to find the newest file. The reader is written once, as
 * a generator that asks for the bytes it wants next, so that an archive can come in pieces and need not fit into
 * memory.
 */
import { fromLatin1 } from '../go/bytes.ts';
import { compareTimestamps, type Timestamp } from '../go/time.ts';

const blockSize = 512;
/** Maximum size in bytes of an extended header or a long name, as in Go. */
const maxSpecialSize = 1 << 20;

interface Header {
  /** `0` for a regular file, `5` for a directory …, as in the header. */
  readonly type: string;
  readonly mode: number;
  readonly modified: Timestamp;
  /** Bytes of content that follow. */
  readonly size: number;
  readonly nameEndsInSlash: boolean;
}

/**
 * The next wish of a reader: a number of bytes, for which it gets `undefined` if the archive ends; or bytes to skip.
 */
type Want = { readonly take: number } | { readonly skip: number; readonly mayBeMissing: boolean };
type Reading<T> = Generator<Want, T, Uint8Array | undefined>;

/** Whether bytes start like a tar archive, with a valid header. */
export function isTarHeader(bytes: Uint8Array): boolean {
  try {
    const reader = start(readHeader());
    reader.push(bytes);
    return reader.end() !== undefined;
  } catch {
    return false;
  }
}

/**
 * The newest modification time of the regular files of an archive that comes in pieces.
 * @throws Error if it is not an archive
 */
export async function newestFile(pieces: AsyncIterable<Uint8Array>): Promise<Timestamp | undefined> {
  const reader = start(findNewest());
  for await (const piece of pieces) if (reader.push(piece)) break;
  return reader.end();
}

/** Starts a reader, and gives it the bytes it wants. */
function start<T>(reading: Reading<T>): { push(bytes: Uint8Array): boolean; end(): T } {
  let step = reading.next();
  let held: Uint8Array | undefined; // the bytes to take that have come so far
  let done = 0; // number of bytes taken or skipped for the current wish
  const next = (bytes: Uint8Array | undefined) => {
    held = undefined;
    done = 0;
    step = reading.next(bytes);
  };
  return {
    /** Adds bytes. @returns whether the reader has finished */
    push(bytes) {
      for (let at = 0; !step.done; ) {
        const want = step.value;
        const wanted = ('take' in want ? want.take : want.skip) - done;
        const length = Math.min(wanted, bytes.length - at);
        const part = bytes.subarray(at, at + length);
        at += length;
        if ('take' in want && length === wanted && done === 0) {
          next(part);
          continue;
        }
        if ('take' in want) {
          held ??= new Uint8Array(want.take);
          held.set(part, done);
        }
        done += length;
        if (length < wanted) return false;
        next(held);
      }
      return true;
    },
    end() {
      while (!step.done) {
        const want = step.value;
        if ('take' in want ? done > 0 : done < want.skip && !want.mayBeMissing) throw new Error('unexpected EOF');
        next(undefined);
      }
      return step.value;
    },
  };
}

function* findNewest(): Reading<Timestamp | undefined> {
  let newest: Timestamp | undefined;
  for (;;) {
    const header = yield* readHeader();
    if (!header) return newest;
    if (isRegular(header) && (!newest || compareTimestamps(header.modified, newest) > 0)) newest = header.modified;
    yield { skip: header.size, mayBeMissing: false };
    yield { skip: padding(header.size), mayBeMissing: true };
  }
}

/** Number of bytes that fill the last block of the content. */
const padding = (size: number) => (blockSize - (size % blockSize)) % blockSize;

/** Whether Go treats a header as a regular file: any whose mode and type do not say otherwise, even a global header. */
function isRegular({ type, mode, nameEndsInSlash }: Header): boolean {
  const kind = mode & ~0o7777;
  const special = [0o40000, 0o10000, 0o120000, 0o60000, 0o20000, 0o140000].includes(kind);
  return !special && !['2', '3', '4', '5', '6'].includes(type) && !(nameEndsInSlash && (type === '\0' || type === '0'));
}

/** The time of a global header: Go's zero time, in year 1. */
const zeroTime: Timestamp = { seconds: -62_135_596_800n, nanos: 0 };

/** The next header, with the special headers before it; its content follows. undefined at the end of the archive. */
function* readHeader(): Reading<Header | undefined> {
  let extended = new Map<string, string>();
  let longName: string | undefined;
  for (;;) {
    const block = yield { take: blockSize };
    if (!block) return undefined;
    if (isZero(block)) {
      const second = yield { take: blockSize };
      if (!second || isZero(second)) return undefined;
      throw invalidHeader();
    }
    const header = parseBlock(block);
    switch (header.type) {
      case 'x':
        extended = parseRecords(yield* readSpecial(header.size));
        break;
      case 'g':
        parseRecords(yield* readSpecial(header.size));
        return { ...header, mode: 0, modified: zeroTime, size: 0 };
      case 'L':
        longName = headerText(yield* readSpecial(header.size));
        break;
      case 'K':
        yield* readSpecial(header.size);
        break;
      default: {
        if (header.type === 'S') yield* skipSparseMap(block[482] !== 0);
        return applyExtended(header, extended, longName);
      }
    }
  }
}

/** The content of a special header, which is about the next header. */
function* readSpecial(size: number): Reading<Uint8Array> {
  if (size > maxSpecialSize) throw new Error('archive/tar: header field too long');
  const content = size === 0 ? new Uint8Array() : yield { take: size };
  if (!content) throw new Error('unexpected EOF');
  yield { skip: padding(size), mayBeMissing: true };
  return content;
}

/** Blocks of sparse maps that follow the header of an old GNU sparse file. */
function* skipSparseMap(more: boolean): Reading<void> {
  for (let follows = more; follows; ) {
    const block = yield { take: blockSize };
    if (!block) throw new Error('unexpected EOF');
    follows = block[504] !== 0;
  }
}

function applyExtended(header: Header, extended: ReadonlyMap<string, string>, longName: string | undefined): Header {
  const name = extended.get('path') || longName;
  const mtime = extended.get('mtime');
  const size = extended.get('size');
  return {
    ...header,
    ...(name !== undefined && { nameEndsInSlash: name.endsWith('/') }),
    ...(mtime && { modified: parsePaxTime(mtime) }),
    // Links, devices and directories have no content, even if their header says so.
    size: '123456'.includes(header.type) ? 0 : size ? parseDecimal(size) : header.size,
  };
}

function isZero(block: Uint8Array): boolean {
  for (const byte of block) if (byte !== 0) return false;
  return true;
}

const invalidHeader = () => new Error('archive/tar: invalid tar header');

function parseBlock(block: Uint8Array): Header {
  checkSum(block);
  const mode = parseNumber(block.subarray(100, 108));
  parseNumber(block.subarray(108, 116));
  parseNumber(block.subarray(116, 124));
  const size = parseNumber(block.subarray(124, 136));
  const seconds = parseNumber(block.subarray(136, 148));
  const magic = headerText(block.subarray(257, 265));
  if (magic.startsWith('ustar')) {
    parseNumber(block.subarray(329, 337));
    parseNumber(block.subarray(337, 345));
  }
  if (size < 0) throw invalidHeader();
  const name = headerText(block.subarray(0, 100));
  return {
    type: String.fromCharCode(block[156]!),
    mode: Number(mode),
    modified: { seconds, nanos: 0 },
    size: Number(size),
    nameEndsInSlash: name.endsWith('/'),
  };
}

/** Checks the sum of all bytes, in which the sum itself counts as blanks; old archivers add signed bytes. */
function checkSum(block: Uint8Array): void {
  const given = Number(parseOctal(block.subarray(148, 156)));
  let unsigned = 0;
  let signed = 0;
  for (let at = 0; at < blockSize; at++) {
    const value = at >= 148 && at < 156 ? 0x20 : block[at]!;
    unsigned += value;
    signed += value > 127 ? value - 256 : value;
  }
  if (given !== unsigned && given !== signed) throw invalidHeader();
}

/** Octal digits, or a big-endian two's complement number if the first bit is set. */
function parseNumber(field: Uint8Array): bigint {
  if ((field[0]! & 0x80) === 0) return parseOctal(field);
  const negative = (field[0]! & 0x40) !== 0;
  let value = BigInt(negative ? field[0]! | 0x80 : field[0]! & 0x7f);
  for (const byte of field.subarray(1)) value = (value << 8n) | BigInt(byte);
  if (negative) value = BigInt.asIntN(field.length * 8, value);
  if (BigInt.asIntN(64, value) !== value) throw invalidHeader();
  return value;
}

/** Octal digits between blanks or NULs; text after a NUL is ignored. */
function parseOctal(field: Uint8Array): bigint {
  const isBlank = (byte: number | undefined) => byte === 0x20 || byte === 0;
  let at = 0;
  while (at < field.length && isBlank(field[at])) at++;
  let value = 0;
  for (; field[at]! >= 0x30 && field[at]! <= 0x37; at++) value = value * 8 + field[at]! - 0x30;
  if (field[at] !== 0) for (; at < field.length; at++) if (!isBlank(field[at])) throw invalidHeader();
  return BigInt(value);
}

const headerText = (field: Uint8Array) => fromLatin1(field).replace(/\0.*$/s, '');

/** Records of an extended header: `<length> <key>=<value>\n`. Texts keep their bytes, one character each. */
function parseRecords(content: Uint8Array): Map<string, string> {
  const records = new Map<string, string>();
  const all = fromLatin1(content);
  for (let at = 0; at < all.length; ) {
    const space = all.indexOf(' ', at);
    const digits = space < 0 || space - at > 10 ? '' : all.slice(at, space);
    const end = at + Number(digits);
    if (!/^\d+$/.test(digits) || end < space + 2 || end > all.length || all[end - 1] !== '\n') throw invalidHeader();
    const record = all.slice(space + 1, end - 1);
    const equals = record.indexOf('=');
    if (equals <= 0) throw invalidHeader();
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at = end;
  }
  return records;
}

/** Seconds with a fraction; the first nine digits of it count. */
function parsePaxTime(value: string): Timestamp {
  const match = /^(-?)(\d+)(?:\.(\d*))?$/.exec(value);
  if (!match) throw invalidHeader();
  const nanos = Number((match[3] ?? '').slice(0, 9).padEnd(9, '0'));
  const seconds = BigInt(match[2]!);
  if (!match[1]) return { seconds, nanos };
  return nanos === 0 ? { seconds: -seconds, nanos } : { seconds: -seconds - 1n, nanos: 1_000_000_000 - nanos };
}

function parseDecimal(value: string): number {
  if (!/^\d{1,19}$/.test(value) || BigInt(value) > 2n ** 63n - 1n) throw invalidHeader();
  return Number(value);
}
