/** The input of the readers of instructions. */
import type { ErrorCode } from '../../diagnostic/codes.ts';
import type { ErrorDetails } from '../../diagnostic/diagnostic.ts';
import type { SourceRange } from '../../diagnostic/source-file.ts';
import type { Heredoc, InstructionBase, Word } from '../ast.ts';
import type { CstInstruction } from '../cst.ts';

/** A problem in an instruction; `message` is the reference's own text. */
export interface Problem extends Pick<ErrorDetails, 'hint' | 'facts'> {
  /** The kind of problem. */
  readonly code: ErrorCode;
  /** The reference's text. */
  readonly message: string;
  /** The exact place. */
  readonly range: SourceRange;
}

/** An instruction as its reader gets it. */
export interface InstructionInput {
  /** The fields of the result that all instructions have. */
  readonly base: InstructionBase;
  /** The concrete syntax of the instruction. */
  readonly cst: CstInstruction;
  /** The arguments as a list, in any form. */
  readonly words: readonly Word[];
  /** Whether the arguments are a JSON array. */
  readonly isJson: boolean;
  /** The here-documents of the instruction, in order. */
  readonly heredocs: readonly Heredoc[];
  /**
   * Records a problem. The first one of an instruction must be the one that the reference finds, so readers report in
   * its order; they may then report more.
   */
  report(problem: Problem): undefined;
}

/** Reports a problem of all arguments together, such as a wrong number of them. */
export function badArguments(input: InstructionInput, message: string, hint?: string): undefined {
  const { words, base } = input;
  const [first] = words;
  const range = first ? { start: first.range.start, end: words.at(-1)!.range.end } : base.keywordRange;
  return input.report({ code: 'bad-arguments', message, range, ...(hint && { hint }) });
}

/** Reports an instruction without arguments. */
export function needsOneOrMore(input: InstructionInput, instruction: string): undefined {
  return badArguments(input, `${instruction} requires at least one argument`);
}

/** Reports an instruction that does not have exactly one argument. */
export function needsExactlyOne(input: InstructionInput, instruction: string): undefined {
  return badArguments(input, `${instruction} requires exactly one argument`);
}
