/** Errors and warnings for people, with the lines of the Dockerfile they are about. */
import type { Warning } from '../gateway/bridge.ts';
import { SourceError } from '../gateway/errors.ts';
import { sourceFile } from '../gateway/source-info.ts';
import { stageError } from '../lower/errors.ts';
import { RemoteSource, UnknownImage } from '../offline/offline-bridge.ts';
import { formatDiagnostic } from '../parser/code-frame.ts';
import { type Diagnostic, locatedError } from '../parser/diagnostic.ts';
import { linesRange, type SourceFile } from '../parser/source.ts';
import { printableLine } from '../text/printable.ts';
import type { Io } from './io.ts';

/** Everything that is known about an error, line breaks included. */
export function formatError(error: unknown, { stderrHasColor: color }: Pick<Io, 'stderrHasColor'>): string {
  const message = error instanceof Error ? error.message : String(error);
  const source = findCause(error, SourceError)?.source;
  const located = locatedError(error);
  const stage = stageError(error);
  const hint = stage?.hint ?? located?.hint ?? hintFor(error);
  if (!source) return `error: ${message}\n${hint === undefined ? '' : `hint: ${hint}\n`}`;

  const file = sourceFile(source);
  const all = (located?.diagnostics ?? []).filter(({ severity }) => severity === 'error');
  if (all.length > 0) {
    const shown = all.slice(0, MAX_SHOWN).map((diagnostic) => `${formatDiagnostic(file, diagnostic, { color })}\n`);
    return shown.join('') + formatRest(all.length - shown.length, 'error');
  }
  const lines = located?.locations.find((location) => location !== undefined && location.start > 0);
  const range = stage?.range ?? (lines && linesRange(file, lines));
  if (!range) return `${source.filename}: error: ${message}\n${hint === undefined ? '' : `hint: ${hint}\n`}`;
  const diagnostic: Diagnostic = {
    code: 'build',
    severity: 'error',
    message,
    range,
    locations: [lines],
    ...(hint !== undefined && { hint }),
  };
  return `${formatDiagnostic(file, diagnostic, { color })}\n`;
}

/** A warning as the frontend sent it. */
export function formatWarning(warning: Warning, { stderrHasColor: color }: Pick<Io, 'stderrHasColor'>): string {
  const { short, url, source, ranges } = warning;
  const [, code = 'warning', message = short] = /^(\w+): ([\s\S]*?)(?: \(line \d+\))?$/.exec(short) ?? [];
  const range = ranges?.[0];
  if (!source || !range) return `warning: ${short}\n`;
  const file = sourceFile(source);
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
export function formatWarnings(warnings: readonly Warning[], io: Pick<Io, 'stderrHasColor'>): string {
  const shown = warnings.slice(0, MAX_SHOWN).map((warning) => formatWarning(warning, io));
  return shown.join('') + formatRest(warnings.length - shown.length, 'warning');
}

/** All problems of a file, as far as they are shown, with a closing line that counts them. */
export function formatProblems(source: SourceFile, problems: readonly Diagnostic[], color: boolean): string {
  if (problems.length === 0) return `${printableLine(source.filename)}: no problems\n`;
  const counts = { error: 0, warning: 0 };
  const shown = problems.filter(({ severity }) => ++counts[severity] <= MAX_SHOWN);
  const frames = shown.map((problem) => `${formatDiagnostic(source, problem, { color })}\n`);
  const rest = [formatRest(counts.error - MAX_SHOWN, 'error'), formatRest(counts.warning - MAX_SHOWN, 'warning')].join(
    '',
  );
  return `${frames.join('\n')}\n${rest}${count(counts.error, 'error')}, ${count(counts.warning, 'warning')}\n`;
}

function formatRest(rest: number, what: string): string {
  return rest > 0 ? `and ${count(rest, `more ${what}`)}: ${WHERE_ALL_ARE}\n` : '';
}

function count(n: number, what: string): string {
  return `${n.toLocaleString('en-US')} ${what}${n === 1 ? '' : 's'}`;
}

function hintFor(error: unknown): string | undefined {
  if (findCause(error, RemoteSource)) return 'leave out --offline to fetch it, or name a folder that has its files';
  const unknown = findCause(error, UnknownImage);
  if (!unknown) return undefined;
  const { image } = unknown;
  return `give the image with --images FILE or --oci-layout ${image}=FOLDER, or leave out --offline to ask its registry`;
}

function findCause<T extends Error>(error: unknown, type: new (...args: never[]) => T): T | undefined {
  for (let e = error; e instanceof Error; e = e.cause) if (e instanceof type) return e;
  return undefined;
}
