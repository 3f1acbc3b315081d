/**
 * Formats an instruction. What stands between two words is free: the words are the same with any number of blanks, and
 * with any continuation. Inside a word nothing is, and the text of a command in shell form is one word.
 */
import type { TokenType } from 'chevrotain';
import type { EscapeToken } from '../parser/ast.ts';
import { lookUpKeyword } from '../parser/keywords.ts';
import type { Form } from '../parser/tokens.ts';
import * as tokens from '../parser/tokens.ts';
import { cutWords, type FileStyle, type Gap, type Word } from './instruction-words.ts';
import { legacyPairAsPair } from './legacy-pair.ts';
import type { InstructionPart } from './parts.ts';

/** The blanks before a continued line. */
const indentation = '    ';

/** The text of an instruction without its here-documents; it need not end with a line break. */
export function formatInstruction(part: InstructionPart, style: FileStyle): string {
  const { words, end } = cutWords(part.tokens, style);
  const name = part.head.name.toUpperCase();
  const form = lookUpKeyword(name).form;
  if (form === 'onbuild') return name + formatTrigger(words.slice(1)) + end.source;
  const last = formatEnd(end, words, style.escapeToken);
  const pair = form === 'pairs' ? legacyPairAsPair(words.slice(1), style.escapeToken) : undefined;
  if (pair !== undefined) return `${name} ${pair}${last}`;
  const layout = layoutOf(words, form, style);
  let text = name;
  for (let at = 1; at < words.length; at++) text += formatGap(words, at, layout) + spelling(words[at]!);
  return text + last;
}

/** What follows ONBUILD. It is kept in the image as it is, with the blanks at its end. */
function formatTrigger([first, ...rest]: readonly Word[]): string {
  if (!first) return '';
  const { gap } = first;
  const blank = gap.isPlain && !gap.hasBreak ? ' ' : gap.source;
  return blank + first.text + rest.map((word) => word.gap.source + word.text).join('');
}

/**
 * The end of an instruction: nothing, unless there is more than blanks, or a word that would continue the line without
 * it.
 */
function formatEnd(end: Gap, words: readonly Word[], escapeToken: EscapeToken): string {
  const isNeeded = end.hasBreak && words.at(-1)!.text.endsWith(escapeToken);
  return end.isPlain && end.comments.length === 0 && !isNeeded ? '' : end.source;
}

/** How the words of one instruction are laid out. */
interface Layout extends FileStyle {
  /** The blanks before continued lines. */
  readonly indentation: string;
  /** Whether each pair of ENV, LABEL or ARG has a line. */
  readonly isOnePerLine: boolean;
}

function layoutOf(words: readonly Word[], form: Form, style: FileStyle): Layout {
  const command = words.find(({ type }) => type === tokens.Text);
  const isOneLine = command?.indentation === undefined || !command.gap.isPlain;
  return {
    ...style,
    // The other lines of a command cannot move, so that the first one and the flags above it follow the author.
    indentation: isOneLine ? indentation : (command.gap.indentation ?? (command.indentation || indentation)),
    isOnePerLine:
      (form === 'pairs' || form === 'names') && words.some((word) => isPairStart(word) && word.gap.hasBreak),
  };
}

const isPairStart = ({ type }: Word) => type === tokens.Key || type === tokens.Argument;

/** What stands before the word at a place. */
function formatGap(words: readonly Word[], at: number, layout: Layout): string {
  const word = words[at]!;
  const { type, gap, text } = word;
  const isInArray = inArray.has(type);
  const isInWord = !gap.hasBlank && !isInArray;
  // After an escape, the first of several blanks belongs to the word.
  if (!gap.isPlain || isInWord || words[at - 1]!.text.endsWith(layout.escapeToken)) return gap.source;
  // A line that begins with # is a comment.
  const isNewLine = layout.isOnePerLine && at > 1 && isPairStart(word) && !text.startsWith('#');
  if (!gap.hasBreak && !isNewLine) return isInArray && words[at - 1]!.type !== tokens.Comma ? '' : ' ';
  const { escapeToken, lineBreak, indentation } = layout;
  const comments = gap.comments.map((comment) => indentation + comment + lineBreak).join('');
  return ` ${escapeToken}${lineBreak}${comments}${type === tokens.RightBracket ? '' : indentation}`;
}

/** The tokens after the `[` of an array. */
const inArray: ReadonlySet<TokenType> = new Set([
  tokens.Comma,
  tokens.JsonString,
  tokens.JsonOther,
  tokens.RightBracket,
]);

/** A word in its usual spelling. */
function spelling({ type, text }: Word): string {
  if (type === tokens.As) return 'AS';
  return type === tokens.CheckType && /^(?:cmd|none)$/i.test(text) ? text.toUpperCase() : text;
}
