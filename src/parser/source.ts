/** Where things are in a source text: offsets are kept in nodes, lines and columns are computed when someone asks. */

/** A half-open range of offsets (UTF-16 code units) into the source text. */
export interface SourceRange {
  readonly start: number;
  readonly end: number;
}

/** An inclusive range of lines, counted from 1. BuildKit's source locations are made of whole lines. */
export interface LineRange {
  readonly start: number;
  readonly end: number;
}

/** A point in a text: `line` counts from 1, `column` from 1 in UTF-16 code units. */
export interface LineColumn {
  readonly line: number;
  readonly column: number;
}

/** A file's name and text together with its table of line starts. */
export interface SourceFile {
  readonly filename: string;
  readonly text: string;
  /** Offset at which each line starts; the first is 0. */
  readonly lineStarts: readonly number[];
}

/** Makes a {@link SourceFile}; linear in the length of the text. */
export function createSourceFile(filename: string, text: string): SourceFile {
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
