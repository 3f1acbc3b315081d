/** Writes `ENV key value`, the legacy form of ENV and LABEL, as `ENV key=value`. */
import type { EscapeToken } from '../parser/ast.ts';
import { cutQuotedWords } from '../parser/cut-words.ts';
import * as tokens from '../parser/tokens.ts';
import { newWordBudget } from '../parser/word-limit.ts';
import type { Word } from './instruction-words.ts';

/**
 * The pair of an instruction in the legacy form, whose value is the whole rest of the line. undefined for another form,
 * and if the value cannot be written as a pair that means the same whatever the variables are.
 *
 * @param words the words after the keyword
 */
export function legacyPairAsPair(words: readonly Word[], escapeToken: EscapeToken): string | undefined {
  const [key, value] = words;
  if (key?.type !== tokens.LegacyKey || !value || words.length > 2) return undefined;
  const { isPlain, comments } = value.gap;
  const isOnOneLine =
    value.indentation === undefined && isPlain && comments.length === 0 && key.indentation === undefined;
  if (!isOnOneLine || !key.gap.isPlain || key.gap.comments.length > 0 || !/^[\w.:/-]+$/.test(key.text))
    return undefined;
  if (isOneWord(value.text, escapeToken)) return `${key.text}=${value.text}`;
  return isPlainText(value.text, escapeToken) ? `${key.text}="${value.text}"` : undefined;
}

/** A value without double quotes that change nothing. */
export function withoutQuotes(value: string, escapeToken: EscapeToken): string {
  const inner = /^"(.*)"$/s.exec(value)?.[1];
  return inner !== undefined && isPlainText(inner, escapeToken) ? inner : value;
}

/** Whether a text is one word as the value of a pair, with the same quotes and escapes. */
function isOneWord(text: string, escapeToken: EscapeToken): boolean {
  const [word, ...more] = cutQuotedWords(text, escapeToken, newWordBudget());
  return more.length === 0 && word?.text === text;
}

/** Whether a text means the same in double quotes. A substitution with an operator might contain quotes. */
function isPlainText(text: string, escapeToken: EscapeToken): boolean {
  return !/["'\\`\ud800-\udfff]/u.test(text) && !text.includes(escapeToken) && !/\$(?!\w|\{\w+\})/.test(text);
}
