/**
 * Writes protobuf messages byte for byte as Go's deterministic marshaller does: the caller writes the fields in
 * ascending order with the members of a oneof last, this writer leaves out zero values and sorts map keys by their
 * UTF-8 bytes. A vertex's digest is taken over these bytes, and a general encoder orders some of them otherwise.
 */
import { compareBytes } from '../go/unicode.ts';

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const slabSize = 32_768;

/** One message at a time; nested messages are written in place and their length patched in afterwards. */
export class ProtoWriter {
  private buffer = Buffer.allocUnsafe(4096);
  private end = 0;
  /** Where finished messages are put: an allocation for each of thousands of ops costs more than writing them. */
  private slab = new Uint8Array(0);

  /** A copy of what was written; the writer is empty again. */
  finish(): Uint8Array {
    if (this.slab.length < this.end) this.slab = new Uint8Array(Math.max(this.end, slabSize));
    const bytes = this.slab.subarray(0, this.end);
    bytes.set(this.buffer.subarray(0, this.end));
    this.slab = this.slab.subarray(this.end);
    this.end = 0;
    return bytes;
  }

  /** Forgets what was written, after an error in the middle of a message. */
  reset(): void {
    this.end = 0;
  }

  string(field: number, value: string): void {
    if (value !== '') this.element(field, value);
  }

  strings(field: number, values: readonly string[] | undefined): void {
    if (values) for (const value of values) this.element(field, value);
  }

  bytes(field: number, value: Uint8Array): void {
    if (value.length === 0) return;
    this.tag(field, LENGTH_DELIMITED);
    this.varint(value.length);
    this.reserve(value.length);
    this.buffer.set(value, this.end);
    this.end += value.length;
  }

  bool(field: number, value: boolean | undefined): void {
    if (value) this.scalar(field, 1);
  }

  /** Any integer or enum field: negative numbers take ten bytes, as int32 and int64 both do. */
  int(field: number, value: number | bigint | undefined): void {
    if (value) this.scalar(field, value);
  }

  /** An integer that is written even when it is 0: a member of a oneof. */
  scalar(field: number, value: number | bigint): void {
    this.tag(field, VARINT);
    this.varint(value);
  }

  packed(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    this.message(field, () => {
      for (const value of values) this.varint(value);
    });
  }

  message(field: number, write: () => void): void {
    this.tag(field, LENGTH_DELIMITED);
    this.reserve(1);
    const start = ++this.end;
    write();
    const length = this.end - start;
    if (length < 0x80) {
      this.buffer[start - 1] = length;
      return;
    }
    let extra = 0;
    for (let rest = length; rest >= 0x80; rest = Math.floor(rest / 0x80)) extra++;
    this.reserve(extra);
    this.buffer.copyWithin(start + extra, start, this.end);
    this.end = start - 1;
    this.varint(length);
    this.end += length;
  }

  stringMap(field: number, entries: ReadonlyMap<string, string>): void {
    for (const key of [...entries.keys()].sort(compareBytes))
      this.message(field, () => {
        this.element(1, key);
        this.element(2, entries.get(key)!);
      });
  }

  /** A string that is written even when it is empty: an element of a list or map. */
  private element(field: number, value: string): void {
    if (!value.isWellFormed()) throw new Error('string field contains invalid UTF-8');
    const length = Buffer.byteLength(value);
    this.tag(field, LENGTH_DELIMITED);
    this.varint(length);
    this.reserve(length);
    this.buffer.write(value, this.end);
    this.end += length;
  }

  private tag(field: number, wireType: number): void {
    this.varint(field * 8 + wireType);
  }

  private varint(value: number | bigint): void {
    this.reserve(10);
    if (typeof value === 'bigint' || value < 0 || value > 0x7fffffff) {
      let rest = BigInt.asUintN(64, BigInt(value));
      for (; rest >= 0x80n; rest >>= 7n) this.buffer[this.end++] = Number(rest & 0x7fn) | 0x80;
      this.buffer[this.end++] = Number(rest);
      return;
    }
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) this.buffer[this.end++] = (rest & 0x7f) | 0x80;
    this.buffer[this.end++] = rest;
  }

  private reserve(length: number): void {
    const needed = this.end + length;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.end);
    this.buffer = larger;
  }
}
