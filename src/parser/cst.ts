/** The concrete syntax: the parts of the file, before the rules of each instruction are applied. */
import type { Directive, Heredoc, Word } from './ast.ts';
import type { InstructionHead } from './tokens.ts';

/** The concrete syntax of a file. */
export interface CstFile {
  /** Parser directives, in order. */
  readonly directives: readonly Directive[];
  /** Instructions, in order. */
  readonly instructions: readonly CstInstruction[];
}

/** The concrete syntax of an instruction. */
export interface CstInstruction {
  /** The keyword with the comments and lines around it. */
  readonly head: InstructionHead;
  /** `--name` or `--name=value`, in order. */
  readonly flags: readonly Word[];
  /** The arguments after the flags, in the form that the keyword needs. */
  readonly arguments: CstArguments;
  /** Here-documents, in order. */
  readonly heredocs: readonly CstHeredoc[];
}

/** A here-document with its end. */
export interface CstHeredoc {
  /** The here-document itself. */
  readonly heredoc: Heredoc;
  /** Offset after the line that ends it; the end of the text if that line is missing. */
  readonly end: number;
}

/** The arguments of an instruction, by their form. */
export type CstArguments = CstFrom | CstWords | CstPairs | CstLegacyPair | CstHealthcheck | CstTrigger | CstCommand;

/** `FROM image AS name`. */
export interface CstFrom {
  /** Tells forms apart. */
  readonly form: 'from';
  /** undefined if nothing follows FROM. */
  readonly image: Word | undefined;
  /** The word at the place of AS; undefined if absent. */
  readonly as: Word | undefined;
  /** The name of the stage; undefined if absent. */
  readonly name: Word | undefined;
  /** Words after the name, which are an error. */
  readonly extra: readonly Word[];
}

/** Words between blanks. */
export interface CstWords {
  /** Tells forms apart. */
  readonly form: 'words';
  /** All words, in order. */
  readonly words: readonly Word[];
}

/** `key=value`; an element without `equals` is a lone word. */
export interface CstPair {
  /** The key; undefined if `=` comes first. */
  readonly key: Word | undefined;
  /** The `=`; undefined for a lone word. */
  readonly equals: Word | undefined;
  /** The value; undefined if nothing follows `=`. */
  readonly value: Word | undefined;
}

/** Pairs, as in ENV and LABEL. */
export interface CstPairs {
  /** Tells forms apart. */
  readonly form: 'pairs';
  /** All pairs, in order. */
  readonly pairs: readonly CstPair[];
}

/** `key value`. */
export interface CstLegacyPair {
  /** Tells forms apart. */
  readonly form: 'legacy-pair';
  /** The first word. */
  readonly key: Word;
  /** Everything after the first word; undefined if there is nothing. */
  readonly value: Word | undefined;
}

/** An array in JSON, a text, or nothing. */
export type CstCommand = CstJson | CstText;

/** An array in JSON. */
export interface CstJson {
  /** Tells forms apart. */
  readonly form: 'json';
  /** Elements that are strings, without their quotes. */
  readonly strings: readonly Word[];
  /** Elements that are not strings. */
  readonly others: readonly Word[];
}

/** Text up to the end of the instruction. */
export interface CstText {
  /** Tells forms apart. */
  readonly form: 'text';
  /** The text; undefined if absent. */
  readonly text: Word | undefined;
}

/** The arguments of HEALTHCHECK. */
export interface CstHealthcheck {
  /** Tells forms apart. */
  readonly form: 'healthcheck';
  /** `CMD`, `NONE`, or another word at their place; undefined if absent. */
  readonly type: Word | undefined;
  /** The command after the type. */
  readonly command: CstCommand;
}

/** The arguments of ONBUILD. */
export interface CstTrigger {
  /** Tells forms apart. */
  readonly form: 'onbuild';
  /** The instruction after ONBUILD; undefined if absent. */
  readonly instruction: CstInstruction | undefined;
}
