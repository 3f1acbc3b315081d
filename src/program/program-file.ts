/** Which files are build programs. */
import { decodeText } from '../go/text.ts';
import { detectSyntax } from '../parser/directives.ts';

/** Bytes in which the directive is looked for. */
const maxBeginning = 65_536;

const extension = /\.(?:[cm]?ts|m?js)$/i;

/**
 * Whether a file is a build program and not a Dockerfile: by its name, or because its `syntax` directive stands in a
 * comment of JavaScript, `// syntax=`.
 */
export function isProgram(filename: string, data: Uint8Array): boolean {
  if (extension.test(filename)) return true;
  const text = decodeText(data.subarray(0, maxBeginning));
  if (!/^\ufeff?(?:#![^\n]*\n)?\/\//.test(text)) return false;
  return detectSyntax(text) !== undefined;
}
