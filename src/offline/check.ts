/** Checks a Dockerfile: every syntax error, what else would fail its build, and the findings of the lint rules. */

import { findOddities } from '../check/oddities.ts';
import type { Warning } from '../gateway/bridge.ts';
import { decodeText } from '../go/text.ts';
import type { Definition } from '../llb/definition.ts';
import { merge } from '../llb/join.ts';
import type { State } from '../llb/state.ts';
import { explainedError, wrapError } from '../lower/errors.ts';
import { takeTurns } from '../lower/turns.ts';
import type { Dockerfile } from '../parser/ast.ts';
import { type Diagnostic, locatedError, type Problem } from '../parser/diagnostic.ts';
import { parseDockerignore } from '../parser/dockerignore.ts';
import { findIgnoreHabits, type IgnoreHabits } from '../parser/ignore-habits.ts';
import { parseInTurns } from '../parser/parse.ts';
import { createSourceFile, type LineRange, lineColumn, linesRange, type SourceFile } from '../parser/source.ts';
import { redactCredentials } from '../text/redact.ts';
import { findCrlfScripts } from './carriage-returns.ts';
import { type Frontend, readHere } from './compile.ts';
import { contextNames } from './context-names.ts';
import { offlineHint } from './image-hint.ts';
import { missingSourceMessage, missingSourceProblems, missingSources } from './missing-source.ts';
import { findIgnoreFile, missingSourceHints, readIgnoreFile } from './missing-source-hint.ts';
import { createOfflineBridge, type OfflineOptions } from './offline-bridge.ts';

export interface Checked {
  readonly source: SourceFile;
  /** In the order of the file. */
  readonly problems: readonly Problem[];
  /** The answer of the subrequest `frontend.lint`. */
  readonly json: LintResult;
  /** What the answer does not have: that the file asks for another frontend, which is not run here. */
  readonly warnings: readonly Warning[];
  /** What does no harm, and nothing, in the ignore file; each with its place. */
  readonly notes: readonly { readonly filename: string; readonly line: number; readonly message: string }[];
}

interface LintResult {
  warnings: { ruleName: string; url?: string; detail?: string; location: Location }[] | null;
  readonly sources: { readonly filename: string; readonly data?: string }[];
  buildError?: { message: string; readonly location: Location };
}

interface Location {
  readonly ranges?: readonly { readonly start: { readonly line: number }; readonly end: { readonly line: number } }[];
}

/**
 * Checks what the options name.
 *
 * @param unknownImages filled by image resolvers of yours with images whose config they have made up: with any in it, variables
 *   cannot be told from undefined ones, and are not checked. None by default
 * @param frontend what reads the Dockerfile
 * @throws Error where the Dockerfile cannot be read
 */
