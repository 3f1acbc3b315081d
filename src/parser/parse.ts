/** Text to syntax tree. */
import type { Dockerfile, StageInstruction } from './ast.ts';
import { buildDockerfile, buildTrigger } from './build.ts';
import type { CstFile } from './cst.ts';
import { DockerfileGrammar } from './grammar.ts';
import { type LexResult, lexDockerfile } from './lexer.ts';
import { createSourceFile, type LineRange } from './source.ts';

let grammar: DockerfileGrammar | undefined;

/** Tokens to concrete syntax. */
export function parseTokens({ significant }: Pick<LexResult, 'significant'>): CstFile {
  grammar ??= new DockerfileGrammar();
  grammar.input = [...significant];
  const cst = grammar.file();
  const [problem] = grammar.errors;
  grammar.input = []; // do not hold on to the tokens
  if (problem) throw problem; // cannot be: the grammar takes every sequence of tokens that the lexer makes
  return cst;
}

/**
 * Parses a Dockerfile. Never throws: all problems are in `diagnostics`, first the one the reference reports.
 * The text is what `decodeText` makes of the file's bytes.
 */
export function parseDockerfile(text: string, { filename = 'Dockerfile' }: { filename?: string } = {}): Dockerfile {
  const lex = lexDockerfile(text);
  return buildDockerfile(createSourceFile(filename, text), lex, parseTokens(lex));
}

/**
 * As {@link parseDockerfile}, but others have their turn between the steps, of which each takes half a second for a
 * Dockerfile of 100,000 instructions.
 *
 * @param pass what lets others have it; its error is that of parsing
 */
export async function parseInTurns(text: string, filename: string, pass: () => Promise<void>): Promise<Dockerfile> {
  const lex = lexDockerfile(text);
  await pass();
  const cst = parseTokens(lex);
  await pass();
  return buildDockerfile(createSourceFile(filename, text), lex, cst);
}

/**
 * Parses a trigger that ONBUILD stored, when it is about to run: as a file of its own, whose escape character is the
 * backslash. Its lines are those of the FROM that it runs for; its ranges are offsets in the expression.
 * @throws LocatedError with the reference's message
 */
export function parseTrigger(expression: string, lines: LineRange): StageInstruction {
  const lex = lexDockerfile(expression);
  return buildTrigger(lex, parseTokens(lex), lines);
}
