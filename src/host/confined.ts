import type { Host } from './host.ts';
import { sha256 } from './sha256.ts';
import { sequenceLength } from './utf8.ts';

let count = 0;

const unavailable = (what: string) => () => {
  throw new Error(`a build program cannot ${what}`);
};

/**
 * The host of `tsfront/llb` in a build program: the language and nothing else, so that a program gives the same graph
 * everywhere.
 */
export const host: Host = {
  architecture: 'amd64', // a state without a platform takes that of the build
  sha256,
  /** Numbers that differ within a run and are the same in each run. */
  randomBytes(size) {
    const bytes = new Uint8Array(size);
    new DataView(bytes.buffer).setUint32(Math.max(0, size - 4), ++count);
    return bytes;
  },
  decodeText: (bytes) => decode(bytes),
  decodeLossy: (bytes) => decode(bytes).toWellFormed(),
  encodeText: (text) => encode(text),
  encodeInto(text, target, offset) {
    const bytes = encode(text);
    target.set(bytes, offset);
    return bytes.length;
  },
  turn: () => Promise.resolve(),
  // biome-ignore lint/correctness/useYield: a program has no data to unpack
  async *unpack() {
    return unavailable('unpack data')();
  },
  openProgramEngine: unavailable('run another one'),
};

function encode(text: string): Uint8Array {
  const bytes = new Uint8Array(3 * text.length);
  let end = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.codePointAt(at)!;
    if (code < 0x80) bytes[end++] = code;
    else if (code < 0x800) {
      bytes[end++] = 0xc0 | (code >> 6);
      bytes[end++] = 0x80 | (code & 0x3f);
    } else if (code >= 0xdc80 && code <= 0xdcff) {
      bytes[end++] = code - 0xdc00; // a byte that is not UTF-8 (src/host/encoding.ts)
    } else if (code < 0x10000) {
      const unit = code >= 0xd800 && code < 0xe000 ? 0xfffd : code;
      bytes[end++] = 0xe0 | (unit >> 12);
      bytes[end++] = 0x80 | ((unit >> 6) & 0x3f);
      bytes[end++] = 0x80 | (unit & 0x3f);
    } else {
      at++;
      bytes[end++] = 0xf0 | (code >> 18);
      bytes[end++] = 0x80 | ((code >> 12) & 0x3f);
      bytes[end++] = 0x80 | ((code >> 6) & 0x3f);
      bytes[end++] = 0x80 | (code & 0x3f);
    }
  }
  return bytes.slice(0, end);
}

function decode(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    const first = bytes[at]!;
    if (length <= 1) text += String.fromCharCode(length === 1 ? first : 0xdc00 + first);
    else {
      let code = first & (0xff >> (length + 1));
      for (let i = 1; i < length; i++) code = (code << 6) | (bytes[at + i]! & 0x3f);
      text += String.fromCodePoint(code);
    }
    at += Math.max(1, length);
  }
  return text;
}
