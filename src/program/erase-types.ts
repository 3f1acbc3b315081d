/**
 * From TypeScript to JavaScript with the same lines: types are erased, enums and parameter properties are written out.
 */
import { transform } from 'sucrase';
import { diagnosticError } from '../diagnostic/diagnostic.ts';
import { createSourceFile, linesRange } from '../diagnostic/source-file.ts';

/**
 * Erases the types of a module.
 * @param name a name that ends with `.js` or `.mjs` is JavaScript and stays as it is
 * @throws DiagnosticError with the place of a syntax error
 */
export function eraseTypes(name: string, text: string): string {
  if (/\.m?js$/i.test(name)) return text;
  let code: string;
  try {
    code = transform(text, { transforms: ['typescript'], disableESTransforms: true, keepUnusedImports: false }).code;
  } catch (error) {
    throw syntaxError(name, text, (error as Error).message);
  }
  checkNamespaces(name, text, code);
  return code;
}

/** A namespace is erased as a whole, which is wrong if something uses it. */
function checkNamespaces(name: string, text: string, code: string): void {
  for (const { 0: found, 1: namespace = '', index } of text.matchAll(
    /^[ \t]*(?:export[ \t]+)?namespace[ \t]+([\w$]+)/gm,
  )) {
    if (
      code.includes(found.trim()) ||
      !new RegExp(`(?<![\\w$.])${namespace.replaceAll('$', '\\$')}(?![\\w$])`).test(code)
    )
      continue;
    const line = text.slice(0, index).split('\n').length;
    throw syntaxError(name, text, `namespaces cannot be erased: make ${namespace} a module or an object (${line}:1)`);
  }
}

/** The error of a reader of JavaScript, whose message ends with `(line:column)`. */
export function syntaxError(name: string, text: string, message: string) {
  const [, what = message, line] =
    /^(?:Error transforming [^:]*: |SyntaxError: )?([\s\S]*?)(?: \((\d+):\d+\))?$/.exec(message) ?? [];
  const lines = { start: Number(line ?? 1), end: Number(line ?? 1) };
  const file = createSourceFile(name, text);
  // The parsers' own words say neither what they are about nor, but for the range, where.
  return diagnosticError('program-syntax', /^[A-Z]/.test(what) ? `syntax error: ${what}` : what, {
    range: linesRange(file, lines),
    file,
  });
}
