/**
 * Writes packets of fsutil's transfer protocol in their wire form. They are written by hand: a context of many small files
 * is mostly packets, and a generic encoder takes several times as long as everything else.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { encodeText } from '../../go/text.ts';
import type { FileEntry } from './walk.ts';

/** Types of packets in fsutil's protocol. */
export const PacketType = { Stat: 0, Request: 1, Data: 2, Fin: 3, Error: 4 } as const;

/** Collects framed packets so that many small ones are written at once. */
export interface PacketBuffer {
  /** Bytes collected. */
  readonly length: number;
  stat(entry: FileEntry): void;
  /** A packet of `type` without a stat; its data is copied. */
  packet(type: number, id: number, data: Uint8Array): void;
  /** Returns the collected packets and empties the buffer. The caller owns the result. */
  take(): Buffer;
}

/** Makes an empty buffer. @param capacity initial size in bytes; the buffer grows when it is full */
export function createPacketBuffer(capacity = 80 << 10): PacketBuffer {
  let buffer = Buffer.allocUnsafeSlow(capacity);
  let at = 0;

  const reserve = (bytes: number) => {
    if (at + bytes <= buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, at + bytes));
    buffer.copy(grown, 0, 0, at);
    buffer = grown;
  };
  const varint = (value: number) => {
    let rest = value;
    while (rest > 0x7f) {
      buffer[at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    buffer[at++] = rest;
  };
  const number = (field: number, value: number) => {
    if (value === 0) return;
    buffer[at++] = field << 3;
    varint(value);
  };
  const bigint = (field: number, value: bigint) => {
    if (value === 0n) return;
    buffer[at++] = field << 3;
    let rest = BigInt.asUintN(64, value);
    if (rest >> 63n === 0n) {
      // two halves of 28 bits and more fit into doubles
      let low = Number(rest & 0xfff_ffffn);
      const high = Number(rest >> 28n);
      if (high > 0) {
        for (let i = 0; i < 4; i++) {
          buffer[at++] = (low & 0x7f) | 0x80;
          low >>= 7;
        }
        varint(high);
      } else varint(low);
      return;
    }
    for (; rest > 0x7fn; rest >>= 7n) buffer[at++] = Number(rest & 0x7fn) | 0x80;
    buffer[at++] = Number(rest);
  };
  const bytes = (field: number, value: Uint8Array) => {
    buffer[at++] = (field << 3) | 2;
    varint(value.length);
    buffer.set(value, at);
    at += value.length;
  };
  const string = (field: number, value: string, bytes: number) => {
    if (bytes === 0) return;
    buffer[at++] = (field << 3) | 2;
    varint(bytes);
    if (value.isWellFormed()) at += buffer.write(value, at, 'utf8');
    else at += Buffer.from(encodeText(value)).copy(buffer, at);
  };

  return {
    get length() {
      return at;
    },
    stat(entry) {
      const pathBytes = byteLength(entry.path);
      const linkBytes = byteLength(entry.linkname);
      const xattrs = entry.xattrs ? [...entry.xattrs].map(encodeXattr) : none;
      const variable = xattrs.reduce((sum, xattr) => sum + xattr.length + 6, pathBytes + linkBytes);
      reserve(variable + 128);
      // lengths come first: leave five bytes for the frame, and one byte of tag and two to four of length for the stat
      const start = at;
      const wide = variable + 80 > 0x3fff;
      const lengthBytes = wide ? 4 : 2;
      at += 5 + 1 + lengthBytes;
      const body = at;
      string(1, entry.path, pathBytes);
      number(2, entry.mode);
      number(5, entry.size);
      bigint(6, entry.modTime);
      string(7, entry.linkname, linkBytes);
      number(8, entry.devmajor);
      number(9, entry.devminor);
      for (const xattr of xattrs) bytes(10, xattr);
      let length = at - body;
      buffer[start] = 0;
      buffer.writeUInt32BE(1 + lengthBytes + length, start + 1);
      buffer[start + 5] = (2 << 3) | 2;
      // a varint may be longer than it needs to be
      for (let i = 0; i < lengthBytes; i++) {
        buffer[start + 6 + i] = (length & 0x7f) | (i < lengthBytes - 1 ? 0x80 : 0);
        length >>>= 7;
      }
    },
    packet(type, id, data) {
      reserve(data.length + 24);
      const start = at;
      at += 5;
      number(1, type);
      number(3, id);
      if (data.length > 0) bytes(4, data);
      buffer[start] = 0;
      buffer.writeUInt32BE(at - start - 5, start + 1);
    },
    take() {
      const taken = buffer.subarray(0, at);
      buffer = Buffer.allocUnsafeSlow(capacity);
      at = 0;
      return taken;
    },
  };
}

/** The bytes of a name, which need not be text. */
function byteLength(name: string): number {
  return name.isWellFormed() ? Buffer.byteLength(name) : encodeText(name).length;
}

const none: readonly Uint8Array[] = [];

/** An entry of a map: few files have attributes, so that a generic encoder will do. */
function encodeXattr([name, value]: readonly [string, Uint8Array]): Uint8Array {
  return new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .string(name)
    .tag(2, WireType.LengthDelimited)
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
  target.writeUInt32BE(dataFrameHead - 5 + length, 1);
  target[5] = 1 << 3;
  target[6] = PacketType.Data;
  target[7] = 3 << 3;
  writeWide(target, 8, id, 5);
  target[13] = (4 << 3) | 2;
  writeWide(target, 14, length, 4);
  return target.subarray(0, dataFrameHead + length);
}

function writeWide(target: Buffer, at: number, value: number, bytes: number): void {
  let rest = value;
  for (let i = 0; i < bytes; i++) {
    target[at + i] = (rest & 0x7f) | (i < bytes - 1 ? 0x80 : 0);
    rest >>>= 7;
  }
}
