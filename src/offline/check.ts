/** Checks a Dockerfile: every syntax error, what else would fail its build, and the findings of the lint rules. */
import type { Warning } from '../gateway/bridge.ts';
import { runFrontend } from '../gateway/frontend.ts';
import { decodeText } from '../go/text.ts';
import { stageError } from '../lower/errors.ts';
import type { Diagnostic } from '../parser/diagnostic.ts';
import { parseDockerfile } from '../parser/parse.ts';
import { createSourceFile, type LineRange, linesRange, type SourceFile } from '../parser/source.ts';
import { redactCredentials } from '../text/redact.ts';
import { createOfflineBridge, type OfflineOptions } from './offline-bridge.ts';

export interface Checked {
  readonly source: SourceFile;
  /** In the order of the file. */
  readonly problems: readonly Diagnostic[];
  /** The answer of the subrequest `frontend.lint`. */
  readonly json: LintResult;
  /** What the answer does not have: that the file asks for another frontend, which is not run here. */
  readonly warnings: readonly Warning[];
}

interface LintResult {
  warnings: { ruleName: string; url?: string; detail?: string; location: Location }[] | null;
  readonly sources: { readonly filename: string; readonly data?: string }[];
  readonly buildError?: { message: string; readonly location: Location };
}

interface Location {
  readonly ranges?: readonly { readonly start: { readonly line: number }; readonly end: { readonly line: number } }[];
}

/**
 * Checks what the options name.
 *
 * @param unknownImages filled by the image resolvers: with any in it, variables cannot be told from undefined ones
 * @throws Error where the Dockerfile cannot be read
 */
export async function checkDockerfile(options: OfflineOptions, unknownImages: ReadonlySet<string>): Promise<Checked> {
  const bridge = createOfflineBridge({ ...options, opts: { ...options.opts, requestid: 'frontend.lint' } });
  const result = await runFrontend(bridge, { others: 'cannot' });
  const json = JSON.parse(new TextDecoder().decode(result.metadata.get('result.json'))) as LintResult;
  if (unknownImages.size > 0)
    json.warnings = json.warnings?.filter(({ ruleName }) => ruleName !== 'UndefinedVar') ?? null;

  const { filename = '', data = '' } = json.sources[0] ?? {};
  const text = decodeText(Buffer.from(data, 'base64'));
  const source = createSourceFile(filename, text);
  const problems: Diagnostic[] = (json.warnings ?? []).map(({ ruleName, url, detail = '', location }) => ({
    code: ruleName,
    severity: 'warning',
    message: detail,
    ...place(source, location),
    ...(url !== undefined && { url }),
  }));
  const errors = parseDockerfile(text, { filename }).diagnostics.filter(({ severity }) => severity === 'error');
  for (const error of errors) problems.push(error);
  const { buildError } = json;
  if (buildError) buildError.message = redactCredentials(buildError.message);
  if (buildError && errors.length === 0) {
    const { range, hint } = stageError(result.failure) ?? {};
    problems.push({
      code: 'build',
      severity: 'error',
      message: buildError.message,
      ...place(source, buildError.location),
      ...(range && { range }),
      ...(hint !== undefined && { hint }),
    });
  }
  problems.sort((a, b) => a.range.start - b.range.start);
  return { source, problems, json, warnings: bridge.warnings };
}

function place(source: SourceFile, { ranges }: Location): Pick<Diagnostic, 'range' | 'locations'> {
  const first = ranges?.[0];
  const lines: LineRange | undefined = first && { start: first.start.line, end: first.end.line };
  return { range: lines ? linesRange(source, lines) : { start: 0, end: 0 }, locations: [lines] };
}
