/** The one model of a problem: parser, lint rules and lowering make it, and renderers show it. */
import { findCause } from '../text/causes.ts';
import { errorMessage } from '../text/error-message.ts';
import { hideFields, ShortError } from '../text/short-error.ts';
import { type DiagnosticCode, type ErrorCode, type Phase, phases, type WarningCode } from './codes.ts';
import { type Facts, findFacts } from './facts.ts';
import { type LineRange, lineColumn, type SourceFile, type SourceRange } from './source-file.ts';

/** Whether a problem stops a build. */
export type Severity = 'error' | 'warning';

/** A replacement in a file. */
export interface Edit {
  /** What is replaced. An empty range inserts. */
  readonly range: SourceRange;
  /** What takes its place. */
  readonly text: string;
}

/** Edits of the Dockerfile that solve a problem. */
export interface Fix {
  /** What the edits do, as a command: `Write AS as in FROM`. */
  readonly title: string;
  /** In the order of the file, without overlaps. */
  readonly edits: readonly Edit[];
  /**
   * `safe`: the build does the same afterwards, or does what the author certainly meant. `unsafe`: the result may
   * change, so a person has to look at it.
   */
  readonly safety: 'safe' | 'unsafe';
  /** What the build does differently afterwards, as a clause. Absent if the ops and the image config stay the same. */
  readonly changes?: string | undefined;
}

/**
 * One problem. It never changes once it is made.
 *
 * `message` is the reference's own text if it has one (users search for it), without the prefix in which the reference
 * says where the problem is: {@link wireMessage} adds that. tsfront's own advice is in `hint`.
 */
export interface Diagnostic {
  /** The kind of problem. */
  readonly code: DiagnosticCode;
  /** The phase of the reference that finds it. */
  readonly phase: Phase;
  /** Errors stop a build, warnings do not. */
  readonly severity: Severity;
  /** The reference's own text if it has one. */
  readonly message: string;
  /** The exact place, for code frames; undefined if the problem has no place in the file. */
  readonly range: SourceRange | undefined;
  /** The file that the range is in; undefined for the Dockerfile. */
  readonly file?: SourceFile | undefined;
  /** The locations that the reference reports, innermost first. undefined is a location without lines. */
  readonly lines: readonly (LineRange | undefined)[];
  /** What it is about, as data: what the message says in words. */
  readonly facts?: Facts | undefined;
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** Edits of the Dockerfile that solve it; only if there is one solution. */
  readonly fix?: Fix | undefined;
  /** The address of a page about it. */
  readonly url?: string | undefined;
  /** Other places that explain it. */
  readonly related?: readonly { readonly message: string; readonly range: SourceRange }[] | undefined;
}

/** The details of an error that do not follow from its code. */
export interface ErrorDetails {
  /** The exact place; undefined if absent. */
  readonly range?: SourceRange | undefined;
  /** The file that the range is in; the Dockerfile if absent. */
  readonly file?: SourceFile | undefined;
  /** The locations for BuildKit, innermost first; none if absent. */
  readonly lines?: Diagnostic['lines'] | undefined;
  /** What it is about, as data. */
  readonly facts?: Facts | undefined;
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** The phase; by default that of the code. */
  readonly phase?: Phase | undefined;
}

/** Makes an error. */
export function errorDiagnostic(
  code: ErrorCode,
  message: string,
  { range, file, lines = [], facts, hint, phase = phases[code] }: ErrorDetails = {},
): Diagnostic {
  return {
    code,
    phase,
    severity: 'error',
    message,
    range,
    lines,
    ...(file && { file }),
    ...(facts && { facts }),
    ...(hint !== undefined && { hint }),
  };
}

/** Makes a warning: the finding of a lint rule, or advice that only people see. */
export function warningDiagnostic(
  code: WarningCode,
  message: string,
  details: Pick<Diagnostic, 'range' | 'lines' | 'file' | 'facts' | 'hint' | 'fix' | 'url' | 'related'>,
): Diagnostic {
  return { code, phase: 'check', severity: 'warning', message, ...details };
}

/** Whether one of the problems is an error: the file does not build. */
export function hasErrors(problems: readonly Pick<Diagnostic, 'severity'>[]): boolean {
  return problems.some(({ severity }) => severity === 'error');
}

/** The number of errors among the problems. */
export function countErrors(problems: readonly Pick<Diagnostic, 'severity'>[]): number {
  return problems.filter(({ severity }) => severity === 'error').length;
}

/** Sorts the problems of a Dockerfile by their place. Those without one, and those of other files, come first. */
export function compareStarts(a: Diagnostic, b: Diagnostic): number {
  return startOf(a) - startOf(b);
}

