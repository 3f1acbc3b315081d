/**
 * Writes protobuf's wire format. The digest of an op is computed from its bytes, so they equal those of Go's
 * deterministic marshaller: the caller writes fields in ascending order and members of a oneof last; the writer leaves
 * out zero values and sorts map keys by their UTF-8 bytes.
 *
 * `encode` writes any message from its schema. The ops that the library makes are written with the writer alone: it
 * takes values where they are, without a message object and without looking fields up, for thousands of ops in a build.
 */
import { host } from '#host';
import { sortByBytes } from '../go/unicode.ts';

/** Wire types of protobuf. */
export const WireType = {
  varint: 0,
  fixed64: 1,
  lengthDelimited: 2,
  startGroup: 3,
  endGroup: 4,
  fixed32: 5,
} as const;

/** Field numbers of the entries of any map. */
export const mapEntry = { key: 1, value: 2 } as const;

const slabSize = 32_768; // bytes
/** Bytes by which a buffer grows at most: half of a large message is much memory. */
const maxGrowth = 8 << 20;

/** Number of strings from which on a list is kept for the next one. */
const longList = 16;

/** The long list of strings that was written last. */
interface LongList {
  readonly field: number;
  readonly strings: string[];
  /** Where each string ends in the bytes. */
  readonly ends: number[];
  /** The encoded list, with its tags, and space for a longer one. */
  readonly bytes: Uint8Array;
}

const noList: LongList = { field: 0, strings: [], ends: [], bytes: new Uint8Array(0) };

/** Writes one message at a time. A nested message is written in place; its length is inserted afterwards. */
export class ProtoWriter {
  private buffer = new Uint8Array(4096);
  private end = 0;
  /** Memory for finished messages: allocating it for each of thousands of ops takes longer than writing them. */
  private slab = new Uint8Array(0);
  private last: LongList | undefined;

  /** Returns a copy of the message and empties the writer. */
  finish(): Uint8Array {
    if (this.slab.length < this.end) this.slab = new Uint8Array(Math.max(this.end, slabSize));
    const bytes = this.slab.subarray(0, this.end);
    bytes.set(this.buffer.subarray(0, this.end));
    this.slab = this.slab.subarray(this.end);
    this.end = 0;
    return bytes;
  }

  /** Returns the message without copying it. The writer cannot be used any more. */
  handOver(): Uint8Array {
    return this.buffer.subarray(0, this.end);
  }

  /** Empties the writer after an error in the middle of a message. */
  reset(): void {
    this.end = 0;
  }

  /**
   * Writes a string unless it is empty.
   * @throws Error if the string contains a lone surrogate, which UTF-8 cannot encode
   */
  string(field: number, value: string): void {
    if (value !== '') this.element(field, wellFormed(value));
  }

  /** Writes a repeated string. @throws Error if one contains a lone surrogate */
  strings(field: number, values: readonly string[] | undefined): void {
    if (!values) return;
    if (values.length >= longList) this.longStrings(field, values);
    else for (let at = 0; at < values.length; at++) this.element(field, wellFormed(values[at]!));
  }

  /** Copies what the list begins with as the last one did: each RUN has all variables of the RUN before it. */
  private longStrings(field: number, values: readonly string[]): void {
    const { last = noList } = this;
    this.last = undefined; // until all is written
    const { strings, ends }: Pick<LongList, 'strings' | 'ends'> =
      last.field === field ? last : { strings: [], ends: [] };
    const start = this.end;
    let same = 0;
    while (same < strings.length && values[same] === strings[same]) same++;
    strings.length = same;
    ends.length = same;
    const copied = ends.at(-1) ?? 0;
    this.append(last.bytes.subarray(0, copied));
    for (let at = same; at < values.length; at++) {
      this.element(field, wellFormed(values[at]!));
      strings.push(values[at]!);
      ends.push(this.end - start);
    }
    const length = this.end - start;
    let { bytes } = last;
    if (bytes.length < length) {
      bytes = new Uint8Array(2 * length);
      bytes.set(last.bytes.subarray(0, copied));
    }
    bytes.set(this.buffer.subarray(start + copied, this.end), copied);
    this.last = { field, strings, ends, bytes };
  }

  /** Writes bytes, unless they are empty. */
  bytes(field: number, value: Uint8Array): void {
    if (value.length > 0) this.elementBytes(field, value);
  }

  /** Writes a boolean unless it is false. */
  bool(field: number, value: boolean | undefined): void {
    if (value) this.scalar(field, 1);
  }

  /**
   * Writes an integer or enum value of any type unless it is 0. A negative number takes ten bytes, as int32 and int64
   * do.
   */
  int(field: number, value: number | bigint | undefined): void {
    if (value) this.scalar(field, value);
  }

