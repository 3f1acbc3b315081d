/** The problems of all files for people. */
import { formatProblemFrames, formatTotals } from '../problems.ts';
import type { CheckedFile } from './checked-file.ts';

/**
 * Formats the problems with their lines, and counts them; of several files, those without problems are only counted.
 */
export function formatText(
  files: readonly CheckedFile[],
  { color, isQuiet, isOne }: { readonly color: boolean; readonly isQuiet: boolean; readonly isOne: boolean },
): string {
  const frames = files
    .filter(({ problems }) => problems.length > 0)
    .map(({ source, problems }) => formatProblemFrames(source, problems, color));
  const fixed = files.flatMap((file) => file.fixed);
  const counted = isQuiet ? '' : formatTotals(files, { fixed, isOne });
  return frames.join('\n') + (frames.length > 0 && counted !== '' ? '\n' : '') + counted;
}
