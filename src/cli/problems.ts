/** Formats the problems of a Dockerfile for people, with the lines that they are about. */
import type { Checked } from '../daemonless/check.ts';
import type { LintConfigError } from '../daemonless/lint-config-error.ts';
import { formatDiagnostic } from '../diagnostic/code-frame.ts';
import { withDefaultHint } from '../diagnostic/default-hint.ts';
import { countErrors, type Diagnostic, describeError, findDiagnosticError } from '../diagnostic/diagnostic.ts';
import { linesRange, type SourceFile } from '../diagnostic/source-file.ts';
import type { Warning } from '../gateway/bridge.ts';
import { inBuildFlags } from '../gateway/build-flags.ts';
import { SourceError } from '../gateway/error-status.ts';
import { sourceFile } from '../gateway/source-info.ts';
import { explainStrayBytes } from '../parser/hints/stray-bytes.ts';
import { findCause } from '../text/causes.ts';
import { errorMessage } from '../text/error-message.ts';
import { count, formatInteger } from '../text/number.ts';
import { printableLine } from '../text/printable.ts';
import { systemErrorsInWords } from '../text/system-error.ts';
import type { Io } from './io.ts';
import { asNamed, type ShownPath } from './shown-path.ts';
import { unavailableHintInFlags } from './unavailable-hint.ts';

type Terminal = Pick<Io, 'stderrHasColor'>;

/** Formats an error with everything that is known about it; ends with a line break. */
export function formatError(error: unknown, { stderrHasColor: color }: Terminal, shown: ShownPath = asNamed): string {
  const message = systemErrorsInWords(errorMessage(error));
  const source = findCause(error, SourceError)?.source;
  if (!source) {
    const known = findDiagnosticError(error)?.diagnostics[0];
    const hint = known?.hint ?? unavailableHintInFlags(error) ?? (known && withDefaultHint(known).hint);
    return `error: ${withPath(message, shown)}\n${hint === undefined ? '' : `hint: ${inBuildFlags(hint)}\n`}`;
  }
  const file = renamed(sourceFile(source), shown);
  const found = describeError(error, 'build').diagnostics;
  const hint = found.some((it) => it.hint !== undefined) ? undefined : unavailableHintInFlags(error);
  const all = (found.length === 1 ? [{ ...found[0], hint: found[0].hint ?? hint }] : found)
    .map((it) => withFrame(it, file, shown))
    // One hint below all of them is enough.
    .map((it) => (hint !== undefined && it.code === 'unresolved-image' ? it : withDefaultHint(it)))
    .sort((a, b) => startOf(a) - startOf(b));
  const frames = all.slice(0, maxShown).map((it) => `${formatDiagnostic(file, it, { color })}\n`);
  const closing = hint !== undefined && all.length > 1 ? `hint: ${hint}\n` : '';
  return frames.join('') + formatRest(all.length - frames.length, 'error') + closing;
}

const startOf = ({ range }: Diagnostic) => range?.start ?? 0;

/** Adds a range to a diagnostic that only has lines, and translates system errors and its hint. */
function withFrame(diagnostic: Diagnostic, dockerfile: SourceFile, shown: ShownPath): Diagnostic {
  const { message, range, lines, file, hint } = diagnostic;
  const place = lines.find((it) => it !== undefined && it.start > 0);
  return {
    ...diagnostic,
    message: systemErrorsInWords(message),
    range: range ?? (place && linesRange(dockerfile, place)),
    ...(!range && !place && explainStrayBytes(dockerfile, message)),
    file: file && renamed(file, shown),
    ...(hint !== undefined && { hint: inBuildFlags(hint) }),
  };
}

/** Adds the path that the user knows to the message about a Dockerfile that cannot be opened. */
function withPath(message: string, shown: ShownPath): string {
  const read = /^failed to read dockerfile: (?:open ([^:\n]+): [^\n]*|([^\n]+) is not a regular file)$/.exec(message);
  const name = read?.[1] ?? read?.[2];
  const path = name === undefined ? undefined : shown(name);
  return path === name ? message : `${message} (${path})`;
}

const renamed = (file: SourceFile, shown: ShownPath): SourceFile => ({ ...file, filename: shown(file.filename) });

/** Formats the mistakes in a configuration file; ends with a line break. */
export function formatConfigError(
  { source, diagnostics }: LintConfigError,
  { stderrHasColor: color }: Terminal,
): string {
  const frames = diagnostics
    .slice(0, maxShown)
    .map((it) => `${formatDiagnostic(source, withDefaultHint(it), { color })}\n`);
  const rest = diagnostics.length - frames.length;
  return frames.join('') + (rest > 0 ? `and ${count(rest, 'more error')}\n` : '');
}