  /** Writes an integer even if it is 0, as a member of a oneof. */
  scalar(field: number, value: number | bigint): void {
    this.tag(field, WireType.varint);
    this.varint(value);
  }

  /** Writes a repeated integer unless the list is empty. */
  packed(field: number, values: readonly (number | bigint)[]): void {
    if (values.length === 0) return;
    const start = this.open(field);
    for (const value of values) this.varint(value);
    this.close(start);
  }

  /** Writes a message with the fields that `write` writes, even if it is empty. */
  message(field: number, write: () => void): void {
    const start = this.open(field);
    write();
    this.close(start);
  }

  /** Begins a message, whose fields are to be written. @returns what {@link close} takes to end it */
  open(field: number): number {
    this.tag(field, WireType.lengthDelimited);
    return ++this.end; // after the length, as long as that takes one byte
  }

  /** Ends the message that `open` has begun last. */
  close(start: number): void {
    const length = this.end - start;
    if (length < 0x80) this.buffer[start - 1] = length;
    else this.lengthen(start - 1, length);
  }

  /** Writes a map of strings. @throws Error if a key or value contains a lone surrogate */
  stringMap(field: number, entries: ReadonlyMap<string, string>): void {
    for (const key of sortByBytes([...entries.keys()])) {
      const start = this.open(field);
      this.element(mapEntry.key, wellFormed(key));
      this.element(mapEntry.value, wellFormed(entries.get(key)!));
      this.close(start);
    }
  }

  /** Writes a string even if it is empty, as an element of a list or map. Lone surrogates become U+FFFD. */
  element(field: number, value: string): void {
    const { length } = value;
    const needed = 20 + 3 * length; // the tag, the length, and three bytes for each UTF-16 unit
    if (this.end + needed > this.buffer.length) this.reserve(needed);
    const tag = field * 8 + WireType.lengthDelimited;
    if (tag < 0x80) this.buffer[this.end++] = tag;
    else this.varint(tag);
    const start = this.end;
    if (length < 0x80) this.buffer[this.end++] = length;
    else this.varint(length); // as long as the text is ASCII
    const written = host.encodeInto(value, this.buffer, this.end);
    this.end += written;
    if (written !== length) this.lengthen(start, written);
  }

  /** Writes bytes even if they are empty, as an element of a list or map. */
  elementBytes(field: number, value: Uint8Array): void {
    this.tag(field, WireType.lengthDelimited);
    this.varint(value.length);
    this.append(value);
  }

  /** Writes a field that was read without being understood. */
  raw(field: number, wireType: number, value: Uint8Array): void {
    this.tag(field, wireType);
    this.append(value);
  }

  /** Writes fields that are encoded. */
  append(value: Uint8Array): void {
    this.reserve(value.length);
    this.buffer.set(value, this.end);
    this.end += value.length;
  }

  /** Writes a length at `start`, and moves what was written last, and is that long, after it. */
  private lengthen(start: number, length: number): void {
    const value = this.end - length;
    let size = 1;
    for (let rest = length; rest >= 0x80; rest >>>= 7) size++;
    this.reserve(size);
    if (start + size !== value) this.buffer.copyWithin(start + size, value, this.end);
    this.end = start;
    this.varint(length);
    this.end += length;
  }

  /** Also makes room for a length. */
  private tag(field: number, wireType: number): void {
    const tag = field * 8 + wireType;
    if (this.end + 20 > this.buffer.length) this.reserve(20);
    if (tag < 0x80) this.buffer[this.end++] = tag;
    else this.varint(tag);
  }

  private varint(value: number | bigint): void {
    if (this.end + 10 > this.buffer.length) this.reserve(10);
    const isNumber = typeof value === 'number';
    let low = isNumber ? value >>> 0 : Number(BigInt.asUintN(32, value));
    let high = isNumber ? Math.floor(value / 2 ** 32) >>> 0 : Number(BigInt.asUintN(32, value >> 32n));
    for (; high > 0; high >>>= 7) {
      this.buffer[this.end++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
    }
    for (; low >= 0x80; low >>>= 7) this.buffer[this.end++] = (low & 0x7f) | 0x80;
    this.buffer[this.end++] = low;
  }

  private reserve(size: number): void {
    const needed = this.end + size;
    if (needed <= this.buffer.length) return;
    const { length, buffer } = this.buffer;
    this.buffer = new Uint8Array(buffer.transfer(Math.max(needed, length + Math.min(length, maxGrowth))));
  }
}

/** @throws Error if the text contains a lone surrogate: an op is never made of other text than it was given */
function wellFormed(value: string): string {
  if (!value.isWellFormed()) throw new Error('string field contains invalid UTF-8');
  return value;
}
