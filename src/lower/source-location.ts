/** How ops point back to the Dockerfile. */
import type { Constraints, Range, SourceLocation, SourceMap } from '../llb/options.ts';
import type { LineRange } from '../parser/source.ts';

/** An instruction may make many ops, as may the triggers of a FROM: all of them have the same ranges. */
const made = new WeakMap<LineRange, readonly Range[]>();

/** BuildKit's form of lines: a range for each of them, from and to its start. */
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

/** An op that comes from these lines; without lines it comes from the file as such. */
export function sourceLocations(
  sourceMap: SourceMap | undefined,
  lines: LineRange | undefined,
): readonly SourceLocation[] | undefined {
  return sourceMap && [{ sourceMap, ranges: lineRanges(lines) }];
}

/** The instruction an op comes from, for tools that show builds. */
export function commandDescription(code: string): NonNullable<Constraints['description']> {
  return { 'com.docker.dockerfile.v1.command': code };
}
