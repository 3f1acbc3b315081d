import { NumError, parseUnsigned } from '../../go/strconv.ts';
import { checkMode } from '../../image/mode.ts';

/**
 * The value of --chmod: octal permission bits as a number, a symbolic mode (`u=rwX,go-w`) as it is.
 *
 * @throws Error for anything else
 */
export function parseChmod(text: string): number | string {
  const notOctal = () =>
    new Error(`invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`);
  const bits = parseOctal(text);
  if (bits !== undefined) {
    if (bits > 0o7777n) throw notOctal();
    return Number(bits);
  }
  try {
    checkMode(text);
  } catch (error) {
    // What begins like a number is measured by what numbers have to be.
    throw error instanceof NumError ? notOctal() : error;
  }
  return text;
}

function parseOctal(text: string): bigint | undefined {
  try {
    return parseUnsigned(text, 8, 32);
  } catch {
    return undefined;
  }
}
