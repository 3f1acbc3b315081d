/** What a feature of the editor works on: a version of a document with all that is known about it. */
import type { Position } from 'vscode-languageserver/node';
import type { SourceRange } from '../diagnostic/source-file.ts';
import type { Instruction } from '../parser/ast.ts';
import type { AnalysisResult } from './analysis.ts';
import type { AnalysisThread } from './analysis-thread.ts';
import type { OpenDocument } from './documents.ts';
import type { Settings } from './settings.ts';
import type { Symbols } from './symbols.ts';
import { nameOf } from './unit-facts.ts';
import type { Surroundings } from './workspace.ts';

/** The analysis of a version of a document. */
export interface Analysis extends AnalysisResult {
  readonly document: OpenDocument;
}

/** What answers to an editor may contain; nothing that it has not asked for. */
export interface Abilities {
  /** Whether completions may have places to fill in, which others would see as `${1:source}`. */
  readonly snippets: boolean;
  /** Whether hovers may be Markdown. */
  readonly markdownHover: boolean;
  /** Whether descriptions of completions may be Markdown. */
  readonly markdownItems: boolean;
  /** The editor's own command that asks for completions again; undefined if it names none. */
  readonly suggestCommand: string | undefined;
}

/** A version of a document, and how to learn more about it. */
export interface DocumentSession {
  readonly document: OpenDocument;
  readonly settings: Settings;
  /** What answers to the editor may contain. */
  readonly abilities: Abilities;
  /** The stages and variables. */
  readonly symbols: Symbols;
  /** The last analysis, possibly of an earlier version; undefined before the first one. */
  readonly analysis: Analysis | undefined;
  /** The analysis of this version, once it is there; undefined if it fails, or another version comes first. */
  currentAnalysis(): Promise<Analysis | undefined>;
  /** Asks about what was analysed last. */
  readonly ask: AnalysisThread['ask'];
  /** Compiles this version, and gives the page of its graph. @throws Error with what fails the build */
  graphPage(): Promise<string>;
  /** The context and its files. */
  surroundings(): Promise<Surroundings>;
  /** Aborted when the editor no longer wants the answer. */
  readonly signal: AbortSignal;
}

/** The instruction at a place of a document. */
export interface InstructionAt {
  readonly instruction: Instruction;
  /** Index of its unit. */
  readonly unit: number;
  /** Its name in lower case; '' for an unknown instruction. */
  readonly name: string;
}

/** The instruction that an offset is in, from its keyword to its end; undefined between instructions. */
export function instructionAt(document: OpenDocument, offset: number): InstructionAt | undefined {
  // Behind the last character of an instruction is still in it.
  for (const index of [document.unitIndexAt(offset), document.unitIndexAt(Math.max(0, offset - 1))]) {
    const unit = document.units[index];
    if (!unit) continue;
    const instruction = document.instruction(unit);
    const { start, end } = instruction.range;
    if (offset < start || offset > end) continue;
    return { instruction, unit: index, name: nameOf(instruction) };
  }
  return undefined;
}

/** Whether an offset is in a range, or directly after it. */
export const touches = ({ start, end }: SourceRange, offset: number): boolean => start <= offset && offset <= end;

/** The offset of a position; a position outside of the text is moved into it. */
export function offsetOf(document: OpenDocument, position: Position): number {
  const whole = (value: unknown) => (typeof value === 'number' && value > 0 ? Math.min(Math.floor(value), 1 << 30) : 0);
  return document.offsetAt({ line: whole(position?.line), character: whole(position?.character) });
}