const startOf = ({ range, file }: Diagnostic) => (range && !file ? range.start : -1);

/** The message as the reference sends it to BuildKit: with the line number if the problem is in an instruction. */
export function wireMessage({
  phase,
  message,
  lines: [place],
}: Pick<Diagnostic, 'phase' | 'message' | 'lines'>): string {
  return phase === 'instructions' && place ? `dockerfile parse error on line ${place.start}: ${message}` : message;
}

/** Maximum number of errors that a message lists; it counts the others. */
const maxListed = 20;

/**
 * An error that stands for one or more diagnostics: the first is the one that the reference reports, and the message
 * has its text, with the others listed below.
 */
export class DiagnosticError extends ShortError {
  override readonly name = 'DiagnosticError';
  /** The code of the first diagnostic. */
  readonly code: DiagnosticCode;
  /** All problems; the first is the one that the reference reports. */
  readonly diagnostics: readonly [Diagnostic, ...Diagnostic[]];
  /** The errors that the further diagnostics come from, if they were thrown. */
  readonly others: readonly unknown[];

  /** @param more.source gives the lines of the further diagnostics */
  constructor(
    diagnostics: readonly [Diagnostic, ...Diagnostic[]],
    more: { readonly cause?: unknown; readonly source?: SourceFile; readonly others?: readonly unknown[] } = {},
  ) {
    const [first, ...others] = diagnostics;
    super(
      wireMessage(first) + listOthers(others, more.source),
      more.cause === undefined ? undefined : { cause: more.cause },
    );
    this.code = first.code;
    this.diagnostics = diagnostics;
    this.others = more.others ?? [];
    hideFields(this, 'diagnostics', 'others'); // whole files, and copies of the message
  }
}

function listOthers(others: readonly Diagnostic[], source: SourceFile | undefined): string {
  if (others.length === 0) return '';
  const listed = others.slice(0, maxListed).map(({ message, range, file, lines: [place] }) => {
    if (file && range) return `\n  ${file.filename}:${lineColumn(file, range.start).line}: ${message}`;
    const line = source && range ? lineColumn(source, range.start).line : place?.start;
    return `\n  ${line === undefined ? '' : `line ${line}: `}${message}`;
  });
  const unlisted = others.length - listed.length;
  const heading = others.length === 1 ? '1 more problem' : `${others.length} more problems`;
  return `\n${heading}:${listed.join('')}${unlisted > 0 ? `\n  and ${unlisted} more` : ''}`;
}

/** Makes an {@link errorDiagnostic} that can be thrown. */
export function diagnosticError(
  code: ErrorCode,
  message: string,
  { cause, ...details }: ErrorDetails & { readonly cause?: unknown } = {},
): DiagnosticError {
  return new DiagnosticError([errorDiagnostic(code, message, details)], { cause });
}

/** Finds the {@link DiagnosticError} in an error's chain of causes. */
export function findDiagnosticError(error: unknown): DiagnosticError | undefined {
  return findCause(error, DiagnosticError);
}

/**
 * The error as a diagnostic, with added details. Its message and the details it has already stay, and it becomes
 * the cause.
 *
 * @param code of an error that has none yet
 */
export function describeError(
  error: unknown,
  code: ErrorCode,
  { lines, ...details }: Omit<ErrorDetails, 'phase' | 'facts'> = {},
): DiagnosticError {
  const message = errorMessage(error);
  const known = findDiagnosticError(error);
  const first = known?.diagnostics[0] ?? errorDiagnostic(code, message);
  const facts = first.facts ?? findFacts(error);
  const isWrapped = known !== undefined && message !== known.message;
  const better: Diagnostic = {
    ...first,
    ...(isWrapped && {
      message: message.replace(known.message, () => wireMessage(first)),
      phase: first.phase === 'instructions' ? 'build' : first.phase,
    }),
    ...(first.range === undefined && details.range && { range: details.range, file: details.file }),
    ...(first.hint === undefined && details.hint !== undefined && { hint: details.hint }),
    ...(facts && { facts }),
    ...(lines && { lines }),
  };
  return new DiagnosticError([better, ...(known?.diagnostics.slice(1) ?? [])], {
    cause: error,
    ...(known && { others: known.others }),
  });
}

/** Adds an outer place to an error: BuildKit nests them. */
export function withLocation(error: unknown, lines: LineRange | undefined, code: ErrorCode = 'build'): DiagnosticError {
  return describeError(error, code, { lines: [...(findDiagnosticError(error)?.diagnostics[0].lines ?? []), lines] });
}

/** Replaces all places of an error by this one. */
export function setLocation(error: unknown, lines: LineRange | undefined, code: ErrorCode = 'build'): DiagnosticError {
  return describeError(error, code, { lines: [lines] });
}
