/** Parses text to the syntax tree. */
import type { IToken } from 'chevrotain';
import { aDockerfile, createSourceFile, type LineRange } from '../diagnostic/source-file.ts';
import { checkArgument } from '../text/arguments.ts';
import type { Dockerfile, StageInstruction } from './ast.ts';
import { buildTrigger, createAstBuilder } from './build-ast.ts';
import type { CstFile, CstInstruction } from './cst.ts';
import { DockerfileGrammar } from './grammar.ts';
import { type LexPieces, type LexResult, lexInPieces } from './lexer.ts';

let grammar: DockerfileGrammar | undefined;

/** Parses tokens to concrete syntax. */
export function parseTokens({ significant }: Pick<LexResult, 'significant'>): CstFile {
  grammar ??= new DockerfileGrammar();
  grammar.input = significant as IToken[]; // the grammar only reads them
  const cst = grammar.file();
  const [problem] = grammar.errors;
  grammar.input = []; // release the tokens
  if (problem) throw problem; // this cannot happen: the grammar accepts every sequence of tokens that the lexer makes
  return cst;
}

/**
 * Parses a Dockerfile. Never throws: all problems are in `diagnostics`; the first error is the one that the reference
 * reports. `decodeText` makes the text of the file's bytes.
 */
export function parseDockerfile(text: string, { filename = 'Dockerfile' }: { filename?: string } = {}): Dockerfile {
  checkArgument('parseDockerfile', 'text', text, aDockerfile);
  const steps = parseInSteps(text, filename);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Parses piece by piece, so that the tokens and the concrete syntax of only one piece take memory. */
function* parseInSteps(text: string, filename: string): Generator<void, Dockerfile> {
  const lex = lexInPieces(text);
  const builder = createAstBuilder(lex);
  for (const piece of lex.pieces()) {
    builder.add(parseTokens(piece));
    yield;
  }
  return builder.finish(createSourceFile(filename, text), () => instructionsOf(lexInPieces(text)));
}

function* instructionsOf(lex: LexPieces): Generator<CstInstruction> {
  for (const piece of lex.pieces()) yield* parseTokens(piece).instructions;
}

/**
 * Like {@link parseDockerfile}, but pauses for other work between the pieces of the file: a Dockerfile of 100,000
 * instructions takes seconds.
 *
 * @param pass pauses for other work, if it is due; parsing fails with its error
 */
export async function parseInTurns(
  text: string,
  filename: string,
  pass: () => Promise<void> | undefined,
): Promise<Dockerfile> {
  const steps = parseInSteps(text, filename);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await pass();
  }
}

/**
 * Parses a trigger of ONBUILD before it runs: as a separate file, whose escape character is the
 * backslash. Its lines are those of the FROM that it runs for; its ranges are offsets in the expression.
 * @throws DiagnosticError with the reference's message
 */
export function parseTrigger(expression: string, lines: LineRange): StageInstruction {
  checkArgument('parseTrigger', 'expression', expression, aDockerfile);
  const lex = lexInPieces(expression);
  return buildTrigger(lex, [...instructionsOf(lex)], lines);
}
