/** The places in the Dockerfile that ops come from. */
import type { LineRange } from '../diagnostic/source-file.ts';
import type { Constraints, Range, SourceLocation, SourceMap } from '../llb/index.ts';

/** The lines that were asked for last, and their ranges. */
let last: { readonly lines: LineRange; readonly ranges: readonly Range[] } | undefined;

/** Lines in BuildKit's form: for each line a range from its start to its start. */
export function lineRanges(lines: LineRange | undefined): readonly Range[] {
  if (!lines) return [];
  if (last?.lines === lines) return last.ranges;
  const ranges: Range[] = [];
  for (let line = lines.start; line <= lines.end; line++) {
    const start = { line, character: 0 };
    ranges.push({ start, end: start });
  }
  last = { lines, ranges };
  return ranges;
}

/**
 * The place of an op. It makes its ranges when they are asked for: those of thousands of ops take more memory than the
 * ops.
 */
export class LinesLocation implements SourceLocation {
  readonly sourceMap: SourceMap;
  private readonly lines: LineRange | undefined;

  constructor(sourceMap: SourceMap, lines: LineRange | undefined) {
    this.sourceMap = sourceMap;
    this.lines = lines;
  }

  get ranges(): readonly Range[] {
    return lineRanges(this.lines);
  }
}

/** Metadata with the instruction that an op comes from, for tools that show builds. */
export function commandDescription(code: string): NonNullable<Constraints['description']> {
  return { 'com.docker.dockerfile.v1.command': code };
}
