/** Reads tar headers as Go's archive/tar does, as far as finding the newest file needs it. */
import { compareTimestamps, type Timestamp } from '../go/time.ts';

const blockSize = 512;

interface Header {
  /** `0` for a regular file, `5` for a directory …, as in the header. */
  readonly type: string;
  readonly mode: number;
  readonly modified: Timestamp;
  /** Bytes of content that follow. */
  readonly size: number;
  readonly nameEndsInSlash: boolean;
}

/** Whether a text of some bytes starts like a tar archive: one header can be read. */
export function isTarHeader(bytes: Uint8Array): boolean {
  try {
    return readHeader(bytes, 0) !== undefined;
  } catch {
    return false;
  }
}

/** The newest modification time of the regular files of an archive; throws if it is none. */
export function newestFile(bytes: Uint8Array): Timestamp | undefined {
  let newest: Timestamp | undefined;
  for (let at = 0; ; ) {
    const found = readHeader(bytes, at);
    if (!found) return newest;
    at = found.next;
    if (!isRegular(found.header)) continue;
    if (!newest || compareTimestamps(found.header.modified, newest) > 0) newest = found.header.modified;
  }
}

/** What Go takes for a regular file: anything whose mode and type say nothing else (a global header, too). */
function isRegular({ type, mode, nameEndsInSlash }: Header): boolean {
  const kind = mode & ~0o7777;
  const special = [0o40000, 0o10000, 0o120000, 0o60000, 0o20000, 0o140000].includes(kind);
  return !special && !['2', '3', '4', '5', '6'].includes(type) && !(nameEndsInSlash && (type === '\0' || type === '0'));
}

/** A global header has no time of its own: Go's zero time, year 1. */
const zeroTime: Timestamp = { seconds: -62_135_596_800n, nanos: 0 };

/** Finds the next header with what belongs to it; undefined at the end of the archive. */
function readHeader(bytes: Uint8Array, start: number): { header: Header; next: number } | undefined {
  let extended = new Map<string, string>();
  let longName: string | undefined;
  for (let at = start; ; ) {
    const block = readBlock(bytes, at);
    if (!block) return undefined;
    if (block.every((byte) => byte === 0)) {
      const second = readBlock(bytes, at + blockSize);
      if (!second || second.every((byte) => byte === 0)) return undefined;
      throw invalidHeader();
    }
    const header = parseBlock(block);
    const content = at + blockSize;
    const size = 'LKxg'.includes(header.type) || !'123456'.includes(header.type) ? header.size : 0;
    const next = content + Math.ceil(size / blockSize) * blockSize;
    if (content + size > bytes.length) throw new Error('unexpected EOF');
    switch (header.type) {
      case 'x':
        extended = parseRecords(bytes.subarray(content, content + size));
        break;
      case 'g':
        parseRecords(bytes.subarray(content, content + size));
        return { header: { ...header, mode: 0, modified: zeroTime }, next };
      case 'L':
        longName = text(bytes.subarray(content, content + size));
        break;
      case 'K':
        break;
      default:
        return applyExtended(bytes, header, content, extended, longName);
    }
    at = next;
  }
}

function applyExtended(
  bytes: Uint8Array,
  header: Header,
  content: number,
  extended: ReadonlyMap<string, string>,
  longName: string | undefined,
) {
  const name = extended.get('path') || longName;
  const mtime = extended.get('mtime');
  const size = extended.get('size');
  const merged: Header = {
    ...header,
    ...(name !== undefined && { nameEndsInSlash: name.endsWith('/') }),
    ...(mtime && { modified: parsePaxTime(mtime) }),
    ...(size && { size: parseDecimal(size) }),
  };
  let start = content;
  if (merged.type === 'S') start += sparseBlocks(bytes, content) * blockSize;
  const length = '123456'.includes(merged.type) ? 0 : merged.size;
  if (start + length > bytes.length) throw new Error('unexpected EOF');
  return { header: merged, next: start + Math.ceil(length / blockSize) * blockSize };
}

