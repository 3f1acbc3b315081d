/** What the rules of an instruction work on. */
import type { Flag, Heredoc, Word } from '../ast.ts';
import type { CstInstruction } from '../cst.ts';
import type { Diagnostic } from '../diagnostic.ts';
import type { LineRange, SourceRange } from '../source.ts';

/** A problem in an instruction; `message` is the reference's own text. */
export type Problem = Pick<Diagnostic, 'code' | 'message' | 'range' | 'hint'>;

/** The fields all instructions have. */
export interface Base {
  readonly keyword: string;
  readonly range: SourceRange;
  readonly keywordRange: SourceRange;
  readonly lines: LineRange;
  readonly code: string;
  readonly comments: readonly string[];
  readonly flags: readonly Flag[];
}

export interface Request {
  readonly base: Base;
  readonly cst: CstInstruction;
  /** The arguments as a list, whatever their form. */
  readonly words: readonly Word[];
  /** True if the arguments are a JSON array. */
  readonly isJson: boolean;
  readonly heredocs: readonly Heredoc[];
  /** Range of the arguments; of the keyword if there are none. */
  readonly argumentsRange: SourceRange;
  /**
   * Records a problem. The first one of an instruction is the one the reference finds, so rules must report in its
   * order; they may go on to find more.
   */
  report(problem: Problem): undefined;
}

/** Arity and the like: a problem of all arguments together. */
export function badArguments(request: Request, message: string, hint?: string): undefined {
  return request.report({ code: 'bad-arguments', message, range: request.argumentsRange, ...(hint && { hint }) });
}

export function needsOneOrMore(request: Request, instruction: string): undefined {
  return badArguments(request, `${instruction} requires at least one argument`);
}

export function needsExactlyOne(request: Request, instruction: string): undefined {
  return badArguments(request, `${instruction} requires exactly one argument`);
}
