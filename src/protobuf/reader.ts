/** Reads protobuf's wire format. */
import { decodeText } from '../go/text.ts';
import { WireType } from './writer.ts';

/** Maximum nesting of groups, which are skipped. */
const maxGroups = 100;

/** Reads values in order. Methods throw RangeError `premature EOF` if the data ends too early. */
export class Reader {
  /** Offset of the next value. */
  at = 0;
  /** Of the last tag. */
  wireType: number = WireType.varint;
  /** The upper 32 bits of the last varint. */
  private high = 0;
  /** The data. */
  readonly source: Uint8Array;

  constructor(source: Uint8Array) {
    this.source = source;
  }

  /**
   * Reads what stands before the value of a field: its number and {@link wireType}. @throws Error if no field can have
   * it
   */
  tag(): number {
    const tag = this.short();
    const number = tag >>> 3;
    this.wireType = tag & 7;
    if (number === 0 || this.wireType > WireType.fixed32)
      throw new Error(`illegal tag: field ${number}, wire type ${this.wireType}`);
    return number;
  }

  /** Reads the length of a value and returns the offset of its end. */
  length(): number {
    const length = this.short(); // moves `at`
    const end = this.at + length;
    if (end > this.source.length) throw new RangeError('premature EOF');
    return end;
  }

  /** Returns a view, not a copy. */
  bytes(): Uint8Array {
    const end = this.length();
    const bytes = this.source.subarray(this.at, end);
    this.at = end;
    return bytes;
  }

  /** Reads a string. @throws Error if the bytes are not UTF-8 */
  string(): string {
    const text = decodeText(this.bytes());
    if (!text.isWellFormed()) throw new Error('string field contains invalid UTF-8');
    return text;
  }

  bool(): boolean {
    return this.varint() !== 0 || this.high !== 0;
  }

  int32(): number {
    return this.varint() | 0;
  }

  uint32(): number {
    return this.varint() >>> 0;
  }

  int64(): bigint {
    return BigInt.asIntN(64, this.uint64());
  }

  uint64(): bigint {
    const low = this.varint() >>> 0; // sets `high`
    return this.high === 0 ? BigInt(low) : (BigInt(this.high >>> 0) << 32n) | BigInt(low);
  }

  /** Passes over a value; returns its bytes. @throws Error for groups that do not end or are nested too deep */
  skip(number: number, wireType: number): Uint8Array {
    const start = this.at;
    this.pass(number, wireType, 0);
    return this.source.subarray(start, this.at);
  }

  private pass(number: number, wireType: number, depth: number): void {
    if (wireType === WireType.varint) this.varint();
    else if (wireType === WireType.lengthDelimited) this.at = this.length();
    else if (wireType === WireType.startGroup) {
      if (depth === maxGroups) throw new Error(`groups are nested deeper than ${maxGroups} levels`);
      for (;;) {
        const inner = this.tag();
        if (this.wireType !== WireType.endGroup) this.pass(inner, this.wireType, depth + 1);
        else if (inner === number) break;
        else throw new Error('invalid end group tag');
      }
    } else if (wireType === WireType.endGroup) throw new Error('invalid end group tag');
    else this.at += wireType === WireType.fixed64 ? 8 : 4;
    if (this.at > this.source.length) throw new RangeError('premature EOF');
  }

  /** Reads a tag or length. @throws Error if it takes more than 32 bits */
  private short(): number {
    const byte = this.source[this.at];
    if (byte !== undefined && byte < 0x80) {
      this.at++;
      return byte;
    }
    const low = this.varint() >>> 0;
    if (this.high !== 0) throw new Error('varint overflows 32 bits');
    return low;
  }

  /** Reads up to 64 bits; returns the low 32 of them, and leaves the others in `high`. */
  private varint(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.source[this.at++];
      if (byte === undefined) throw new RangeError('premature EOF');
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift === 28) high |= bits >>> 4;
      else if (shift > 28 && shift < 64) high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.high = high;
        return low;
      }
    }
    throw new Error('invalid varint');
  }
}
