/** The arguments of the functions that dispatch one instruction, and what they share. */
import type { Linter, Place } from '../../buildkit-rules/linter.ts';
import { checkUndefinedVar } from '../../buildkit-rules/rules/undefined-var.ts';
import type { ErrorCode } from '../../diagnostic/codes.ts';
import {
  type DiagnosticError,
  describeError,
  diagnosticError,
  findDiagnosticError,
} from '../../diagnostic/diagnostic.ts';
import type { LineRange, SourceRange } from '../../diagnostic/source-file.ts';
import type { EnvInstruction, InstructionBase } from '../../parser/ast.ts';
import { type ShellLex, WordError } from '../../parser/words.ts';
import { errorMessage } from '../../text/error-message.ts';
import { expandReporting } from '../expand.ts';
import { addHistory } from '../image-history.ts';
import type { StageLowering } from '../lowering.ts';
import { scanArguments } from '../sbom-scan.ts';
import type { StageState } from '../stage-state.ts';

/** Everything that lowering an instruction reads and changes, besides the instruction itself. */
export interface Dispatch {
  /** What is known of the whole build. */
  readonly lowering: StageLowering;
  /** The state of the instruction's stage. */
  readonly stage: StageState;
  /** The linter with the options in the comments above the instruction. */
  readonly linter: Linter;
  /** The lines of the instruction, or for a trigger of the FROM of its base. */
  readonly lines: LineRange;
  /** The place for findings: the instruction, or for a trigger the FROM of its base. */
  readonly place: Place;
  /** Takes the error of a part. The instruction is still read to its end, to find its other errors. */
  readonly report: (error: unknown) => void;
}

/** Expands words with the variables as set now. The next instruction sees the variables that this one sets. */
export function createExpand({ lowering, stage, linter, place }: Dispatch, lex: ShellLex = lowering.expanders.word) {
  const env = stage.result.state.env();
  let names: readonly string[] | undefined;
  const namesInScope = () => (names ??= env.keys());
  const report = (unmatched: ReadonlySet<string>) => {
    const names = [...unmatched].filter((name) => !scanArguments.has(name) && !stage.result.doubts.has(name));
    checkUndefinedVar(linter, place, names, stage.result.buildArgs, namesInScope);
  };
  return (word: string) => expandReporting(lex, word, env, report).result;
}

/** Expands `KEY=VALUE` pairs, those with errors excepted. All see the variables from before the instruction. */
export function expandPairs(dispatch: Dispatch, pairs: EnvInstruction['pairs']) {
  const expand = createExpand(dispatch);
  return pairs.flatMap(({ key, value, noDelim, range }) => {
    const read = () => ({ key: expand(key), value: expand(value), noDelim });
    return tryPart(dispatch, range, 'bad-substitution', read) ?? [];
  });
}

/** An error that is only found when a valid instruction is dispatched. */
export function dispatchError(code: ErrorCode, message: string): DiagnosticError {
  return diagnosticError(code, message, { phase: 'dispatch' });
}

/**
 * Reads a part of an instruction: an error is at that part, not at the whole instruction. It is reported, and what
 * follows is still read.
 *
 * @param place the range of the part; undefined if it is not known
 * @param code of an error that has none yet
 * @returns undefined if the part has an error
 */
export function tryPart<T>(
  dispatch: Dispatch,
  place: SourceRange | undefined,
  code: ErrorCode,
  read: () => T,
): T | undefined {
  try {
    return read();
  } catch (error) {
    dispatch.report(atPart(dispatch, place, code, error));
    return undefined;
  }
}

/** The error of a part of an instruction, at that part. */
export function atPart(
  dispatch: Dispatch,
  range: SourceRange | undefined,
  code: ErrorCode,
  error: unknown,
): DiagnosticError {
  const diagnostic = error instanceof WordError ? describeError(error, 'bad-substitution') : findDiagnosticError(error);
  const described = diagnostic ?? diagnosticError(code, errorMessage(error), { phase: 'dispatch', cause: error });
  // A trigger is not in this file.
  return dispatch.place.range && range ? describeError(described, code, { range }) : described;
}

/** The place of a flag; undefined if it is absent. */
export const flagRange = ({ flags }: Pick<InstructionBase, 'flags'>, name: string): SourceRange | undefined =>
  flags.find((flag) => flag.name === name)?.range;

/** Adds an instruction to the image's history. */
export function commit({ lowering, stage }: Dispatch, createdBy: string, hasLayer = false): void {
  addHistory(stage.result.image, createdBy, hasLayer, lowering.epoch, lowering.historyBudget);
}

/** The platform if step names show it, otherwise undefined. */
export function shownPlatform<P>({ lowering }: Dispatch, platform: P | undefined): P | undefined {
  return lowering.options.multiPlatformRequested ? platform : undefined;
}
