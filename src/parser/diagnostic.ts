import type { LineRange, SourceFile, SourceRange } from './source.ts';

export type Severity = 'error' | 'warning';

/**
 * One problem of a file. `message` is the reference frontend's own text where it has one (users search for it);
 * what tsfront adds goes into `hint`.
 */
export interface Diagnostic {
  /** A stable name: a lint rule (`StageNameCasing`) or an error code (`unterminated-heredoc`). */
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  /** What exactly is wrong, for code frames. */
  readonly range: SourceRange;
  /** What the reference reports as the location: each entry is one error location; undefined has no lines. */
  readonly locations: readonly (LineRange | undefined)[];
  readonly related?: readonly { readonly message: string; readonly range: SourceRange }[];
  /** What to do about it. */
  readonly hint?: string;
  readonly url?: string;
}

/** A problem that may be in another file than the one at hand, or have no place at all. */
export interface Problem extends Omit<Diagnostic, 'range'> {
  /** undefined where no line is to blame. */
  readonly range: SourceRange | undefined;
  /** The file, where it is another one. */
  readonly file?: SourceFile | undefined;
}

/** An error that knows its place in the Dockerfile. Locations are listed innermost first, as BuildKit nests them. */
export class LocatedError extends Error {
  override readonly name = 'LocatedError';
  locations: (LineRange | undefined)[];
  /** All problems found, when the error stands for more than one. */
  diagnostics: readonly Problem[];
  hint: string | undefined;
  /** Errors that came at the same time and are listed in the message. */
  others: readonly unknown[];

  constructor(
    message: string,
    locations: (LineRange | undefined)[],
    more: { cause?: unknown; hint?: string; diagnostics?: readonly Problem[]; others?: readonly unknown[] } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.locations = locations;
    this.diagnostics = more.diagnostics ?? [];
    this.hint = more.hint;
    this.others = more.others ?? [];
  }
}

/** Finds the {@link LocatedError} in an error's chain of causes. */
export function locatedError(error: unknown): LocatedError | undefined {
  for (let e: unknown = error; e instanceof Error; e = e.cause) if (e instanceof LocatedError) return e;
  return undefined;
}

/** Adds a location to an error, keeping the ones it has. */
export function withLocation(error: unknown, lines: LineRange | undefined): Error {
  const located = locatedError(error);
  if (located) {
    located.locations.push(lines);
    return error as Error;
  }
  return new LocatedError(error instanceof Error ? error.message : String(error), [lines], { cause: error });
}

/** Replaces whatever location an error has. */
export function setLocation(error: unknown, lines: LineRange | undefined): Error {
  const located = locatedError(error);
  if (!located) return withLocation(error, lines);
  located.locations = [lines];
  return error as Error;
}
