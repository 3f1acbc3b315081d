/** Checks a Dockerfile: every syntax error, what else would fail its build, and the findings of the lint rules. */
import type { Warning } from '../gateway/bridge.ts';
import { decodeText } from '../go/text.ts';
import type { Definition } from '../llb/definition.ts';
import { merge } from '../llb/join.ts';
import type { State } from '../llb/state.ts';
import { explainedError, wrapError } from '../lower/errors.ts';
import { locatedError, type Problem } from '../parser/diagnostic.ts';
import { parseDockerfile } from '../parser/parse.ts';
import { createSourceFile, type LineRange, lineColumn, linesRange, type SourceFile } from '../parser/source.ts';
import { redactCredentials } from '../text/redact.ts';
import { type Frontend, readHere } from './compile.ts';
import { offlineHint } from './image-hint.ts';
import { missingSourceMessage, missingSourceProblems, missingSources } from './missing-source.ts';
import { missingSourceHints } from './missing-source-hint.ts';
import { createOfflineBridge, type OfflineOptions } from './offline-bridge.ts';

export interface Checked {
  readonly source: SourceFile;
  /** In the order of the file. */
  readonly problems: readonly Problem[];
  /** The answer of the subrequest `frontend.lint`. */
  readonly json: LintResult;
  /** What the answer does not have: that the file asks for another frontend, which is not run here. */
  readonly warnings: readonly Warning[];
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
 * @param unknownImages filled by the image resolvers: with any in it, variables cannot be told from undefined ones
 * @param frontend what reads the Dockerfile
 * @throws Error where the Dockerfile cannot be read
 */
export async function checkDockerfile(
  options: OfflineOptions,
  unknownImages: ReadonlySet<string>,
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
  const dockerfile = parseDockerfile(text, { filename });
  // the frontend has a message of its own for an empty file
  const errors = text === '' ? [] : dockerfile.diagnostics.filter(({ severity }) => severity === 'error');
  for (const error of errors) problems.push(error);
  const { buildError } = json;
  if (buildError) buildError.message = redactCredentials(buildError.message);
  if (buildError && errors.length === 0) {
    const { range, file, hint } = explainedError(result.failure) ?? {};
    const found = place(source, buildError.location);
    const advice = hint ?? offlineHint(result.failure);
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
  for (const { name, similar, range } of linted?.unknownImages ?? []) {
    if (similar === undefined || name.length < MIN_LENGTH) continue;
    const detail = `${name} is no stage, and nothing is known of an image of that name (did you mean ${similar}?)`;
    problems.push({ code: 'UnknownImage', severity: 'warning', message: detail, range, locations: [] });
    const lines = range && { start: lineColumn(source, range.start).line, end: lineColumn(source, range.end).line };
    json.warnings = [...(json.warnings ?? []), { ruleName: 'UnknownImage', detail, location: located(lines) }];
  }
  const graph = linted && tryMarshal(linted.stages);
  if (graph instanceof Error) {
    problems.push({ code: 'build', severity: 'error', message: graph.message, range: undefined, locations: [] });
    json.buildError ??= { message: graph.message, location: {} };
  } else if (graph) {
    const missing = await missingSources(graph, options.locals);
    const hints = await missingSourceHints(missing, options.locals, options.opts?.['filename']);
    for (const [index, problem] of missingSourceProblems(dockerfile, missing, 'error').entries()) {
      const hint = hints[index];
      problems.push({ ...problem, ...(hint !== undefined && { hint }) });
    }
    const [first] = missing;
    if (first) json.buildError ??= { message: missingSourceMessage(first), location: located(first.lines) };
  }
  problems.sort((a, b) => startOf(a) - startOf(b));
  return { source, problems, json, warnings: bridge.warnings };
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
