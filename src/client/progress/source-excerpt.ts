/** Shows the lines of a source that an error or a warning is about. */
import { type LineRange, linesAround } from '../../diagnostic/source-file.ts';
import { jsonDetails, RpcError } from '../../rpc/rpc-error.ts';
import { anything, aString, checkArgument, listOf, objectWith } from '../../text/arguments.ts';
import { count } from '../../text/number.ts';
import { printable, printableLine } from '../../text/printable.ts';
import type { VertexWarning } from '../status.ts';

/** Lines of a source file that an error or a warning is about. */
export interface SourceExcerpt {
  /** The name that is shown. */
  readonly filename: string;
  /** The whole file. */
  readonly text: string;
  /** The lines that are marked. */
  readonly ranges: readonly LineRange[];
}

const anErrorSource = objectWith(
  { filename: aString, text: aString, ranges: listOf(anything) },
  'one of the `sources` of an error',
);

const rule = '--------------------\n';

/**
 * Maximum number of lines of a source, and of characters of a line, that are shown: an instruction may be as long as
 * its file.
 */
const maxQuotedLines = 20;
const maxLine = 1024;

/** The lines with some around them, at most 20 of them; '' when the ranges are not in the text. */
export function formatSource(source: SourceExcerpt): string {
  checkArgument('formatSource', 'source', source, anErrorSource);
  const { filename, text, ranges } = source;
  const lines = text.split(/\r?\n/);
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (const range of ranges) {
    first = Math.min(first, range.start);
    last = Math.max(last, range.start, range.end);
  }
  if (first < 1 || first > lines.length) return '';
  const { start, end } = linesAround({ start: first, end: last }, lines.length);
  let shown = `${printableLine(filename)}:${first}\n${rule}`;
  const stop = Math.min(end, start + maxQuotedLines - 1);
  for (let line = start; line <= stop; line++) {
    const marked = ranges.some((range) => range.start <= line && line <= Math.max(range.start, range.end));
    shown += ` ${String(line).padStart(3)} | ${marked ? '>>>' : '   '} ${printable(cut(lines[line - 1]!))}\n`;
  }
  const rest = end - stop;
  if (rest > 0) shown += `     | ... ${count(rest, 'more line')}\n`;
  return shown + rule;
}

function cut(line: string): string {
  return line.length <= maxLine ? line : `${line.slice(0, maxLine)}... (${line.length} characters)`;
}

/** The sources that an error of the daemon points to, outermost first. */
export function errorSources(error: unknown): SourceExcerpt[] {
  if (!(error instanceof RpcError)) return [];
  return jsonDetails(error, 'errdefs.Source', (detail) => {
    const { info, ranges } = detail as {
      info?: { filename?: string; data?: string };
      ranges?: { start?: { line?: number }; end?: { line?: number } }[];
    };
    return {
      filename: String(info?.filename ?? ''),
      text: Buffer.from(info?.data ?? '', 'base64').toString(),
      ranges: (ranges ?? []).map(({ start, end }) => ({
        start: Number(start?.line ?? 0),
        end: Number(end?.line ?? 0),
      })),
    };
  });
}

/** Maximum number of warnings that are shown; the rest is counted. */
export const maxWarnings = 50;

/** Options for showing the warnings of a build. */
export interface WarningsFormat {
  /**
   * Each takes one line, and this says how to see more of them, such as `use --verbose to expand`; with all by default.
   */
  readonly expandHint?: string | undefined;
  /** Whether terminal colours are used; default false. */
  readonly color?: boolean;
}

/**
 * The warnings at the end of a build, each with its lines or as one line; after the first 50 only how many more there
 * are.
 */
export function formatWarnings(
  warnings: readonly VertexWarning[],
  { expandHint, color = false }: WarningsFormat = {},
): string {
  if (warnings.length === 0) return '';
  const hint = expandHint === undefined ? '' : ` (${expandHint})`;
  const title = `${warnings.length} warning${warnings.length === 1 ? '' : 's'} found${hint}:`;
  let shown = `\n ${color ? `\x1b[33m${title}\x1b[0m` : title}\n`;
  for (const { short, detail, url, source, ranges } of warnings.slice(0, maxWarnings)) {
    const lines = ranges.map(({ start, end }) => ({ start: start?.line ?? 0, end: end?.line ?? 0 }));
    const line = lines[0] && !/\(line \d+\)$/.test(short) ? ` (line ${lines[0].start})` : '';
    shown += ` - ${printableLine(short)}${line}\n`;
    if (expandHint !== undefined) continue;
    for (const more of detail) shown += `${printable(more)}\n`;
    if (url) shown += `More info: ${printableLine(url)}\n`;
    if (source)
      shown += formatSource({ filename: source.filename, text: Buffer.from(source.data).toString(), ranges: lines });
    shown += '\n';
  }
  const rest = warnings.length - maxWarnings;
  return rest > 0 ? `${shown} and ${count(rest, 'more warning')}\n` : shown;
}
