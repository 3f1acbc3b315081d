/**
 * Bytes to text and back without loss. A Dockerfile is UTF-8 as a rule, but BuildKit works on bytes and copies
 * heredocs as they are: a byte that is not part of valid UTF-8 becomes the lone surrogate U+DC00 + byte
 * (as in Python's surrogateescape), which no valid text contains, and becomes that byte again on the way out.
 */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const escapedByte = /[\uDC80-\uDCFF]/;

/** Decodes bytes; the result encodes to the same bytes again. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return decodeWithEscapes(bytes);
  }
}

/** Encodes text that {@link decodeText} made; other lone surrogates become U+FFFD. */
export function encodeText(text: string): Uint8Array {
  if (!escapedByte.test(text) || text.isWellFormed()) return encoder.encode(text);
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit < 0xdc00) {
      at++; // the low half of a pair is no escaped byte
      continue;
    }
    if (unit < 0xdc80 || unit > 0xdcff) continue;
    parts.push(encoder.encode(text.slice(from, at)), Uint8Array.of(unit - 0xdc00));
    from = at + 1;
  }
  parts.push(encoder.encode(text.slice(from)));
  return Buffer.concat(parts);
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

/** Length of the valid UTF-8 sequence at `at`, 0 if there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + length > bytes.length) return 0;
  for (let i = 1; i < length; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1]!;
  if (first === 0xe0 && second < 0xa0) return 0; // overlong
  if (first === 0xed && second > 0x9f) return 0; // surrogates
  if (first === 0xf0 && second < 0x90) return 0; // overlong
  if (first === 0xf4 && second > 0x8f) return 0; // above U+10FFFF
  return length;
}
