/**
 * The parser turns the text of a Dockerfile into tokens, concrete syntax, and the syntax tree of `ast.ts`.
 *
 * @example
 * import { readFileSync } from 'node:fs';
 * import { decodeText, formatDiagnostic, parseDockerfile } from 'tsfront/parser';
 *
 * const { source, stages, diagnostics } = parseDockerfile(decodeText(readFileSync('Dockerfile')));
 * for (const stage of stages) console.log(stage.from.image.text, stage.instructions.length);
 * for (const diagnostic of diagnostics) console.error(formatDiagnostic(source, diagnostic));
 *
 * Parsing never throws: all problems of a file are in `diagnostics`, and the first error is the one that the reference
 * reports. Words keep their quotes and `$variables`; a {@link ShellLex} expands them.
 *
 * @module
 */

export { type FormatOptions, formatDiagnostic } from '../diagnostic/code-frame.ts';
export type { AdviceCode, DiagnosticCode, ErrorCode, Phase, RuleName } from '../diagnostic/codes.ts';
export {
  type Diagnostic,
  DiagnosticError,
  findDiagnosticError,
  type Severity,
  wireMessage,
} from '../diagnostic/diagnostic.ts';
export {
  createSourceFile,
  type LineColumn,
  type LineRange,
  lineColumn,
  lineText,
  type SourceFile,
  type SourceRange,
} from '../diagnostic/source-file.ts';
export { decodeText, encodeText } from '../go/text.ts';
export type * from './ast.ts';
export type * from './cst.ts';
export { type DetectedDirective, type DirectiveName, detectSyntax, parseDirective } from './directives.ts';
export { firstError } from './first-error.ts';
export { chompHeredocContent, type HeredocMark, parseHeredoc } from './heredoc.ts';
export { type LexResult, lexDockerfile } from './lexer.ts';
export { type MountFlag, parseMount } from './mount-flag.ts';
export { parseDockerfile, parseTokens, parseTrigger } from './parse.ts';
export {
  createShellLex,
  type Env,
  emptyEnv,
  type ProcessedWord,
  type ShellLex,
  type ShellLexOptions,
  WordError,
} from './words.ts';