/** Blocks of sparse maps that follow the header of an old GNU sparse file. */
function sparseBlocks(bytes: Uint8Array, content: number): number {
  let more = bytes[content - blockSize + 482] !== 0;
  let count = 0;
  for (; more; count++) {
    const block = readBlock(bytes, content + count * blockSize);
    if (!block) throw new Error('unexpected EOF');
    more = block[504] !== 0;
  }
  return count;
}

const invalidHeader = () => new Error('archive/tar: invalid tar header');

/** A whole block, undefined at the end of the input. */
function readBlock(bytes: Uint8Array, at: number): Uint8Array | undefined {
  if (at >= bytes.length) return undefined;
  if (at + blockSize > bytes.length) throw new Error('unexpected EOF');
  return bytes.subarray(at, at + blockSize);
}

function parseBlock(block: Uint8Array): Header {
  checkSum(block);
  const mode = parseNumber(block.subarray(100, 108));
  parseNumber(block.subarray(108, 116));
  parseNumber(block.subarray(116, 124));
  const size = parseNumber(block.subarray(124, 136));
  const seconds = parseNumber(block.subarray(136, 148));
  const magic = text(block.subarray(257, 265));
  if (magic.startsWith('ustar')) {
    parseNumber(block.subarray(329, 337));
    parseNumber(block.subarray(337, 345));
  }
  if (size < 0) throw invalidHeader();
  const name = text(block.subarray(0, 100));
  return {
    type: String.fromCharCode(block[156]!),
    mode: Number(mode),
    modified: { seconds, nanos: 0 },
    size: Number(size),
    nameEndsInSlash: name.endsWith('/'),
  };
}

/** The sum of all bytes, with blanks in the place of the sum itself; old archivers add signed bytes. */
function checkSum(block: Uint8Array): void {
  const given = Number(parseOctal(block.subarray(148, 156)));
  let unsigned = 0;
  let signed = 0;
  for (const [at, byte] of block.entries()) {
    const value = at >= 148 && at < 156 ? 0x20 : byte;
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
  return negative ? BigInt.asIntN(field.length * 8, value) : value;
}

function parseOctal(field: Uint8Array): bigint {
  const digits = Buffer.from(field)
    .toString('latin1')
    .replace(/^[ \0]+|[ \0]+$/g, '')
    .replace(/\0.*$/s, '');
  if (digits === '') return 0n;
  if (!/^[0-7]+$/.test(digits)) throw invalidHeader();
  return BigInt(`0o${digits}`);
}

const text = (field: Uint8Array) => Buffer.from(field).toString('latin1').replace(/\0.*$/s, '');

/** Records of an extended header: `<length> <key>=<value>\n`. */
function parseRecords(content: Uint8Array): Map<string, string> {
  const records = new Map<string, string>();
  for (let rest = Buffer.from(content); rest.length > 0; ) {
    const space = rest.indexOf(0x20);
    const digits = rest.subarray(0, Math.max(space, 0)).toString('latin1');
    const length = Number(digits);
    if (!/^\d+$/.test(digits) || length < space + 2 || length > rest.length || rest[length - 1] !== 0x0a)
      throw invalidHeader();
    const record = rest.subarray(space + 1, length - 1).toString('utf8');
    const equals = record.indexOf('=');
    if (equals <= 0) throw invalidHeader();
    records.set(record.slice(0, equals), record.slice(equals + 1));
    rest = rest.subarray(length);
  }
  return records;
}

/** Seconds with a fraction, of which nine digits count. */
function parsePaxTime(value: string): Timestamp {
  const match = /^(-?)(\d+)(?:\.(\d*))?$/.exec(value);
  if (!match) throw invalidHeader();
  const nanos = Number((match[3] ?? '').slice(0, 9).padEnd(9, '0'));
  const seconds = BigInt(match[2]!);
  if (!match[1]) return { seconds, nanos };
  return nanos === 0 ? { seconds: -seconds, nanos } : { seconds: -seconds - 1n, nanos: 1_000_000_000 - nanos };
}

function parseDecimal(value: string): number {
  if (!/^\d+$/.test(value)) throw invalidHeader();
  return Number(value);
}
