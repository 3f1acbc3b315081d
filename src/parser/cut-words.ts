/** Cuts arguments into words. Offsets are relative to the text. */
import type { EscapeToken } from './ast.ts';
import { isSpaceCode, isWordBlank } from './white-space.ts';
import { countWord, type WordBudget } from './word-limit.ts';

/** A part of a text. */
export interface Cut {
  /** Its text after unquoting, if it was unquoted. */
  readonly text: string;
  /** Offset of its first character. */
  readonly start: number;
  /** Offset after its last character. */
  readonly end: number;
}

/** Cuts words at blanks; the text has none around it. @throws TooManyWords */
export function cutPlainWords(text: string, budget: WordBudget): Cut[] {
  const cuts: Cut[] = [];
  for (let start = 0; start < text.length; ) {
    let end = start;
    while (end < text.length && !isWordBlank(text.charCodeAt(end))) end++;
    countWord(budget, 'words');
    cuts.push({ text: text.slice(start, end), start, end });
    start = end;
    while (start < text.length && isWordBlank(text.charCodeAt(start))) start++;
  }
  return cuts;
}

/**
 * Cuts words at Unicode spaces that are neither quoted nor escaped. Quotes and escapes stay in the words; an escape at
 * the very end is dropped, and bytes that are not UTF-8 become U+FFFD.
 *
 * @throws TooManyWords
 */
export function cutQuotedWords(text: string, escapeToken: EscapeToken, budget: WordBudget): Cut[] {
  const cuts: Cut[] = [];
  const escapeCode = escapeToken.charCodeAt(0);
  let start = -1;
  let quote = 0;
  let end = text.length;
  const add = (to: number) => {
    if (to > start) {
      countWord(budget, 'words');
      cuts.push({ text: text.slice(start, to).toWellFormed(), start, end: to });
    }
    start = -1;
  };
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (quote === 0 && isSpaceCode(code)) {
      if (start >= 0) add(at);
      continue;
    }
    if (start < 0) start = at;
    if (code === escapeCode && quote !== 0x27) {
      if (at + 1 === text.length) end = at;
      at++;
    } else if (quote === code) quote = 0;
    else if (quote === 0 && (code === 0x27 || code === 0x22)) quote = code;
  }
  if (start >= 0) add(end);
  return cuts;
}
