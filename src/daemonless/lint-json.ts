/** The findings of a check as JSON, in the form of the answer of `frontend.lint`. */
import { findRule } from '../buildkit-rules/rules.ts';
import type { Diagnostic, Fix } from '../diagnostic/diagnostic.ts';
import { type LineRange, lineColumn, rangeLines, type SourceFile } from '../diagnostic/source-file.ts';
import { placesJson } from '../gateway/error-status.ts';
import { type SourceDescription, sourceFile, sourceInfoJson } from '../gateway/source-info.ts';
import { buildErrorJson } from '../gateway/subrequests/lint.ts';
import { marshalJson } from '../go/json-encode.ts';
import { redactCredentials } from '../text/redact.ts';

/** The answer of `frontend.lint`, with the warnings that tsfront adds and with fixes. */
export interface LintResult {
  /** null if absent. */
  readonly warnings: readonly LintWarning[] | null;
  /** The Dockerfile; `data` is base64. */
  readonly sources: readonly { readonly filename?: string; readonly data?: string }[];
  /** The first error that fails the build. */
  readonly buildError?: LintError;
}

interface LintWarning {
  /** A lint rule, or a code of docs/errors.md. */
  readonly ruleName: string;
  readonly description?: string;
  /** A page about the rule. */
  readonly url?: string;
  readonly detail: string;
  /** `error` if the configuration of the check counts it as one; absent for a warning. */
  readonly level?: 'error';
  readonly location: LintLocation;
  /** Edits of the Dockerfile that solve it, if there is one solution. */
  readonly fix?: Omit<Fix, 'edits'> & {
    readonly edits: readonly { readonly range: CharacterRange; readonly text: string }[];
  };
}

/** An error that fails a build. */
export interface LintError {
  readonly message: string;
  readonly location: LintLocation;
}

interface LintLocation {
  /** A range for each line; absent for what has no place in the Dockerfile. */
  readonly ranges?: readonly { readonly start: { readonly line: number }; readonly end: { readonly line: number } }[];
}

/** A half-open range; lines count from 1, characters from 0. */
interface CharacterRange {
  readonly start: { readonly line: number; readonly character: number };
  readonly end: { readonly line: number; readonly character: number };
}

/**
 * Makes the answer of the lint subrequest.
 * @param findings what the rules and the advice found
 */
export function lintJson(
  source: SourceDescription,
  findings: readonly Diagnostic[],
  buildError: LintError | undefined,
): LintResult {
  const file = sourceFile(source);
  const places = placesJson();
  const warnings = findings.map((finding) =>
    warningJson(finding, file, (lines) => ({ ranges: places(lines) }) as LintLocation),
  );
  return {
    warnings: warnings.length > 0 ? warnings : null,
    sources: [JSON.parse(marshalJson(sourceInfoJson(source)))], // whose maps are objects then
    ...(buildError && { buildError }),
  };
}

function warningJson(
  { code, severity, message, hint, url, lines: [lines], range, file: other, fix }: Diagnostic,
  file: SourceFile,
  located: (lines: LineRange | undefined) => LintLocation,
): LintWarning {
  const { description } = findRule(code) ?? {};
  const place = other && `${other.filename}:${lines?.start}: `;
  return {
    ruleName: code,
    ...(description !== undefined && { description }),
    ...(url !== undefined && { url }),
    detail: `${place ?? ''}${message}${hint === undefined ? '' : `: ${hint}`}`,
    ...(severity === 'error' && { level: severity }),
    location: other ? {} : located(lines ?? (range && rangeLines(file, range))),
    ...(fix && {
      fix: { ...fix, edits: fix.edits.map(({ range, text }) => ({ range: characters(file, range), text })) },
    }),
  };
}

function characters(
  file: SourceFile,
  { start, end }: { readonly start: number; readonly end: number },
): CharacterRange {
  const point = (offset: number) => {
    const { line, column } = lineColumn(file, offset);
    return { line, character: column - 1 };
  };
  return { start: point(start), end: point(end) };
}

/** What fails the build, in the reference's words. */
export function lintError(failure: unknown): LintError {
  const { message, location } = buildErrorJson(failure);
  return { message: redactCredentials(message), location: location as LintLocation };
}

/** The place of lines. */
export function located(lines: LineRange | undefined): LintLocation {
  return lines ? { ranges: [{ start: { line: lines.start }, end: { line: lines.end } }] } : {};
}
