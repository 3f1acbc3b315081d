/** The text that a shell gets of an instruction, and the places of its characters in the file. */
import type { SourceRange } from '../../diagnostic/source-file.ts';
import type { EscapeToken } from '../../parser/ast.ts';
import { findContinuation, type LogicalLine } from '../../parser/logical-line.ts';
import { skipSpace } from '../../parser/white-space.ts';

/** A part of the file that is joined. */
export interface TextPart {
  /** The part, whole lines after the first. */
  readonly range: SourceRange;
  /** Whether it continues over lines as instructions do; a here-document does not. */
  readonly continues: boolean;
}

/** Joins parts of a file: continued lines become one line, and comments and empty lines between them disappear. */
export function joinText(source: string, parts: readonly TextPart[], escapeToken: EscapeToken): LogicalLine {
  const starts: number[] = [];
  const offsets: number[] = [];
  const pieces: string[] = [];
  let length = 0;
  const add = (start: number, end: number): void => {
    starts.push(length);
    offsets.push(start);
    pieces.push(source.slice(start, end));
    length += end - start;
  };
  for (const { range, continues } of parts) {
    if (continues) addContinued(source, range, escapeToken, add);
    else add(range.start, range.end);
  }
  return { text: pieces.join(''), starts, offsets };
}

function addContinued(
  source: string,
  range: SourceRange,
  escapeToken: EscapeToken,
  add: (start: number, end: number) => void,
): void {
  let start = range.start;
  while (start < range.end) {
    const newline = source.indexOf('\n', start);
    const next = newline < 0 || newline >= range.end ? range.end : newline + 1;
    let end = next;
    while (end > start && (source[end - 1] === '\n' || source[end - 1] === '\r')) end--;
    const first = skipSpace(source, start, end);
    const isInterruption = start > range.start && (first === end || source[first] === '#');
    if (!isInterruption) {
      const continuation = findContinuation(source, start, end, escapeToken);
      add(start, continuation < 0 ? next : continuation);
    }
    start = next;
  }
}
