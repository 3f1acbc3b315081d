/** What dispatching one instruction works with, and how it expands words. */
import { undefinedVar } from '../../check/instruction-rules.ts';
import type { Linter } from '../../check/linter.ts';
import type { LineRange } from '../../parser/source.ts';
import type { ShellLex } from '../../parser/words.ts';
import type { DispatchContext } from '../context.ts';
import { expandReporting } from '../expand.ts';
import { addHistory } from '../history.ts';
import type { StageState } from '../stages.ts';

export interface Dispatch {
  readonly context: DispatchContext;
  readonly stage: StageState;
  /** With the options that the comments above the instruction give. */
  readonly linter: Linter;
  readonly lines: LineRange;
}

/** Expands words with the variables as they are now: what the instruction sets itself is seen by the next one. */
export function expander({ context, stage, linter, lines }: Dispatch, lex: ShellLex = context.lexers.word) {
  const env = stage.state.env();
  let names: readonly string[] | undefined;
  const known = () => (names ??= env.keys());
  const report = (unmatched: ReadonlySet<string>) => undefinedVar(linter, lines, unmatched, stage.buildArgs, known);
  return (word: string) => expandReporting(lex, word, env, report).result;
}

/** Adds an instruction to the image's history. */
export function commit({ context, stage }: Dispatch, createdBy: string, hasLayer = false): void {
  addHistory(stage.image, createdBy, hasLayer, context.epoch, context.historyBudget);
}

/** Where step names show the platform. */
export function shownPlatform<P>({ context }: Dispatch, platform: P | undefined): P | undefined {
  return context.options.multiPlatformRequested ? platform : undefined;
}
