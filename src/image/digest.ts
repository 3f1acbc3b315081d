/** Content digests, `algorithm:hex`. */
import { host } from '#host';
import { utf8Length } from '../go/unicode.ts';

const hexLengths: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
]);

/** Returns the digest of bytes, `sha256:…`. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${host.sha256(bytes)}`;
}

/**
 * Checks a digest and returns it.
 * @throws Error `invalid checksum digest format`, `invalid checksum digest length`, `unsupported digest algorithm`
 */
export function parseDigest(text: string): string {
  const colon = text.indexOf(':');
  if (colon <= 0 || colon + 1 === text.length) throw new Error('invalid checksum digest format');
  const algorithm = text.slice(0, colon);
  const encoded = text.slice(colon + 1);
  const length = hexLengths.get(algorithm);
  if (length === undefined) {
    const wellFormed = algorithm.split(/[.+_-]/).every((part) => /^[a-z\d]+$/.test(part)) && /^[\w=-]+$/.test(encoded);
    throw new Error(wellFormed ? 'unsupported digest algorithm' : 'invalid checksum digest format');
  }
  if (utf8Length(encoded) !== length) throw new Error('invalid checksum digest length');
  if (!/^[a-f\d]+$/.test(encoded)) throw new Error('invalid checksum digest format');
  return text;
}

/** A digest whose parts are safe in URLs and file names. */
export interface DigestParts {
  /** The name of the hash function. */
  readonly algorithm: 'sha256' | 'sha384' | 'sha512';
  /** Lower-case hexadecimal digits. */
  readonly hex: string;
}

/**
 * Splits a digest from outside (a registry, an index, a layout, a daemon). Code that makes an address or a path of a
 * digest splits it here first, so that only these algorithms and digits get through.
 * @throws Error `invalid digest "…": …`, with only the beginning of the text
 */
export function splitDigest(text: string): DigestParts {
  try {
    const [algorithm, hex] = parseDigest(text).split(':') as [DigestParts['algorithm'], string];
    return { algorithm, hex };
  } catch (error) {
    const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text;
    throw new Error(`invalid digest ${JSON.stringify(shown)}: ${(error as Error).message}`, { cause: error });
  }
}
