/** Errors that say more than their cause: the cause stays reachable, for its location or the daemon's own message. */
import type { Linter } from '../check/linter.ts';
import { LocatedError, locatedError, type Problem } from '../parser/diagnostic.ts';
import type { LineRange, SourceFile, SourceRange } from '../parser/source.ts';

/** What BuildKit is not told of an error, since the reference has no place for it: it is for people. */
export interface Explanation {
  readonly range?: SourceRange | undefined;
  /** The file of the range, where it is not the Dockerfile. */
  readonly file?: SourceFile | undefined;
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** An error with an {@link Explanation}. BuildKit gets the message alone. */
export class ExplainedError extends Error {
  override readonly name = 'ExplainedError';
  readonly range: SourceRange | undefined;
  readonly file: SourceFile | undefined;
  readonly hint: string | undefined;
  constructor(message: string, { range, file, hint, cause }: Explanation) {
    super(message, cause === undefined ? undefined : { cause });
    this.range = range;
    this.file = file;
    this.hint = hint;
  }
}

/** Finds the {@link ExplainedError} in an error's chain of causes. */
export function explainedError(error: unknown): ExplainedError | undefined {
  for (let e: unknown = error; e instanceof Error; e = e.cause) if (e instanceof ExplainedError) return e;
  return undefined;
}

/** Puts what was being done in front of an error's message. */
export function wrapError(cause: unknown, prefix: string): Error {
  return new Error(`${prefix}: ${errorMessage(cause)}`, { cause });
}

/**
 * An error that also stands for others which were found at the same time: they are listed below its message.
 *
 * @param error has locations
 */
export function withFurtherErrors(
  error: Error,
  others: readonly (Pick<Problem, 'range'> & { readonly error: unknown; readonly lines: LineRange | undefined })[],
): Error {
  const locations = locatedError(error)?.locations ?? [];
  const problem = { code: 'build', severity: 'error' } as const;
  const heading = others.length === 1 ? '1 more problem' : `${others.length} more problems`;
  const messages = others.map(({ error, lines }) => `${lines ? `line ${lines.start}: ` : ''}${errorMessage(error)}`);
  const listed = messages.slice(0, MAX_LISTED).map((message) => `\n  ${message}`);
  const rest = others.length > MAX_LISTED ? `\n  and ${others.length - MAX_LISTED} more` : '';
  return new LocatedError(`${error.message}\n${heading}:${listed.join('')}${rest}`, locations, {
    cause: error,
    others: others.map((other) => other.error),
    diagnostics: [
      { ...problem, message: error.message, range: explainedError(error)?.range, locations },
      ...others.map((other) => ({
        ...problem,
        message: errorMessage(other.error),
        range: other.range,
        locations: [other.lines],
      })),
    ],
  });
}

const MAX_LISTED = 20;

/** Adds the closest of some names to an error about a name that is not known. */
export function suggestName(error: Error, name: string, names: () => readonly string[], linter: Linter): Error {
  const match = linter.suggest(name, names);
  return match === '' ? error : new Error(`${error.message} (did you mean ${match}?)`, { cause: error });
}

/** Adds a suggestion for the first of several names that is close to a known one. */
export function suggestAny(
  error: Error,
  names: Iterable<string>,
  known: () => readonly string[],
  linter: Linter,
): Error {
  for (const name of names) {
    const better = suggestName(error, name, known, linter);
    if (better !== error) return better;
  }
  return error;
}

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
