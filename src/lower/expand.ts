import { type Env, type ProcessedWord, type ShellLex, WordError } from '../parser/words.ts';

/** Expands a word and reports the variables in it that are not set, even if the expansion fails. */
export function expandReporting(
  lex: ShellLex,
  word: string,
  env: Env,
  report: (unmatched: ReadonlySet<string>) => void,
): ProcessedWord {
  let unmatched: ReadonlySet<string> | undefined;
  try {
    const processed = lex.processWord(word, env);
    unmatched = processed.unmatched;
    return processed;
  } catch (error) {
    if (error instanceof WordError) unmatched = error.unmatched;
    throw error;
  } finally {
    if (unmatched && unmatched.size > 0) report(unmatched);
  }
}

/** A hint for a word outside of the stages that fails without the value of a variable: ENV gives none there. */
export function missingArgHint(error: unknown): string | undefined {
  if (!(error instanceof WordError) || error.missingVariable === undefined) return undefined;
  return `Give ${error.missingVariable} a value with an ARG above, before the first FROM: the word fails without one.`;
}