/** Formats a warning of the frontend. */
export function formatWarning(
  warning: Warning,
  { stderrHasColor: color }: Terminal,
  shown: ShownPath = asNamed,
): string {
  const { short, finding, url, source, ranges } = warning;
  const range = ranges?.[0];
  if (!finding || !source || !range) return `warning: ${short}\n`;
  const file = renamed(sourceFile(source), shown);
  const lines = { start: range.start.line, end: range.end.line };
  const diagnostic: Diagnostic = {
    code: finding.code,
    message: finding.message,
    phase: 'check',
    severity: 'warning',
    range: linesRange(file, lines),
    lines: [lines],
    ...(url !== '' && { url }),
  };
  return `${formatDiagnostic(file, withDefaultHint(diagnostic), { color })}\n`;
}

/** Maximum number of warnings, and of errors, that are shown with their lines. The rest is counted. */
const maxShown = 50;
const listAllHint = '`tsfront check --format json` lists all';

/** Formats the warnings of a compilation. */
export function formatCompileWarnings(warnings: readonly Warning[], io: Terminal, shown: ShownPath = asNamed): string {
  const frames = warnings.slice(0, maxShown).map((warning) => formatWarning(warning, io, shown));
  return frames.join('') + formatRest(warnings.length - frames.length, 'warning');
}

/** Formats notes, one line each. */
export function formatNotes(notes: Checked['notes'], shown: ShownPath): string {
  const lines = notes
    .slice(0, maxShown)
    .map(({ filename, line, message }) => printableLine(`note: ${shown(filename)}:${line}: ${message}`));
  const rest = notes.length - lines.length;
  return `${lines.join('\n')}\n${rest > 0 ? `and ${count(rest, 'more note')}\n` : ''}`;
}

/** Formats the problems of a file. */
export function formatProblemFrames(file: SourceFile, problems: readonly Diagnostic[], color: boolean): string {
  const counts = countProblems(problems);
  const left = { error: maxShown, warning: maxShown };
  const frames = problems
    .filter(({ severity }) => left[severity]-- > 0)
    .map((problem) => `${formatDiagnostic(file, problem, { color })}\n`);
  const rest = formatRest(counts.error - maxShown, 'error') + formatRest(counts.warning - maxShown, 'warning');
  return frames.join('\n') + (rest === '' ? '' : `\n${rest}`);
}

/** Formats the problems of a file, and a last line that counts them. */
export function formatProblems(file: SourceFile, problems: readonly Diagnostic[], color: boolean): string {
  return `${formatProblemFrames(file, problems, color)}\n${formatCounts(countProblems(problems))}\n`;
}

type Counts = Readonly<Record<Diagnostic['severity'], number>>;

function formatCounts({ error, warning }: Counts): string {
  return `${count(error, 'error')}, ${count(warning, 'warning')}`;
}

function countProblems(problems: readonly Diagnostic[]): Counts {
  const errors = countErrors(problems);
  return { error: errors, warning: problems.length - errors };
}

/** Formats the last lines about all files: how many problems there are, were fixed, and can be fixed. */
export function formatTotals(
  files: readonly {
    readonly path: string;
    readonly isFile: boolean;
    readonly problems: readonly Diagnostic[];
  }[],
  { fixed, isOne }: { readonly fixed: readonly Diagnostic[]; readonly isOne: boolean },
): string {
  const problems = files.flatMap((file) => file.problems);
  const counts = problems.length === 0 ? 'no problems' : formatCounts(countProblems(problems));
  const what = !isOne ? `${count(files.length, 'file')}: ` : problems.length === 0 ? `${files[0]?.path ?? ''}: ` : '';
  const mended = fixed.length === 0 ? '' : `fixed ${count(fixed.length, 'problem')}\n`;
  return `${mended}${printableLine(what + counts)}\n${fixable(files.flatMap((file) => (file.isFile ? file.problems : [])))}`;
}

/** Says how many problems the fixes solve. */
function fixable(problems: readonly Diagnostic[]): string {
  const fixes = problems.flatMap(({ fix, file }) => (fix && !file ? [fix] : []));
  const safe = fixes.filter(({ safety }) => safety === 'safe').length;
  const unsafe = fixes.length - safe;
  if (safe === 0 && unsafe === 0) return '';
  const more = safe === 0 ? formatInteger(unsafe) : `${formatInteger(unsafe)} more`;
  const parts = [
    ...(safe > 0 ? [`--fix solves ${formatInteger(safe)} of them`] : []),
    ...(unsafe > 0 ? [`--unsafe-fixes solves ${more}${safe === 0 ? ' of them' : ''}`] : []),
  ];
  return `${parts.join(', ')}\n`;
}

function formatRest(rest: number, what: string): string {
  return rest > 0 ? `and ${count(rest, `more ${what}`)}: ${listAllHint}\n` : '';
}
