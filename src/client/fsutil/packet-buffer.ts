/**
 * Writes packets of fsutil's transfer protocol in their wire form. They are written by hand: a context of many small
 * files is mostly packets, and a generic encoder takes several times as long as everything else.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { encodeText } from '../../go/text.ts';
import type { FileEntry } from '../../tree/walk.ts';

/** Types of packets in fsutil's protocol. */
export const PacketType = { Stat: 0, Request: 1, Data: 2, Fin: 3, Error: 4 } as const;

/** Field numbers of `fsutil.types.Packet` (proto/fsutil/types/wire.proto). */
const PacketField = { type: 1, stat: 2, id: 3, data: 4 } as const;

/** Field numbers of `fsutil.types.Stat` (proto/fsutil/types/stat.proto). */
const StatField = {
  path: 1,
  mode: 2,
  size: 5,
  modTime: 6,
  linkname: 7,
  devmajor: 8,
  devminor: 9,
  xattrs: 10,
} as const;

/** Bytes of the gRPC frame in front of a packet: a flag, and the length in four bytes. */
const frameHead = 5;

/** The key of a field: its number and how its value is written. */
const varintKey = (field: number) => (field << 3) | WireType.Varint;
const bytesKey = (field: number) => (field << 3) | WireType.LengthDelimited;

/** Collects framed packets so that many small ones are written at once. */
export class PacketBuffer {
  private readonly capacity: number;
  private buffer: Buffer;
  private at = 0;

  /** Makes an empty buffer. @param capacity initial size in bytes; the buffer grows when it is full */
  constructor(capacity = 80 << 10) {
    this.capacity = capacity;
    this.buffer = Buffer.allocUnsafeSlow(capacity);
  }

  /** Number of bytes collected. */
  get length(): number {
    return this.at;
  }

  /** Adds a packet that describes a file. */
  stat(entry: FileEntry): void {
    const pathBytes = byteLength(entry.path);
    const linkBytes = byteLength(entry.linkname);
    const xattrs = entry.xattrs ? [...entry.xattrs].map(encodeXattr) : none;
    const variable = xattrs.reduce((sum, xattr) => sum + xattr.length + 6, pathBytes + linkBytes);
    this.reserve(variable + 128);
    // Lengths come first: leave space for the frame, and for the key and the length of the stat.
    const start = this.at;
    const lengthBytes = variable + 80 > 0x3fff ? 4 : 2;
    this.at += frameHead + 1 + lengthBytes;
    const body = this.at;
    this.string(StatField.path, entry.path, pathBytes);
    this.number(StatField.mode, entry.mode);
    this.number(StatField.size, entry.size);
    this.bigint(StatField.modTime, entry.modTime);
    this.string(StatField.linkname, entry.linkname, linkBytes);
    this.number(StatField.devmajor, entry.devmajor);
    this.number(StatField.devminor, entry.devminor);
    for (const xattr of xattrs) this.bytes(StatField.xattrs, xattr);
    const length = this.at - body;
    this.frame(start, 1 + lengthBytes + length);
    this.buffer[start + frameHead] = bytesKey(PacketField.stat);
    writeWide(this.buffer, start + frameHead + 1, length, lengthBytes);
  }

  /** Adds a packet of `type` without a stat; its data is copied. */
  packet(type: number, id: number, data: Uint8Array): void {
    this.reserve(data.length + 24);
    const start = this.at;
    this.at += frameHead;
    this.number(PacketField.type, type);
    this.number(PacketField.id, id);
    if (data.length > 0) this.bytes(PacketField.data, data);
    this.frame(start, this.at - start - frameHead);
  }

  /** Returns the collected packets and empties the buffer. The caller owns the result. */
  take(): Buffer {
    const packets = this.buffer.subarray(0, this.at);
    this.buffer = Buffer.allocUnsafeSlow(this.capacity);
    this.at = 0;
    return packets;
  }

  private reserve(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.at + bytes));
    this.buffer.copy(grown, 0, 0, this.at);
    this.buffer = grown;
  }

  private frame(start: number, length: number): void {
    this.buffer[start] = 0;
    this.buffer.writeUInt32BE(length, start + 1);
  }

  private varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.buffer[this.at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.buffer[this.at++] = rest;
  }

  private number(field: number, value: number): void {
    if (value === 0) return;
    this.buffer[this.at++] = varintKey(field);
    this.varint(value);
  }

  private bigint(field: number, value: bigint): void {
    if (value === 0n) return;
    this.buffer[this.at++] = varintKey(field);
    let rest = BigInt.asUintN(64, value);
    if (rest >> 63n === 0n) {
      // Two halves, of 28 bits and more, fit into doubles.
      const low = Number(rest & 0xfff_ffffn);
      const high = Number(rest >> 28n);
      if (high > 0) for (let shift = 0; shift < 28; shift += 7) this.buffer[this.at++] = ((low >> shift) & 0x7f) | 0x80;
      this.varint(high > 0 ? high : low);
    } else {
      for (; rest > 0x7fn; rest >>= 7n) this.buffer[this.at++] = Number(rest & 0x7fn) | 0x80;
      this.buffer[this.at++] = Number(rest);
    }
  }

  private bytes(field: number, value: Uint8Array): void {
    this.buffer[this.at++] = bytesKey(field);
    this.varint(value.length);
    this.buffer.set(value, this.at);
    this.at += value.length;
  }

  private string(field: number, value: string, bytes: number): void {
    if (bytes === 0) return;
    this.buffer[this.at++] = bytesKey(field);
    this.varint(bytes);
    if (value.isWellFormed()) this.at += this.buffer.write(value, this.at, 'utf8');
    else this.at += Buffer.from(encodeText(value)).copy(this.buffer, this.at);
  }
}

/** The bytes of a name, which need not be text. */
function byteLength(name: string): number {
  return name.isWellFormed() ? Buffer.byteLength(name) : encodeText(name).length;
}

const none: readonly Uint8Array[] = [];
const mapKeyField = 1;
const mapValueField = 2;

/** An entry of a map: few files have attributes, so that a generic encoder will do. */
function encodeXattr([name, value]: readonly [string, Uint8Array]): Uint8Array {
  return new BinaryWriter()
    .tag(mapKeyField, WireType.LengthDelimited)
    .string(name)
    .tag(mapValueField, WireType.LengthDelimited)
    .bytes(value)
    .finish();
}

/** Bytes in front of the contents in `dataFrame`. */
export const dataFrameHead = 18;

/**
 * A framed data packet around contents that are already in place: `target` has them from dataFrameHead on. Its numbers
 * are written longer than they need to be, so that the head's size is known before the contents are.
 */
export function dataFrame(target: Buffer, id: number, length: number): Buffer {
  target[0] = 0;
  target.writeUInt32BE(dataFrameHead - frameHead + length, 1);
  target[5] = varintKey(PacketField.type);
  target[6] = PacketType.Data;
  target[7] = varintKey(PacketField.id);
  writeWide(target, 8, id, 5);
  target[13] = bytesKey(PacketField.data);
  writeWide(target, 14, length, 4);
  return target.subarray(0, dataFrameHead + length);
}

/** Writes a varint in a fixed number of bytes: it may be longer than it needs to be. */
function writeWide(target: Buffer, at: number, value: number, bytes: number): void {
  let rest = value;
  for (let i = 0; i < bytes; i++) {
    target[at + i] = (rest & 0x7f) | (i < bytes - 1 ? 0x80 : 0);
    rest >>>= 7;
  }
}
