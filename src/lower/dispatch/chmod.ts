import { describeError, diagnosticError } from '../../diagnostic/diagnostic.ts';
import { NumError, parseUnsigned } from '../../go/strconv.ts';
import { checkMode } from './mode.ts';

/**
 * The value of --chmod: octal permission bits as a number, a symbolic mode (`u=rwX,go-w`) unchanged.
 *
 * @throws DiagnosticError for anything else
 */
export function parseChmod(text: string): number | string {
  const notOctal = () =>
    diagnosticError(
      'bad-mode',
      `invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`,
    );
  const bits = parseOctal(text);
  if (bits !== undefined) {
    if (bits > 0o7777n) throw notOctal();
    return Number(bits);
  }
  try {
    checkMode(text);
  } catch (error) {
    // A mode that begins with a digit is checked as a number.
    throw error instanceof NumError ? notOctal() : describeError(error, 'bad-mode');
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
