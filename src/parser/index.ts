/**
 * The parser: the text of a Dockerfile to tokens, to concrete syntax, to the syntax tree of `ast.ts`.
 *
 * @example
 * import { readFileSync } from 'node:fs';
 * import { decodeText, formatDiagnostic, parseDockerfile } from 'tsfront/parser';
 *
 * const { source, stages, diagnostics } = parseDockerfile(decodeText(readFileSync('Dockerfile')));
 * for (const stage of stages) console.log(stage.from.image.text, stage.instructions.length);
 * for (const diagnostic of diagnostics) console.error(formatDiagnostic(source, diagnostic));
 *
 * Parsing never throws: all problems of a file are in `diagnostics`, first the one that the reference frontend reports.
 * Words keep their quotes and `$variables`; a {@link ShellLex} expands them.
 *
 * @module
 */

export { decodeText, encodeText } from '../go/text.ts';
export type * from './ast.ts';
export { type FormatOptions, formatDiagnostic } from './code-frame.ts';
export type * from './cst.ts';
export {
  type Diagnostic,
  LocatedError,
  locatedError,
  type Problem,
  type Severity,
  setLocation,
  withLocation,
} from './diagnostic.ts';
export { type DetectedDirective, type DirectiveName, detectSyntax, parseDirective } from './directives.ts';
export { firstError } from './first-error.ts';
export { chompHeredocContent, type HeredocMark, parseHeredoc } from './heredoc.ts';
export { type LexResult, lexDockerfile } from './lexer.ts';
export { type CacheSharing, type Mount, parseMount } from './mount.ts';
export { parseDockerfile, parseTokens, parseTrigger } from './parse.ts';
export {
  createSourceFile,
  type LineColumn,
  type LineRange,
  lineColumn,
  lineText,
  type SourceFile,
  type SourceRange,
} from './source.ts';
export {
  createShellLex,
  type Env,
  emptyEnv,
  type ProcessedWord,
  type ShellLex,
  type ShellLexOptions,
  WordError,
} from './words.ts';
