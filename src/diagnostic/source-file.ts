/** Places in a source text: nodes have offsets, and lines and columns are computed on demand. */
import { checkArgument, validator } from '../text/arguments.ts';

/** The text of a file; a program may have its bytes. */
export const aDockerfile = validator(
  'a string (`decodeText` makes one of bytes)',
  (value) => typeof value === 'string',
);

/** A half-open range of offsets (UTF-16 code units) into the source text. */
export interface SourceRange {
  /** The first code unit. */
  readonly start: number;
  /** The code unit after the last. */
  readonly end: number;
}

/** An inclusive range of lines, counted from 1. BuildKit's source locations are made of whole lines. */
export interface LineRange {
  /** The first line. */
  readonly start: number;
  /** The last line, included. */
  readonly end: number;
}

/** A point in a text: `line` counts from 1, `column` from 1 in UTF-16 code units. */
export interface LineColumn {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/** A file's name and text together with its table of line starts. */
export interface SourceFile {
  /** The name that the user gave; `Dockerfile` by default. */
  readonly filename: string;
  /** The text, as decoded by `decodeText`. */
  readonly text: string;
  /** Offset at which each line starts; the first is 0. */
  readonly lineStarts: readonly number[];
}

/** Makes a {@link SourceFile}; linear in the length of the text. */
export function createSourceFile(filename: string, text: string): SourceFile {
  checkArgument('createSourceFile', 'text', text, aDockerfile);
  const lineStarts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lineStarts.push(at + 1);
  return { filename, text, lineStarts };
}

/** Line and column of an offset; logarithmic in the number of lines. */
export function lineColumn(file: SourceFile, offset: number): LineColumn {
  let low = 0;
  let high = file.lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (file.lineStarts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - file.lineStarts[low]! + 1 };
}

/** The lines that a range touches. */
export function rangeLines(file: SourceFile, { start, end }: SourceRange): LineRange {
  return { start: lineColumn(file, start).line, end: lineColumn(file, Math.max(start, end - 1)).line };
}

/** The text of a line (counted from 1) without its line ending. */
export function lineText(file: SourceFile, line: number): string {
  const start = file.lineStarts[line - 1];
  if (start === undefined) return '';
  const next = file.lineStarts[line];
  return file.text.slice(start, next === undefined ? undefined : next - 1).replace(/\r$/, '');
}

/** The range of whole lines, without the blanks and the line break around them. */
export function linesRange(file: SourceFile, { start, end }: LineRange): SourceRange {
  const from = file.lineStarts[start - 1] ?? file.text.length;
  const text = file.text.slice(from, file.lineStarts[end]);
  return { start: from + (text.length - text.trimStart().length), end: from + text.trimEnd().length };
}

/**
 * The lines to show of a file with `lineCount` lines, with some around them, as BuildKit prints the source of an error.
 */
export function linesAround({ start, end }: LineRange, lineCount: number): LineRange {
  let [first, last] = [start, Math.min(lineCount, Math.max(start, end))];
  const padding = first === last ? 4 : 2;
  for (let added = 0; added < padding; added++) {
    if (first > 1) {
      first--;
      added++;
    }
    if (last !== lineCount) {
      last++;
      added++;
    }
  }
  return { start: first, end: last };
}
