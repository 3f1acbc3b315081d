/** The error about a name that is not one of those known. */
import { NameError } from '../diagnostic/facts.ts';
import { suggest } from '../text/suggest.ts';

/** Makes the error: the message with the closest of the known names, which are compared with their casing. */
export function unknownName(message: string, name: string, known: readonly string[]): NameError {
  const meant = suggest(name, known, true);
  return new NameError(meant === undefined ? message : `${message} (did you mean ${meant}?)`, { name, meant });
}
