/** The concrete syntax: what stands in the file, before any rule of an instruction is applied. */
import type { Directive, Heredoc, Word } from './ast.ts';
import type { InstructionHead } from './tokens.ts';

export interface CstFile {
  readonly directives: readonly Directive[];
  readonly instructions: readonly CstInstruction[];
}

export interface CstInstruction {
  readonly head: InstructionHead;
  /** Comment lines above, since the last instruction or empty comment. */
  readonly comments: readonly string[];
  readonly flags: readonly Word[];
  readonly arguments: CstArguments;
  readonly heredocs: readonly CstHeredoc[];
}

export interface CstHeredoc {
  readonly heredoc: Heredoc;
  /** Offset behind the line that ends it; behind everything if that is missing. */
  readonly end: number;
}

export type CstArguments = CstFrom | CstWords | CstPairs | CstLegacyPair | CstHealthcheck | CstTrigger | CstCommand;

/** FROM image AS name. */
export interface CstFrom {
  readonly form: 'from';
  readonly image: Word | undefined;
  readonly as: Word | undefined;
  readonly name: Word | undefined;
  /** Words too many. */
  readonly extra: readonly Word[];
}

export interface CstWords {
  readonly form: 'words';
  readonly words: readonly Word[];
}

/** `key=value`; an element without `equals` is a lone word. */
export interface CstPair {
  readonly key: Word | undefined;
  readonly equals: Word | undefined;
  readonly value: Word | undefined;
}

export interface CstPairs {
  readonly form: 'pairs';
  readonly pairs: readonly CstPair[];
}

/** `key value`. */
export interface CstLegacyPair {
  readonly form: 'legacy-pair';
  readonly key: Word;
  readonly value: Word | undefined;
}

/** An array in JSON, a text, or nothing. */
export type CstCommand = CstJson | CstText;

export interface CstJson {
  readonly form: 'json';
  readonly strings: readonly Word[];
  /** Elements that are no strings. */
  readonly others: readonly Word[];
}

export interface CstText {
  readonly form: 'text';
  readonly text: Word | undefined;
}

export interface CstHealthcheck {
  readonly form: 'healthcheck';
  readonly type: Word | undefined;
  readonly command: CstCommand;
}

export interface CstTrigger {
  readonly form: 'onbuild';
  readonly instruction: CstInstruction | undefined;
}
