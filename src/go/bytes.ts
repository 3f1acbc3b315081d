/** Bytes without the help of a host: joined, as numbers and as text. */

/** One array of bytes with the contents of all `parts`: the part itself if it is the only one. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  let at = 0;
  for (const { length } of parts) at += length;
  const joined = new Uint8Array(at);
  at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** The number of 32 bits at `at`, the highest byte first. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** Writes a number of 32 bits at `at`, the highest byte first, and returns the offset after it. */
export function writeUint32(target: Uint8Array, at: number, value: number): number {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
  return at + 4;
}

/** Orders bytes as Go's bytes.Compare does. */
export function compareByteArrays(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) if (a[at] !== b[at]) return a[at]! - b[at]!;
  return a.length - b.length;
}

/** Characters that are passed to a function at once. */
const chunkLength = 8192;

/** Text whose characters are the bytes. */
export function fromLatin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += chunkLength)
    // Quicker than spreading.
    text += String.fromCharCode.apply(null, bytes.subarray(at, at + chunkLength) as unknown as number[]);
  return text;
}

/** The low byte of each character. */
export function toLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}
