/** Content digests, `algorithm:hex`. */
import { utf8Length } from '../go/unicode.ts';

const hexLengths: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
]);

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

/** A digest whose parts may stand in URLs and file names. */
export interface DigestParts {
  readonly algorithm: 'sha256' | 'sha384' | 'sha512';
  /** Lower-case hexadecimal digits. */
  readonly hex: string;
}

/**
 * Cuts a digest that somebody else gave (a registry, an index, a layout, a daemon). Whatever makes an address or a path
 * of a digest cuts it here first: nothing but these algorithms and digits gets through.
 * @throws Error `invalid digest "…": …`, with no more than the beginning of what was given
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
