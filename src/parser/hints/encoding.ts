/** Detects encodings other than UTF-8 by the byte order mark or by the positions of zero bytes. */

/** Number of characters that are examined. */
const looked = 2000;

/** An encoding other than UTF-8. */
export interface OtherEncoding {
  /** The name for people: `UTF-16 (little-endian)`. */
  readonly name: string;
  /** The name for iconv. */
  readonly from: string;
}

/** The encoding of a text that was wrongly decoded as UTF-8; undefined if it may be UTF-8. */
export function otherEncoding(text: string): OtherEncoding | undefined {
  const start = text.slice(0, looked);
  const [width, order] = byMark(start) ?? guessByZeroBytes(start) ?? [];
  if (width === undefined) return undefined;
  const from = `UTF-${width}${byMark(start) ? '' : order === 'little' ? 'LE' : 'BE'}`;
  return { name: `UTF-${width} (${order}-endian)`, from };
}

type Found = readonly [16 | 32, 'little' | 'big'];

function byMark(start: string): Found | undefined {
  if (start.startsWith('\0\0\udcfe\udcff')) return [32, 'big'];
  if (start.startsWith('\udcff\udcfe\0\0')) return [32, 'little'];
  if (start.startsWith('\udcff\udcfe')) return [16, 'little'];
  return start.startsWith('\udcfe\udcff') ? [16, 'big'] : undefined;
}

/** For Latin letters, one byte of two or of four is not zero. */
function guessByZeroBytes(start: string): Found | undefined {
  if (start.length < 8) return undefined;
  const zeros = [0, 0, 0, 0];
  for (let at = start.indexOf('\0'); at >= 0; at = start.indexOf('\0', at + 1)) zeros[at % 4]!++;
  const [a, b, c, d] = zeros.map((count) => count > (start.length / 4) * 0.6);
  if (b && c && d) return [32, 'little'];
  if (a && b && c) return [32, 'big'];
  if (b && d) return [16, 'little'];
  return a && c ? [16, 'big'] : undefined;
}

/** The hint for a file in another encoding. */
export function encodingHint({ name, from }: OtherEncoding): string {
  return `The file is ${name}, but must be UTF-8: save it as UTF-8, or convert it with iconv -f ${from} -t UTF-8 (in PowerShell, Set-Content -Encoding utf8 writes it).`;
}
