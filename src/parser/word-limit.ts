/** Limits the words of a Dockerfile: each takes a kilobyte until it is an op, in any instruction. */
import { formatInteger } from '../text/number.ts';

/** Maximum number of words, including keywords, and `=` and `,` between parts of a word. */
const maxWords = 1_000_000;
/** Maximum number of flags: each takes several kilobytes. */
const maxFlags = 100_000;

/** The numbers of words and flags that the rest of a file may have. */
export interface WordBudget {
  /** Number of words. */
  words: number;
  /** Number of flags. */
  flags: number;
}

/** The budget of a new file. */
export const newWordBudget = (): WordBudget => ({ words: maxWords, flags: maxFlags });

/** The error for a file with too many words or flags. */
export class TooManyWords extends Error {
  override readonly name = 'TooManyWords';
}

/** Counts a word or flag before it is processed. @throws TooManyWords */
export function countWord(budget: WordBudget, kind: keyof WordBudget): void {
  if (budget[kind]-- > 0) return;
  const most = kind === 'words' ? maxWords : maxFlags;
  throw new TooManyWords(`the Dockerfile has more than ${formatInteger(most)} ${kind}`);
}
