/** Shows what changes in a file as a unified difference, which `git apply` and `patch -p1` take. */
import { FILE_HEADERS_ONLY, formatPatch, type StructuredPatch, structuredPatch } from 'diff';

/** Number of lines around a change. */
const context = 3;

/**
 * Maximum number of lines that are compared to find the smallest difference. Its time grows with their square; beyond
 * that all lines between the first and the last change are one change.
 */
const maxChangedLines = 2_000;

/** The difference; '' if the texts are equal. */
export function formatUnifiedDiff(file: string, before: string, after: string): string {
  if (before === after) return '';
  const name = file.replace(/^(?:\.\/+)+/, '');
  const [from, to] = name.startsWith('/') ? [name, name] : [`a/${name}`, `b/${name}`];
  const options = { context, maxEditLength: maxChangedLines };
  const patch = structuredPatch(from, to, before, after, undefined, undefined, options);
  return formatPatch(patch ?? coarsePatch(from, to, before, after), FILE_HEADERS_ONLY);
}

/** A difference with one change, in linear time. */
function coarsePatch(from: string, to: string, before: string, after: string): StructuredPatch {
  const [old, current] = [linesOf(before), linesOf(after)];
  const shortest = Math.min(old.length, current.length);
  let start = 0;
  while (start < shortest && old[start] === current[start]) start++;
  let end = 0;
  while (end < shortest - start && old[old.length - 1 - end] === current[current.length - 1 - end]) end++;
  const first = Math.max(0, start - context);
  const last = Math.max(0, end - context);
  const marked = (mark: string, lines: readonly string[]) =>
    lines.flatMap((line) =>
      line.endsWith('\n') ? [mark + line.slice(0, -1)] : [mark + line, '\\ No newline at end of file'],
    );
  return {
    oldFileName: from,
    newFileName: to,
    oldHeader: undefined,
    newHeader: undefined,
    hunks: [
      {
        oldStart: first + 1,
        oldLines: old.length - first - last,
        newStart: first + 1,
        newLines: current.length - first - last,
        lines: [
          ...marked(' ', old.slice(first, start)),
          ...marked('-', old.slice(start, old.length - end)),
          ...marked('+', current.slice(start, current.length - end)),
          ...marked(' ', old.slice(old.length - end, old.length - last)),
        ],
      },
    ],
  };
}

/** The lines with their ends. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Colours a difference for a terminal. */
export function colorDiff(diff: string): string {
  return diff.replace(/^(?:(---|\+\+\+)|([-+@])).*$/gm, (line, head?: string, mark?: string) => {
    const color = head ? 1 : mark === '+' ? 32 : mark === '-' ? 31 : 36;
    return `\x1b[${color}m${line}\x1b[0m`;
  });
}
