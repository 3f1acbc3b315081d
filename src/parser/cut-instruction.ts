/** Cuts an instruction's logical line into tokens. The keyword decides how the arguments are cut. */
import type { TokenType } from 'chevrotain';
import { equalFold } from '../go/unicode.ts';
import type { EscapeToken } from './ast.ts';
import { type Cut, cutPlainWords, cutQuotedWords } from './cut-words.ts';
import { cutFirstWord, cutFlags } from './flags.ts';
import { parseJsonArray } from './json-array.ts';
import { canHaveHeredocs, type KeywordLookup, lookUpKeyword } from './keywords.ts';
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
 * @param budget how many words this and all further instructions may have
 * @param lookUp finds the instruction of the first keyword
 * @throws TooManyWords
 */
export function cutInstruction(
  line: string,
  escapeToken: EscapeToken,
  budget: WordBudget,
  lookUp: KeywordLookup = lookUpKeyword,
): CutInstruction {
  const cuts: TokenCut[] = [];
  let heredocs = false;
  let span = trimmedSpan({ text: line, at: 0 });
  for (let depth = 0; ; depth++) {
    const { name, form, rest } = cutHead(span, escapeToken, cuts, budget, depth === 0 ? lookUp : lookUpKeyword);
    if (form === 'onbuild' && rest.text !== '' && depth < maxNesting) {
      span = rest;
      continue;
    }
    const isJson = cutArguments(form, rest, escapeToken, cuts, budget);
    // Only the instruction directly after an ONBUILD counts.
    if (depth <= 1) heredocs = canHaveHeredocs(name) && !isJson;
    break;
  }
  return { cuts, canHaveHeredocs: heredocs };
}

/** Cuts off the keyword and the flags. */
function cutHead(
  { text, at }: Span,
  escapeToken: EscapeToken,
  cuts: TokenCut[],
  budget: WordBudget,
  lookUp: KeywordLookup,
) {
  let end = 0;
  while (end < text.length && !isWordBlank(text.charCodeAt(end))) end++;
  const keyword = text.slice(0, end);
  const { name, form } = lookUp(keyword, text.slice(end));
  countWord(budget, 'words');
  cuts.push({ type: tokens.keywordKinds[form], text: keyword, start: at, end: at + end, name });
  while (end < text.length && isWordBlank(text.charCodeAt(end))) end++;
  const { flags, rest } = cutFlags({ text: text.slice(end), at: at + end }, escapeToken, budget);
  for (const flag of flags) cuts.push({ type: tokens.FlagWord, ...flag });
  return { name, form, rest: trimmedSpan(rest) };
}

/** Cuts the arguments after the flags; true if they are in JSON form. */
function cutArguments(
  form: tokens.Form,
  rest: Span,
  escapeToken: EscapeToken,
  cuts: TokenCut[],
  budget: WordBudget,
): boolean {
  const { text, at } = rest;
  if (text === '') return false;
  switch (form) {
    case 'from':
      for (const [index, word] of cutPlainWords(text, budget).entries())
        add(cuts, index === 1 && equalFold(word.text, 'as') ? tokens.As : tokens.Argument, word, at);
      return false;
    case 'list':
      if (cutJson(rest, cuts, budget)) return true;
      for (const word of cutPlainWords(text, budget)) add(cuts, tokens.Argument, word, at);
      return false;
    case 'words':
      for (const word of cutPlainWords(text, budget)) add(cuts, tokens.Argument, word, at);
      return false;
    case 'command':
      if (cutJson(rest, cuts, budget)) return true;
      cuts.push({ type: tokens.Text, text, start: at, end: at + text.length });
      return false;
    case 'text':
    case 'unknown':
    case 'onbuild':
      cuts.push({ type: tokens.Text, text, start: at, end: at + text.length });
      return false;
    case 'healthcheck':
      return cutHealthcheck(rest, cuts, budget);
    case 'names':
      for (const word of cutQuotedWords(text, escapeToken, budget)) cutKeyValue(word, cuts, at, budget);
      return false;
    case 'pairs':
      cutPairs(rest, escapeToken, cuts, budget);
      return false;
  }
}

/** Adds a token whose offsets are relative to `at`. */
function add(cuts: TokenCut[], type: TokenType, { text, start, end }: Cut, at: number): void {
  cuts.push({ type, text, start: at + start, end: at + end });
}

function cutHealthcheck(rest: Span, cuts: TokenCut[], budget: WordBudget): boolean {
  const { word, rest: command } = cutFirstWord(rest);
  if (word.text === '') return false;
  cuts.push({
    type: tokens.CheckType,
    text: word.text,
    start: word.at,
    end: Math.min(word.at + word.text.length, command.at),
  });
  if (command.text === '' || cutJson(command, cuts, budget)) return command.text !== '';
  cuts.push({ type: tokens.Text, text: command.text, start: command.at, end: command.at + command.text.length });
  return false;
}

/** Cuts a JSON array into its parts; false if it is not one. */
function cutJson(rest: Span, cuts: TokenCut[], budget: WordBudget): boolean {
  const skipped = skipSpace(rest.text, 0, rest.text.length);
  const text = rest.text.slice(skipped);
  const at = rest.at + skipped;
  const array = parseJsonArray(text, budget);
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

/** Cuts `key=value` pairs, or the legacy form: a key, and all the rest as its value. */
function cutPairs({ text, at }: Span, escapeToken: EscapeToken, cuts: TokenCut[], budget: WordBudget): void {
  const words = cutQuotedWords(text, escapeToken, budget);
  if (words.length === 0) return;
  if (words[0]!.text.includes('=')) {
    for (const word of words) cutKeyValue(word, cuts, at, budget);
    return;
  }
  let keyEnd = 0;
  while (keyEnd < text.length && !isWordBlank(text.charCodeAt(keyEnd))) keyEnd++;
  let start = keyEnd;
  while (start < text.length && isWordBlank(text.charCodeAt(start))) start++;
  add(cuts, tokens.LegacyKey, { text: text.slice(0, keyEnd), start: 0, end: keyEnd }, at);
  if (keyEnd < text.length) add(cuts, tokens.Value, { text: text.slice(start), start, end: text.length }, at);
}

/** Cuts `key=value` at the first equals sign, if there is one. */
function cutKeyValue(word: Cut, cuts: TokenCut[], at: number, budget: WordBudget): void {
  const { text } = word;
  const start = at + word.start;
  const end = at + word.end;
  const equals = text.indexOf('=');
  if (equals < 0) {
    cuts.push({ type: tokens.Argument, text, start, end });
    return;
  }
  const value = start + equals + 1;
  countWord(budget, 'words');
  countWord(budget, 'words');
  if (equals > 0) cuts.push({ type: tokens.Key, text: text.slice(0, equals), start, end: value - 1 });
  cuts.push({ type: tokens.Equals, text: '=', start: value - 1, end: value });
  if (equals + 1 < text.length) cuts.push({ type: tokens.Value, text: text.slice(equals + 1), start: value, end });
}
