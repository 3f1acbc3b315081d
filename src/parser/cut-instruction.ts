/** Cuts an instruction's logical line into tokens. The keyword decides how the arguments are cut. */
import type { TokenType } from 'chevrotain';
import { equalFold } from '../go/unicode.ts';
import type { EscapeToken } from './ast.ts';
import { type Cut, cutPlainWords, cutQuotedWords } from './cut-words.ts';
import { cutFirstWord, cutFlags } from './flags.ts';
import { parseJsonArray } from './json-array.ts';
import { canHaveHeredocs, lookUpKeyword } from './keywords.ts';
import { type Span, trimmedSpan } from './logical-line.ts';
import * as tokens from './tokens.ts';
import { isWordBlank, skipSpace } from './white-space.ts';
import { countWord, type WordBudget } from './word-limit.ts';

/** A future token, with its text in the form that the instruction gets. Offsets are in the logical line. */
interface TokenCut extends Cut {
  readonly type: TokenType;
  /** For keywords: the instruction's name; '' if it is unknown. Absent for other tokens. */
  readonly name?: string;
}

/** An instruction cut into tokens. */
export interface CutInstruction {
  /** The tokens in order, without blanks. */
  readonly cuts: readonly TokenCut[];
  /** Whether here-documents may follow. */
  readonly canHaveHeredocs: boolean;
}

/** Maximum number of ONBUILDs in a row that are cut; even the second is an error. */
const maxNesting = 100;

/**
 * Cuts a logical line, from the keyword to the last argument.
 *
 * @param left how many words this and all further instructions may have
 * @throws TooManyWords
 */
export function cutInstruction(line: string, escapeToken: EscapeToken, left: WordBudget): CutInstruction {
  const cuts: TokenCut[] = [];
  let heredocs = false;
  let span = trimmedSpan({ text: line, at: 0 });
  for (let depth = 0; ; depth++) {
    const { name, form, rest } = cutHead(span, escapeToken, cuts, left);
    if (form === 'onbuild' && rest.text !== '' && depth < maxNesting) {
      span = rest;
      continue;
    }
    const isJson = cutArguments(form, rest, escapeToken, cuts, left);
    // Only the instruction directly after an ONBUILD counts.
    if (depth <= 1) heredocs = canHaveHeredocs(name) && !isJson;
    break;
  }
  return { cuts, canHaveHeredocs: heredocs };
}

/** Cuts off the keyword and the flags. */
function cutHead({ text, at }: Span, escapeToken: EscapeToken, cuts: TokenCut[], left: WordBudget) {
  let end = 0;
  while (end < text.length && !isWordBlank(text.charCodeAt(end))) end++;
  const keyword = text.slice(0, end);
  const { name, form } = lookUpKeyword(keyword);
  countWord(left, 'words');
  cuts.push({ type: tokens.keywordKinds[form], text: keyword, start: at, end: at + end, name });
  while (end < text.length && isWordBlank(text.charCodeAt(end))) end++;
  const { flags, rest } = cutFlags({ text: text.slice(end), at: at + end }, escapeToken, left);
  for (const flag of flags) cuts.push({ type: tokens.FlagWord, ...flag });
  return { name, form, rest: trimmedSpan(rest) };
}

/** Cuts the arguments after the flags; true if they are in JSON form. */
function cutArguments(
  form: tokens.Form,
  rest: Span,
  escapeToken: EscapeToken,
  cuts: TokenCut[],
  left: WordBudget,
): boolean {
  const add = (type: TokenType, { text, start, end }: Cut) =>
    cuts.push({ type, text, start: rest.at + start, end: rest.at + end });
  const addAll = (type: TokenType, words: readonly Cut[]) => {
    for (const word of words) add(type, word);
    return false;
  };
  if (rest.text === '') return false;
  switch (form) {
    case 'from':
      for (const [index, word] of cutPlainWords(rest.text, left).entries())
        add(index === 1 && equalFold(word.text, 'as') ? tokens.As : tokens.Argument, word);
      return false;
    case 'words':
      return addAll(tokens.Argument, cutPlainWords(rest.text, left));
    case 'list':
      return cutJson(rest, cuts, left) || addAll(tokens.Argument, cutPlainWords(rest.text, left));
    case 'command':
      return cutJson(rest, cuts, left) || addAll(tokens.Text, [wholeText(rest)]);
    case 'text':
    case 'unknown':
    case 'onbuild':
      return addAll(tokens.Text, [wholeText(rest)]);
    case 'healthcheck':
      return cutHealthcheck(rest, cuts, left);
    case 'names':
      for (const word of cutQuotedWords(rest.text, escapeToken, left)) cutKeyValue(word, add, left);
      return false;
    case 'pairs':
      return cutPairs(rest, escapeToken, add, left);
  }
}

