/** Tables for people. */
import { printableLine } from '../text/printable.ts';
import { displayWidth } from '../text/width.ts';

/** Columns side by side; the first row is the head. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map(printableLine));
  const widths = clean[0]!.map((_, column) =>
    clean.reduce((widest, row) => Math.max(widest, displayWidth(row[column] ?? '')), 0),
  );
  return clean
    .map((row) =>
      row
        .map((cell, column) =>
          column === row.length - 1 ? cell : cell + ' '.repeat(widths[column]! - displayWidth(cell) + 3),
        )
        .join('')
        .concat('\n'),
    )
    .join('');
}
