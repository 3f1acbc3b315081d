/** Tables as Go's text/tabwriter aligns them. */
import { utf8Length } from '../../go/unicode.ts';

interface Cell {
  readonly text: string;
  readonly width: number;
}

/**
 * Aligns text in which tabs end cells: the cells of neighbouring lines that have one in the same place form a column,
 * as wide as the widest plus `padding` blanks. The last cell of a line belongs to no column.
 */
export function alignTable(text: string, padding: number): string {
  let output = '';
  let lines: Cell[][] = [];
  const flush = () => {
    output += formatBlock(lines, padding);
    lines = [];
  };
  const parts = text.split(/([\n\f])/);
  for (let at = 0; at < parts.length; at += 2) {
    const cells = parts[at]!.split(/[\t\v]/).map((cell) => ({ text: cell, width: countRunes(cell) }));
    lines.push(cells);
    const end = parts[at + 1];
    // A line of one cell ends all columns, as does a form feed.
    if (end === '\f' || (end !== undefined && cells.length === 1)) {
      lines.push([]);
      flush();
    }
  }
  flush();
  return output;
}

/** Characters; each byte that is not UTF-8 counts as one. */
const countRunes = (text: string) => (text.length === utf8Length(text) ? text.length : Array.from(text).length);

function formatBlock(lines: readonly Cell[][], padding: number): string {
  const output: string[] = [];
  const widths: number[] = [];
  const hasColumn = (line: number) => widths.length < lines[line]!.length - 1;

  const write = (from: number, to: number) => {
    for (let at = from; at < to; at++) {
      let row = '';
      for (const [column, { text, width }] of lines[at]!.entries())
        row += column < widths.length ? text + ' '.repeat(Math.max(widths[column]! - width, 0)) : text;
      output.push(row);
    }
  };

  const format = (from: number, to: number) => {
    let written = from;
    for (let at = from; at < to; at++) {
      if (!hasColumn(at)) continue;
      write(written, at);
      const start = at;
      let width = 0;
      for (; at < to && hasColumn(at); at++) width = Math.max(width, lines[at]![widths.length]!.width + padding);
      widths.push(width);
      format(start, at);
      widths.pop();
      written = at;
    }
    write(written, to);
  };
  format(0, lines.length);
  return output.join('\n');
}
