/** Errors that say more than their cause: the cause stays reachable, for its location or the daemon's own message. */
import type { SourceRange } from '../parser/source.ts';
import { suggest } from '../parser/suggest.ts';

/** A stage that is not there. BuildKit gets the message alone, as from the reference; the place and the hint are for people. */
export class StageError extends Error {
  override readonly name = 'StageError';
  readonly hint: string;
  readonly range: SourceRange | undefined;
  constructor(message: string, hint: string, range?: SourceRange) {
    super(message);
    this.hint = hint;
    this.range = range;
  }
}

/** Finds the {@link StageError} in an error's chain of causes. */
export function stageError(error: unknown): StageError | undefined {
  for (let e: unknown = error; e instanceof Error; e = e.cause) if (e instanceof StageError) return e;
  return undefined;
}

/** Puts what was being done in front of an error's message. */
export function wrapError(cause: unknown, prefix: string): Error {
  return new Error(`${prefix}: ${errorMessage(cause)}`, { cause });
}

/** Adds the closest of some names to an error about a name that is not known. */
export function suggestName(error: Error, name: string, names: Iterable<string>): Error {
  const match = suggest(name, names, true);
  return match === undefined ? error : new Error(`${error.message} (did you mean ${match}?)`, { cause: error });
}

/** Adds a suggestion for the first of several names that is close to a known one. */
export function suggestAny(error: Error, names: Iterable<string>, known: readonly string[]): Error {
  for (const name of names) {
    const better = suggestName(error, name, known);
    if (better !== error) return better;
  }
  return error;
}

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
