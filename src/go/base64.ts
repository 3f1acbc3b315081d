/** Go's base64.StdEncoding. */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const codes = Array.from(alphabet, (char) => char.charCodeAt(0));
const digits = new Map(codes.map((code, digit) => [code, digit]));
const padding = '='.charCodeAt(0);

/** Characters that are made into a string at a time: a call has a limited number of arguments. */
const pieceSize = 8192;

/** Encodes bytes, with padding. */
export function toBase64(bytes: Uint8Array): string {
  const chars = new Uint8Array(4 * Math.ceil(bytes.length / 3));
  let at = 0;
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const bits = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    chars[at++] = codes[bits >> 18]!;
    chars[at++] = codes[(bits >> 12) & 63]!;
    chars[at++] = left > 1 ? codes[(bits >> 6) & 63]! : padding;
    chars[at++] = left > 2 ? codes[bits & 63]! : padding;
  }
  let text = '';
  for (let i = 0; i < chars.length; i += pieceSize) text += String.fromCharCode(...chars.subarray(i, i + pieceSize));
  return text;
}

/** Decodes text with padding; undefined if it is not base64. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const pads = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - pads);
  let at = 0;
  for (let i = 0; i < text.length; i += 4) {
    let bits = 0;
    for (let j = i; j < i + 4; j++) {
      const digit = j >= text.length - pads ? 0 : digits.get(text.charCodeAt(j));
      if (digit === undefined) return undefined;
      bits = (bits << 6) | digit;
    }
    bytes[at++] = bits >> 16;
    bytes[at++] = (bits >> 8) & 255; // past the end, an array of bytes ignores what is written
    bytes[at++] = bits & 255;
  }
  return bytes;
}
