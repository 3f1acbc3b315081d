/** The report of what a build takes from its contexts. */
import type { Amount } from './amounts.ts';
import type { Fate } from './context-tree.ts';
import type { IgnoreProposal } from './propose-ignore.ts';
import type { SizeNode } from './size-tree.ts';

/** What a build takes from its contexts. Its JSON is the output of `tsfront context --format json`. */
export interface ContextReport {
  /**
   * Version of this form: 1. A later version may have more members; a change of those that are here has another number.
   */
  readonly version: 1;
  /**
   * The local sources of the build, in the order of the graph. Empty if no instruction takes a file from a directory.
   */
  readonly contexts: readonly InspectedContext[];
}

/** A local source of a build. */
export interface InspectedContext {
  /** `context`, or the name of a named context. */
  readonly name: string;
  /** Its directory, as it was named. */
  readonly directory: string;
  /** All files in it: `sent`, `ignored` and `unasked` together. */
  readonly total: Amount;
  /** What the build asks for; of an unchanged file only the name is sent again. */
  readonly sent: Amount;
  /** What the ignore file drops. */
  readonly ignored: Amount;
  /** What no instruction needs, so that BuildKit does not ask for it. */
  readonly unasked: Amount;
  /** What of `sent` at least one instruction takes. */
  readonly used: Amount;
  /** What of `sent` no instruction takes. */
  readonly unused: Amount;
  /** Whether directories of which nothing is sent have more files than were counted: at most 500,000 are. */
  readonly isCut: boolean;
  /** Rules of the ignore file that drop something, in its order. */
  readonly rules: readonly RuleUse[];
  /** What each instruction takes, in the order of the Dockerfile. */
  readonly takes: readonly ContextTake[];
  /** The largest directories and files that are sent, as a tree. */
  readonly largest: readonly SizeNode[];
  /**
   * Files and directories that are sent and that no instruction takes, without those in other such directories, the
   * largest first.
   */
  readonly unusedPaths: readonly (Amount & { readonly path: string })[];
  /** Patterns for the ignore file. */
  readonly proposal: IgnoreProposal;
  /** The answers for the paths that were asked about. */
  readonly paths: readonly PathAnswer[];
}

/** A rule of an ignore file, and what it drops. */
export interface RuleUse extends Amount {
  /** The ignore file. */
  readonly file: string;
  /** The line of the rule, from 1. */
  readonly line: number;
  /** The rule as written. */
  readonly text: string;
}

/** What an instruction takes from a context. */
export interface ContextTake extends Amount {
  /** The Dockerfile. */
  readonly file: string;
  /** The first line of the instruction, from 1; 0 if it is not known. */
  readonly line: number;
  /** The last line of the instruction. */
  readonly endLine: number;
  /** The instruction, without the content of here-documents and without the command of RUN. */
  readonly text: string;
  /** `copy` for COPY and ADD, `mount` for RUN --mount, `whole` for a stage that begins with the context. */
  readonly kind: 'copy' | 'mount' | 'whole';
  /** Its sources in the context. */
  readonly sources: readonly TakenSource[];
  /**
   * What is taken: files, and directories with a slash at the end, of which all that is sent is taken; `./` is all of
   * it.
   */
  readonly paths: readonly string[];
  /** Every file that is taken, if they were asked for. */
  readonly list?: readonly { readonly path: string; readonly bytes: number }[];
}

/** A source of an instruction. */
export interface TakenSource extends Amount {
  /** The path or pattern, from the root of the context, with variables expanded. */
  readonly path: string;
  /** Patterns of `--parents`: what is taken below the path; empty for everything. */
  readonly include: readonly string[];
  /** Patterns of `--exclude`: what is not taken below the path. */
  readonly exclude: readonly string[];
}

/** What happens to a path. */
export interface PathAnswer {
  /** The path, as it was asked for. */
  readonly path: string;
  /** What happens to it; `missing` if the context does not have it. */
  readonly fate: Fate | 'missing';
  /** The rule that drops it. */
  readonly rule?: { readonly file: string; readonly line: number; readonly text: string };
  /** The lines of the instructions that take it, or something in it. */
  readonly takenAt: readonly number[];
  /** For `missing`: what was probably meant. */
  readonly hint?: string;
}
