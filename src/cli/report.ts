/** Errors and warnings for people, with the lines of the Dockerfile they are about. */
import type { Warning } from '../gateway/bridge.ts';
import { SourceError } from '../gateway/errors.ts';
import { decodeText } from '../go/text.ts';
import { stageError } from '../lower/errors.ts';
import { RemoteSource, UnknownImage } from '../offline/offline-bridge.ts';
import { formatDiagnostic } from '../parser/code-frame.ts';
import { type Diagnostic, locatedError } from '../parser/diagnostic.ts';
import { createSourceFile, linesRange, type SourceFile } from '../parser/source.ts';
import { redactCredentials } from '../text/redact.ts';
import type { Io } from './io.ts';

/** Everything that is known about an error, line breaks included. */
export function formatError(error: unknown, { stderrHasColor: color }: Pick<Io, 'stderrHasColor'>): string {
  const message = redactCredentials(error instanceof Error ? error.message : String(error));
  const source = findCause(error, SourceError)?.source;
  const located = locatedError(error);
  const stage = stageError(error);
  const hint = stage?.hint ?? located?.hint ?? hintFor(error);
  if (!source) return `error: ${message}\n${hint === undefined ? '' : `hint: ${hint}\n`}`;

  const file = createSourceFile(source.filename, decodeText(source.data));
  const all = (located?.diagnostics ?? []).filter(({ severity }) => severity === 'error');
  if (all.length > 0) return all.map((diagnostic) => `${formatDiagnostic(file, diagnostic, { color })}\n`).join('');
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
  const file = createSourceFile(source.filename, decodeText(source.data));
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

/** All problems of a file, with a closing line that counts them. */
export function formatProblems(source: SourceFile, problems: readonly Diagnostic[], color: boolean): string {
  if (problems.length === 0) return `${source.filename}: no problems\n`;
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
  const frames = problems.map((problem) => `${formatDiagnostic(source, problem, { color })}\n`);
  return `${frames.join('\n')}\n${count(errors, 'error')}, ${count(problems.length - errors, 'warning')}\n`;
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
