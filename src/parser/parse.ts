/** Parses text to the syntax tree. */
import type { IToken } from 'chevrotain';
import { createSourceFile, dockerfileText, type LineRange } from '../diagnostic/source-file.ts';
import { checkArgument } from '../text/arguments.ts';
import type { Dockerfile, StageInstruction } from './ast.ts';
import { buildAst, buildTrigger } from './build-ast.ts';
import type { CstFile } from './cst.ts';
import { DockerfileGrammar } from './grammar.ts';
import { type LexResult, lexSignificant } from './lexer.ts';

let grammar: DockerfileGrammar | undefined;

/** Parses tokens to concrete syntax. */
export function parseTokens({ significant }: Pick<LexResult, 'significant'>): CstFile {
  grammar ??= new DockerfileGrammar();
  grammar.input = significant as IToken[]; // The grammar only reads them.
  const cst = grammar.file();
  const [problem] = grammar.errors;
  grammar.input = []; // Release the tokens.
  if (problem) throw problem; // This cannot happen: the grammar accepts every sequence of tokens that the lexer makes.
  return cst;
}

/**
 * Parses a Dockerfile. Never throws: all problems are in `diagnostics`; the first error is the one that the reference reports.
 * `decodeText` makes the text of the file's bytes.
 */
export function parseDockerfile(text: string, { filename = 'Dockerfile' }: { filename?: string } = {}): Dockerfile {
  checkArgument('parseDockerfile', 'text', text, dockerfileText);
  const lex = lexSignificant(text);
  return buildAst(createSourceFile(filename, text), lex, parseTokens(lex));
}

/**
 * Like {@link parseDockerfile}, but pauses for other work between the steps, each of which takes half a second for a
 * Dockerfile of 100,000 instructions.
 *
 * @param pass pauses for other work; parsing fails with its error
 */
export async function parseInTurns(text: string, filename: string, pass: () => Promise<void>): Promise<Dockerfile> {
  const lex = lexSignificant(text);
  await pass();
  const cst = parseTokens(lex);
  await pass();
  return buildAst(createSourceFile(filename, text), lex, cst);
}

/**
 * Parses a trigger of ONBUILD before it runs: as a separate file, whose escape character is the
 * backslash. Its lines are those of the FROM that it runs for; its ranges are offsets in the expression.
 * @throws DiagnosticError with the reference's message
 */
export function parseTrigger(expression: string, lines: LineRange): StageInstruction {
  checkArgument('parseTrigger', 'expression', expression, dockerfileText);
  const lex = lexSignificant(expression);
  return buildTrigger(lex, parseTokens(lex), lines);
}
