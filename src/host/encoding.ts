/**
 * UTF-8 without loss by TextEncoder and TextDecoder, for the hosts that have them. A Dockerfile is usually UTF-8, but
 * BuildKit works on bytes and copies heredocs unchanged: a byte that is not part of valid UTF-8 becomes the lone
 * surrogate U+DC00 + byte (as in Python's surrogateescape), which no valid text contains, and becomes that byte again
 * on output.
 */
import type { Host } from './host.ts';
import { sequenceLength } from './utf8.ts';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lossy = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();
const escapedByte = /[\uDC80-\uDCFF]/;

/** The conversions between text and bytes of a host with TextEncoder and TextDecoder. */
export const encoding: Pick<Host, 'decodeText' | 'decodeLossy' | 'encodeText' | 'encodeInto'> = {
  decodeText(bytes) {
    try {
      return strict.decode(bytes);
    } catch (error) {
      if (!(bytes instanceof Uint8Array)) throw error;
      return decodeWithEscapes(bytes);
    }
  },
  decodeLossy: (bytes) => lossy.decode(bytes),
  encodeText(text) {
    return escapedByte.test(text) && !text.isWellFormed() ? encodeWithEscapes(text) : encoder.encode(text);
  },
  encodeInto: (text, target, offset) => encoder.encodeInto(text, target.subarray(offset)).written,
};

function encodeWithEscapes(text: string): Uint8Array {
  const bytes = new Uint8Array(3 * text.length);
  let end = 0;
  let from = 0;
  const put = (until: number) => {
    end += encoder.encodeInto(text.slice(from, until), bytes.subarray(end)).written;
  };
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit < 0xdc00) {
      at++; // the low half of a pair is not an escaped byte
      continue;
    }
    if (unit < 0xdc80 || unit > 0xdcff) continue;
    put(at);
    bytes[end++] = unit - 0xdc00;
    from = at + 1;
  }
  put(text.length);
  return bytes.slice(0, end);
}

function decodeWithEscapes(bytes: Uint8Array): string {
  let text = '';
  let valid = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    text += strict.decode(bytes.subarray(valid, at)) + String.fromCharCode(0xdc00 + bytes[at]!);
    valid = ++at;
  }
  return text + strict.decode(bytes.subarray(valid));
}
