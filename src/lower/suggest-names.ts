/**
 * Adds the closest known name to errors about unknown names. The original stays as the cause, for its diagnostic or the
 * daemon's message.
 */
import type { Linter } from '../buildkit-rules/linter.ts';
import { NameError } from '../diagnostic/facts.ts';

/** Adds the closest of the known names to an error about an unknown name. */
export function suggestName(error: Error, name: string, names: () => readonly string[], linter: Linter): Error {
  const match = linter.suggest(name, names);
  const message = `${error.message} (did you mean ${match}?)`;
  return match === '' ? error : new NameError(message, { name, meant: match }, { cause: error });
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
