/** Errors and warnings for people, with the lines of the Dockerfile they are about. */
import type { Warning } from '../gateway/bridge.ts';
import { SourceError } from '../gateway/errors.ts';
import { sourceFile } from '../gateway/source-info.ts';
import { explainedError } from '../lower/errors.ts';
import type { Checked } from '../offline/check.ts';
import { offlineHint } from '../offline/image-hint.ts';
import { formatDiagnostic } from '../parser/code-frame.ts';
import { type Diagnostic, locatedError, type Problem } from '../parser/diagnostic.ts';
import { linesRange, type SourceFile } from '../parser/source.ts';
import { printableLine } from '../text/printable.ts';
import { systemErrorsInWords } from '../text/system-error.ts';
import type { Io } from './io.ts';

/** The path of a file as the user knows it, from the name that a frontend has for it. */
export type ShownPath = (filename: string) => string;
const asNamed: ShownPath = (filename) => filename;

type Terminal = Pick<Io, 'stderrHasColor'>;

/** Everything that is known about an error, line breaks included. */
export function formatError(error: unknown, { stderrHasColor: color }: Terminal, shown: ShownPath = asNamed): string {
  const message = systemErrorsInWords(error instanceof Error ? error.message : String(error));
  const source = findCause(error, SourceError)?.source;
  const located = locatedError(error);
  const explained = explainedError(error);
  const hint = explained?.hint ?? located?.hint ?? offlineHint(error);
  const closing = hint === undefined ? '' : `hint: ${hint}\n`;
  if (!source) return `error: ${withPath(message, shown)}\n${closing}`;

  const file = renamed(sourceFile(source), shown);
  const all = (located?.diagnostics ?? []).filter(({ severity }) => severity === 'error');
  if (all.length > 0) {
    all.sort((a, b) => (a.range?.start ?? 0) - (b.range?.start ?? 0));
    const frames = all.slice(0, MAX_SHOWN).map((problem) => `${formatDiagnostic(file, problem, { color })}\n`);
    const rest = formatRest(all.length - frames.length, 'error');
    return frames.join('') + rest + (all.some((problem) => problem.hint !== undefined) ? '' : closing);
  }
  const lines = located?.locations.find((location) => location !== undefined && location.start > 0);
  const problem: Problem = {
    code: 'build',
    severity: 'error',
    message,
    range: explained?.range ?? (lines && linesRange(file, lines)),
    file: explained?.file && renamed(explained.file, shown),
    locations: [lines],
    ...(hint !== undefined && { hint }),
  };
  return `${formatDiagnostic(file, problem, { color })}\n`;
}

/** A Dockerfile that cannot be opened is also named as the user knows it. */
function withPath(message: string, shown: ShownPath): string {
  const read = /^failed to read dockerfile: (?:open ([^:\n]+): [^\n]*|([^\n]+) is not a regular file)$/.exec(message);
  const name = read?.[1] ?? read?.[2];
  const path = name === undefined ? undefined : shown(name);
  return path === name ? message : `${message} (${path})`;
}

const renamed = (file: SourceFile, shown: ShownPath): SourceFile => ({ ...file, filename: shown(file.filename) });

/** A warning as the frontend sent it. */
export function formatWarning(
  warning: Warning,
  { stderrHasColor: color }: Terminal,
  shown: ShownPath = asNamed,
): string {
  const { short, url, source, ranges } = warning;
  const [, code = 'warning', message = short] = /^(\w+): ([\s\S]*?)(?: \(line \d+\))?$/.exec(short) ?? [];
  const range = ranges?.[0];
  if (!source || !range) return `warning: ${short}\n`;
  const file = renamed(sourceFile(source), shown);
  const lines = { start: range.start.line, end: range.end.line };
  const diagnostic: Diagnostic = {
    code,
    severity: 'warning',
    message,
    range: linesRange(file, lines),
    locations: [lines],
    ...(url !== '' && { url }),
  };
  return `${formatDiagnostic(file, diagnostic, { color })}\n`;
}

/** Of the problems of a Dockerfile, so many warnings and so many errors are shown with their lines; the rest is counted. */
export const MAX_SHOWN = 50;
const WHERE_ALL_ARE = '`tsfront check --format json` lists all';

/** The warnings of a compilation. */
export function formatWarnings(warnings: readonly Warning[], io: Terminal, shown: ShownPath = asNamed): string {
  const frames = warnings.slice(0, MAX_SHOWN).map((warning) => formatWarning(warning, io, shown));
  return frames.join('') + formatRest(warnings.length - frames.length, 'warning');
}

/** What does no harm, a line each. */
export function formatNotes(notes: Checked['notes'], shown: ShownPath): string {
  const lines = notes
    .slice(0, MAX_SHOWN)
    .map(({ filename, line, message }) => printableLine(`note: ${shown(filename)}:${line}: ${message}`));
  const rest = notes.length - lines.length;
  return `${lines.join('\n')}\n${rest > 0 ? `and ${count(rest, 'more note')}\n` : ''}`;
}

/** All problems of a file, as far as they are shown, with a closing line that counts them. */
export function formatProblems(
  source: SourceFile,
  problems: readonly Problem[],
  color: boolean,
  shown: ShownPath = asNamed,
): string {
  const file = renamed(source, shown);
  if (problems.length === 0) return `${printableLine(file.filename)}: no problems\n`;
  const counts = countProblems(problems);
  const left = { error: MAX_SHOWN, warning: MAX_SHOWN };
  const frames = problems
    .filter(({ severity }) => left[severity]-- > 0)
    .map((problem) => {
      const other = problem.file && renamed(problem.file, shown);
      return `${formatDiagnostic(file, { ...problem, file: other }, { color })}\n`;
    });
  const rest = formatRest(counts.error - MAX_SHOWN, 'error') + formatRest(counts.warning - MAX_SHOWN, 'warning');
  return `${frames.join('\n')}\n${rest}${formatCounts(counts)}\n`;
}

type Counts = Readonly<Record<Problem['severity'], number>>;

function countProblems(problems: readonly Problem[]): Counts {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return { error: errors, warning: problems.length - errors };
}

function formatCounts({ error, warning }: Counts): string {
  return `${count(error, 'error')}, ${count(warning, 'warning')}`;
}

/** The last line about several files. */
export function formatTotal(files: readonly (readonly Problem[])[]): string {
  return `${count(files.length, 'file')}: ${formatCounts(countProblems(files.flat()))}\n`;
}

function formatRest(rest: number, what: string): string {
  return rest > 0 ? `and ${count(rest, `more ${what}`)}: ${WHERE_ALL_ARE}\n` : '';
}

function count(n: number, what: string): string {
  return `${n.toLocaleString('en-US')} ${what}${n === 1 ? '' : 's'}`;
}

function findCause<T extends Error>(error: unknown, type: new (...args: never[]) => T): T | undefined {
  for (let e = error; e instanceof Error; e = e.cause) if (e instanceof type) return e;
  return undefined;
}
