/** The places in the Dockerfile that ops come from. */

import type { LineRange } from '../diagnostic/source-file.ts';
import type { Constraints, Range } from '../llb/index.ts';

/** Ranges by lines: all ops of one instruction, or of the triggers of one FROM, share them. */
const made = new WeakMap<LineRange, readonly Range[]>();

/** Lines in BuildKit's form: for each line a range from its start to its start. */
export function lineRanges(lines: LineRange | undefined): readonly Range[] {
  if (!lines) return [];
  const known = made.get(lines);
  if (known) return known;
  const ranges: Range[] = [];
  made.set(lines, ranges);
  for (let line = lines.start; line <= lines.end; line++) {
    const start = { line, character: 0 };
    ranges.push({ start, end: start });
  }
  return ranges;
}

/** Metadata with the instruction that an op comes from, for tools that show builds. */
export function commandDescription(code: string): NonNullable<Constraints['description']> {
  return { 'com.docker.dockerfile.v1.command': code };
}
