/** What rules see of shell text: simple commands, with their places in the file. */
import type { SourceRange } from '../../diagnostic/source-file.ts';

/** A word of a command. */
export interface ShellWord {
  /** As written, with quotes. */
  readonly text: string;
  /** Without quotes and escapes; undefined if it has a variable or a substitution. A pattern (`*`) is kept. */
  readonly value: string | undefined;
  /** Its place in the file. */
  readonly range: SourceRange;
}

/** A redirection of a simple command. */
export interface ShellRedirection {
  /** `>`, `>>`, `<<` and so on. */
  readonly operator: string;
  /** The file; undefined for a here-document. */
  readonly target: ShellWord | undefined;
}

/** A variable that is set, alone or for one command. */
export interface ShellAssignment {
  /** The name. */
  readonly name: string;
  /** The value; '' for an array. */
  readonly value: string | undefined;
  /** From the name to the end of the value. */
  readonly range: SourceRange;
}

/** What a command stands in, if it is not at the top. */
export type ShellScope = 'branch' | 'condition' | 'function' | 'group' | 'loop' | 'subshell' | 'substitution';

/** The operator in front of a command or pipeline; '' for the first of a list. */
export type ShellOperator = '' | '&&' | '||' | ';';

/** A simple command. */
export interface ShellCommand {
  /** All words, with commands such as `sudo` that only run another. */
  readonly words: readonly ShellWord[];
  /** The variables that are set in front of it, or alone. */
  readonly assignments: readonly ShellAssignment[];
  /** Its redirections. */
  readonly redirections: readonly ShellRedirection[];
  /**
   * The program: without its directory, and the one that runs in the end: `apt-get` for `sudo -E /usr/bin/apt-get`. ''
   * if it is not known.
   */
  readonly name: string;
  /** The word that has the name; undefined if it is not known. */
  readonly nameWord: ShellWord | undefined;
  /** The words after the name. */
  readonly args: readonly ShellWord[];
  /** From the first assignment or word to the last word or redirection. */
  readonly range: SourceRange;
  /** The scopes around it, outermost first. */
  readonly scopes: readonly ShellScope[];
  /** The operator in front of the command, or of the pipeline that it is in. */
  readonly operator: ShellOperator;
  /** Its place in a pipeline: 0 for the first command, and for a command alone. */
  readonly stage: number;
  /** Whether it runs in the background. */
  readonly background: boolean;
}

/** Commands that are joined by `|`. */
export interface ShellPipeline {
  /** In order; undefined for a compound command such as a loop. */
  readonly commands: readonly (ShellCommand | undefined)[];
  /** All of it. */
  readonly range: SourceRange;
  /** Number of simple commands of the script that end before it. */
  readonly after: number;
}

/** A text for a shell. */
export interface ShellScript {
  /**
   * All simple commands, in the order of the text. Those in a substitution come before the command that it is part of.
   */
  readonly commands: readonly ShellCommand[];
  /** The pipelines of two commands or more. */
  readonly pipelines: readonly ShellPipeline[];
  /** Number of statements at the top: what `;`, `&` and line breaks separate. */
  readonly statements: number;
  /** Whether it goes on after a statement that fails, as far as the statements themselves say: without `set -e`. */
  readonly goesOn: boolean;
  /** Substitutions in escaped backticks, and text in an array: no edit may be made there. */
  readonly unplaced: readonly SourceRange[];
  /** Whether it could be read. The parts that could be are there either way. */
  readonly isValid: boolean;
}

/** An empty script. */
export const emptyScript: ShellScript = {
  commands: [],
  pipelines: [],
  statements: 0,
  goesOn: false,
  unplaced: [],
  isValid: true,
};
