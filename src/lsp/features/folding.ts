/** What can be folded: stages, instructions of several lines, here-documents and comments. */
import { type FoldingRange, FoldingRangeKind } from 'vscode-languageserver/node';
import { lineColumn } from '../../diagnostic/source-file.ts';
import type { DocumentSession } from '../session.ts';
import { nameOf } from '../unit-facts.ts';

/** The ranges in the order of the file. Lines count from 0. */
export function folding({ document }: DocumentSession): FoldingRange[] {
  const { source } = document.parsed;
  const ranges: FoldingRange[] = [];
  const add = (startLine: number, endLine: number, kind?: FoldingRangeKind) => {
    if (endLine > startLine) ranges.push({ startLine, endLine, ...(kind && { kind }) });
  };
  const line = (offset: number) => lineColumn(source, offset).line - 1;
  let stage: number | undefined;
  for (const unit of document.units) {
    const instruction = document.instruction(unit);
    const name = nameOf(instruction);
    const first = instruction.lines.start - 1;
    if (name === 'from') {
      if (stage !== undefined) add(stage, lastTextLine(document.text, unit.start, line));
      stage = first;
    }
    addComments(document.text.slice(unit.start, instruction.keywordRange.start), unit.firstLine, add);
    const heredocs = 'heredocs' in instruction ? instruction.heredocs : [];
    add(first, instruction.lines.end - 1);
    if (heredocs.length > 1)
      for (const { contentRange } of heredocs) add(line(contentRange.start), line(contentRange.end));
  }
  const last = document.units.at(-1);
  if (stage !== undefined && last) add(stage, last.lastLine - 1);
  return ranges;
}

/** The last line before an offset that has text: comments above a FROM belong to it. */
function lastTextLine(text: string, offset: number, line: (offset: number) => number): number {
  let end = offset;
  while (end > 0 && /\s/.test(text[end - 1]!)) end--;
  return line(Math.max(0, end - 1));
}

type Add = (start: number, end: number, kind: FoldingRangeKind) => void;

/** Comment lines that follow each other. */
function addComments(text: string, firstLine: number, add: Add): void {
  let begin: number | undefined;
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    const isComment = /^\s*#/.test(line);
    if (isComment) begin ??= index;
    if (begin === undefined || (isComment && index < lines.length - 1)) continue;
    add(firstLine + begin, firstLine + (isComment ? index : index - 1), FoldingRangeKind.Comment);
    begin = undefined;
  }
}
