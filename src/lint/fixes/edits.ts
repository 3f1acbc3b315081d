/** Parts of fixes. */
import type { Edit, Fix } from '../../diagnostic/diagnostic.ts';
import type { SourceRange } from '../../diagnostic/source-file.ts';
import type { Dockerfile, Flag, Instruction } from '../../parser/ast.ts';
import { instructionRange } from '../../parser/hints/explain-error.ts';

/** What solves a problem, or explains it. */
export interface Solution extends Partial<Pick<Fix, 'title' | 'edits' | 'changes' | 'safety'>> {
  /** The places that the problem may be about, if they are more exact than its own. */
  readonly places?: readonly SourceRange[] | undefined;
  readonly hint?: string | undefined;
  readonly related?: readonly { readonly message: string; readonly range: SourceRange }[] | undefined;
}

/** The text of a range. */
export function textOf({ source }: Dockerfile, { start, end }: SourceRange): string {
  return source.text.slice(start, end);
}

/** An instruction without its here-documents: where it is, and its text. */
export function headOf(dockerfile: Dockerfile, instruction: Instruction): { at: number; text: string } {
  const range = instructionRange(dockerfile.source, instruction);
  return { at: range.start, text: textOf(dockerfile, range) };
}

/**
 * The place of a word in an instruction; undefined if it occurs there more than once, or not as it is written, such as
 * after a variable or across lines.
 */
export function onlyPlace(dockerfile: Dockerfile, instruction: Instruction, word: string): SourceRange | undefined {
  if (word === '') return undefined;
  const { at, text } = headOf(dockerfile, instruction);
  const first = text.indexOf(word);
  if (first < 0 || text.indexOf(word, first + 1) >= 0) return undefined;
  return { start: at + first, end: at + first + word.length };
}

/** The place of a flag's value; undefined if it is not written plainly. */
export function flagValue(dockerfile: Dockerfile, { name, value, range }: Flag): SourceRange | undefined {
  if (value === undefined) return undefined;
  const start = range.start + name.length + 3;
  const found = { start, end: start + value.length };
  return textOf(dockerfile, range) === `--${name}=${value}` ? found : undefined;
}

/** Removes a flag and the blanks after it. */
export function removeFlag(dockerfile: Dockerfile, { range }: Flag): Edit {
  const [blanks = ''] = /^[ \t]*/.exec(dockerfile.source.text.slice(range.end)) ?? [];
  return { range: { start: range.start, end: range.end + blanks.length }, text: '' };
}
