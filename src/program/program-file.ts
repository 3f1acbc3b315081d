/** Which files are build programs. */
import { detectSyntax } from '../parser/directives.ts';

const extension = /\.(?:[cm]?ts|m?js)$/i;

/**
 * Whether a file is a build program and not a Dockerfile: by its name, or because its `syntax` directive stands in a comment
 * of JavaScript, `// syntax=`.
 */
export function isProgram(filename: string, text: string): boolean {
  if (extension.test(filename)) return true;
  if (!/^\ufeff?(?:#![^\n]*\n)?\/\//.test(text)) return false;
  return detectSyntax(text) !== undefined;
}