export async function checkDockerfile(
  options: OfflineOptions,
  unknownImages: ReadonlySet<string> = new Set(),
  frontend: Frontend = readHere,
): Promise<Checked> {
  const bridge = createOfflineBridge({ ...options, opts: { ...options.opts, requestid: 'frontend.lint' } });
  const result = await frontend(bridge);
  const json = JSON.parse(new TextDecoder().decode(result.metadata.get('result.json'))) as LintResult;
  if (unknownImages.size > 0)
    json.warnings = json.warnings?.filter(({ ruleName }) => ruleName !== 'UndefinedVar') ?? null;

  const { filename = '', data = '' } = json.sources[0] ?? {};
  const text = decodeText(Buffer.from(data, 'base64'));
  const source = createSourceFile(filename, text);
  const problems: Problem[] = (json.warnings ?? []).map(({ ruleName, url, detail = '', location }) => ({
    code: ruleName,
    severity: 'warning',
    message: detail,
    ...place(source, location),
    ...(url !== undefined && { url }),
  }));
  const turns = takeTurns(options.signal);
  const dockerfile = await parseInTurns(text, filename, turns.pass);
  // the frontend has a message of its own for an empty file
  const errors = text === '' ? [] : dockerfile.diagnostics.filter(({ severity }) => severity === 'error');
  for (const error of errors) problems.push(error);
  const { buildError } = json;
  if (buildError) buildError.message = redactCredentials(buildError.message);
  if (buildError && errors.length === 0) {
    const { range, file, hint } = explainedError(result.failure) ?? {};
    const found = place(source, buildError.location);
    const advice = hint ?? locatedError(result.failure)?.hint ?? offlineHint(result.failure);
    problems.push({
      code: 'build',
      severity: 'error',
      message: buildError.message,
      ...found,
      range: range ?? found.range,
      file,
      ...(advice !== undefined && { hint: advice }),
    });
    for (const further of locatedError(result.failure)?.diagnostics.slice(1) ?? [])
      problems.push({ ...further, message: redactCredentials(further.message) });
  }
  const { linted } = result;
  const further: NonNullable<LintResult['warnings']> = [];
  for (const { name, similar, range } of linted?.unknownImages ?? []) {
    if (similar === undefined || name.length < MIN_LENGTH) continue;
    const detail = `${name} is no stage, and nothing is known of an image of that name (did you mean ${similar}?)`;
    problems.push({ code: 'UnknownImage', severity: 'warning', message: detail, range, locations: [] });
    const lines = range && { start: lineColumn(source, range.start).line, end: lineColumn(source, range.end).line };
    further.push({ ruleName: 'UnknownImage', detail, location: located(lines) });
  }
  for (const oddity of [...findOddities(dockerfile), ...(await crlfScripts(dockerfile, options))]) {
    problems.push(oddity);
    const { code, message, hint, locations } = oddity;
    further.push({ ruleName: code, detail: `${message}: ${hint}`, location: located(locations[0]) });
  }
  const graph = linted && tryMarshal(linted.stages);
  if (graph instanceof Error) {
    problems.push({ code: 'build', severity: 'error', message: graph.message, range: undefined, locations: [] });
    json.buildError ??= { message: graph.message, location: {} };
  } else if (graph) {
    await turns.pass();
    const missing = await missingSources(graph, options.locals, turns);
    const hints = await missingSourceHints(missing, options.locals, options.opts?.['filename']);
    for (const [index, problem] of missingSourceProblems(dockerfile, missing, 'error').entries()) {
      const hint = hints[index];
      problems.push({ ...problem, ...(hint !== undefined && { hint }) });
    }
    const [first] = missing;
    if (first) json.buildError ??= { message: missingSourceMessage(first), location: located(first.lines) };
  }
  const { file: ignoreFile, habits } = await ignoreHabits(options);
  for (const habit of habits?.warnings ?? []) {
    problems.push({ ...habit, file: ignoreFile });
    const { code, message, hint, locations } = habit;
    const detail = `${ignoreFile?.filename}:${locations[0]?.start}: ${message}: ${hint}`;
    further.push({ ruleName: code, detail, location: {} });
  }
  if (further.length > 0) json.warnings = [...(json.warnings ?? []), ...further];
  const notes = (habits?.notes ?? []).map((note) => ({ filename: ignoreFile?.filename ?? '', ...note }));
  problems.sort((a, b) => startOf(a) - startOf(b));
  return { source, problems, json, warnings: bridge.warnings, notes };
}

/** The main context, where it is known: a Dockerfile on its own may be built with any. */
function contextOf({ locals, opts }: OfflineOptions) {
  const context = locals.get('context');
  return {
    context: context?.partial ? undefined : context,
    dockerfile: locals.get('dockerfile'),
    filename: opts['filename'] ?? 'Dockerfile',
  };
}

async function crlfScripts(parsed: Dockerfile, options: OfflineOptions): Promise<Diagnostic[]> {
  const { context, dockerfile, filename } = contextOf(options);
  return context ? findCrlfScripts(parsed, context, await findIgnoreFile(context, dockerfile, filename)) : [];
}

async function ignoreHabits(options: OfflineOptions): Promise<{ file?: SourceFile; habits?: IgnoreHabits }> {
  const { context, dockerfile, filename } = contextOf(options);
  const file = await readIgnoreFile(context, dockerfile, filename);
  if (!file) return {};
  const names = context && (await contextNames(context, patternsOf(file.text)));
  return { file, habits: findIgnoreHabits(file, names) };
}

function patternsOf(text: string): string[] {
  try {
    return parseDockerignore(text);
  } catch {
    return []; // the frontend says so
  }
}

function tryMarshal(stages: readonly State[]): Definition | Error {
  try {
    return merge(stages).marshal();
  } catch (error) {
    return wrapError(error, 'failed to marshal LLB definition');
  }
}

function located(lines: LineRange | undefined): Location {
  return lines ? { ranges: [{ start: { line: lines.start }, end: { line: lines.end } }] } : {};
}

/** Shorter names are all alike. */
const MIN_LENGTH = 4;

/** What has no place in the Dockerfile comes first. */
const startOf = ({ range, file }: Problem) => (range && !file ? range.start : -1);

function place(source: SourceFile, { ranges }: Location): Pick<Problem, 'range' | 'locations'> {
  const first = ranges?.[0];
  const lines: LineRange | undefined = first && { start: first.start.line, end: first.end.line };
  return { range: lines && linesRange(source, lines), locations: [lines] };
}