function wholeText({ text }: Span): Cut {
  return { text, start: 0, end: text.length };
}

function cutHealthcheck(rest: Span, cuts: TokenCut[], left: WordBudget): boolean {
  const { word, rest: command } = cutFirstWord(rest);
  if (word.text === '') return false;
  cuts.push({
    type: tokens.CheckType,
    text: word.text,
    start: word.at,
    end: Math.min(word.at + word.text.length, command.at),
  });
  if (command.text === '' || cutJson(command, cuts, left)) return command.text !== '';
  cuts.push({ type: tokens.Text, text: command.text, start: command.at, end: command.at + command.text.length });
  return false;
}

/** Cuts a JSON array into its parts; false if it is not one. */
function cutJson(rest: Span, cuts: TokenCut[], left: WordBudget): boolean {
  const skipped = skipSpace(rest.text, 0, rest.text.length);
  const text = rest.text.slice(skipped);
  const at = rest.at + skipped;
  const array = parseJsonArray(text, left);
  if (!array) return false;
  const add = (type: TokenType, start: number, end: number, value = text.slice(start, end)) =>
    cuts.push({ type, text: value, start: at + start, end: at + end });
  add(tokens.LeftBracket, 0, 1);
  for (const [index, element] of array.elements.entries()) {
    if (index > 0) add(tokens.Comma, array.commas[index - 1]!, array.commas[index - 1]! + 1);
    if (element.text === undefined) add(tokens.JsonOther, element.start, element.end);
    else add(tokens.JsonString, element.start, element.end, element.text);
  }
  add(tokens.RightBracket, text.length - 1, text.length);
  return true;
}

type AddCut = (type: TokenType, cut: Cut) => void;

/** Cuts `key=value` pairs, or the legacy form: a key, and all the rest as its value. */
function cutPairs(rest: Span, escapeToken: EscapeToken, add: AddCut, left: WordBudget): false {
  const words = cutQuotedWords(rest.text, escapeToken, left);
  if (words.length === 0) return false;
  if (words[0]!.text.includes('=')) {
    for (const word of words) cutKeyValue(word, add, left);
    return false;
  }
  let keyEnd = 0;
  while (keyEnd < rest.text.length && !isWordBlank(rest.text.charCodeAt(keyEnd))) keyEnd++;
  let start = keyEnd;
  while (start < rest.text.length && isWordBlank(rest.text.charCodeAt(start))) start++;
  add(tokens.LegacyKey, { text: rest.text.slice(0, keyEnd), start: 0, end: keyEnd });
  if (keyEnd < rest.text.length) add(tokens.Value, { text: rest.text.slice(start), start, end: rest.text.length });
  return false;
}

/** Cuts `key=value` at the first equals sign, if there is one. */
function cutKeyValue({ text, start, end }: Cut, add: AddCut, left: WordBudget): void {
  const equals = text.indexOf('=');
  if (equals < 0) {
    add(tokens.Argument, { text, start, end });
    return;
  }
  countWord(left, 'words');
  countWord(left, 'words');
  if (equals > 0) add(tokens.Key, { text: text.slice(0, equals), start, end: start + equals });
  add(tokens.Equals, { text: '=', start: start + equals, end: start + equals + 1 });
  if (equals + 1 < text.length) add(tokens.Value, { text: text.slice(equals + 1), start: start + equals + 1, end });
}
