/** The message of a problem for people: the reference's text without a guess that the hint corrects. */
import type { Diagnostic } from './diagnostic.ts';

const guess = / \(did you mean [^()\s]+\?\)$/;

/** Whether a hint says by itself what is meant, by the code of the problem. */
const corrections: Readonly<Partial<Record<Diagnostic['code'], RegExp>>> = {
  UndefinedVar: /^\S+ is empty here: (?!did you mean )/,
  'unknown-flag': /^Write --[\w-]+\./,
  'unknown-instruction': /^Write \w+\.$|^Line \d+ may lack a |^\S+ looks like a command of a shell: /,
};

/**
 * Removes the reference's guess from the end of a text if the hint of the problem has a better one, so that people see
 * one. BuildKit still gets both.
 *
 * @param text the message, or the message with a prefix
 */
export function withOneGuess(text: string, { code, hint }: Pick<Diagnostic, 'code' | 'hint'>): string {
  return hint !== undefined && corrections[code]?.test(hint) ? text.replace(guess, '') : text;
}
