/**
 * Expands shell words: the quotes, escapes and `$variables` of instruction arguments.
 *
 * One pass over the text; a word without special characters is returned unchanged. Characters are code points, and
 * bytes that are not UTF-8 become U+FFFD as soon as a word is processed.
 */
import { quote } from '../go/quote.ts';
import { goClass } from '../go/unicode.ts';
import { checkArgument, fields, text } from '../text/arguments.ts';
import { errorMessage } from '../text/error-message.ts';
import { hideFields, ShortError } from '../text/short-error.ts';
import type { EscapeToken } from './ast.ts';
import {
  compileShellPattern,
  type PatternBudget,
  replaceAll,
  replaceFirst,
  type ShellPattern,
  trimPrefix,
} from './shell-pattern.ts';
import { isSpaceCode } from './white-space.ts';

/** The variables of an expansion. */
export interface Env {
  /** The value; undefined if the variable is not set. */
  get(name: string): string | undefined;
  /** The names of all variables. */
  keys(): readonly string[];
}

/** An environment without variables. */
export const emptyEnv: Env = { get: () => undefined, keys: () => [] };

/** How words are expanded. All options are false if absent. */
export interface ShellLexOptions {
  /** The escape character. */
  readonly escape: EscapeToken;
  /** Keep quotes in the result. */
  readonly rawQuotes?: boolean;
  /** Keep escape characters in the result. */
  readonly rawEscapes?: boolean;
  /** Quotes are characters like any other. */
  readonly skipProcessQuotes?: boolean;
  /** Leave variables that are not set as written. */
  readonly skipUnsetEnv?: boolean;
}

/** An expanded word, and the variables in it. */
export interface ProcessedWord {
  /** The word, expanded. */
  readonly result: string;
  /** Variables that were used and set. */
  readonly matched: ReadonlySet<string>;
  /** Variables that were used and not set. */
  readonly unmatched: ReadonlySet<string>;
}

/** A word that cannot be expanded. */
export class WordError extends ShortError {
  override readonly name = 'WordError';
  /** Variables that were used and not set before the expansion failed. */
  readonly unmatched: ReadonlySet<string>;
  /** Whether the word cannot be read, whatever the values of its variables are. */
  readonly isSyntax: boolean;

  constructor(word: string, unmatched: ReadonlySet<string>, cause: unknown) {
    super(`failed to process ${quote(word)}: ${errorMessage(cause)}`, { cause });
    this.unmatched = unmatched;
    this.isSyntax = cause instanceof SyntaxError;
    hideFields(this, 'unmatched', 'isSyntax');
  }
}

/** Expands words. */
export interface ShellLex {
  /**
   * Expands a word to one string, including blanks.
   * @throws WordError for unbalanced quotes and bad substitutions
   */
  processWord(word: string, env: Env): ProcessedWord;
  /**
   * Expands a text and splits it at blanks that are not quoted, including blanks in values of variables.
   * @throws WordError as {@link processWord} does
   */
  processWords(text: string, env: Env): string[];
}

/**
 * Maximum length of an expanded word, unless it is longer as written: more does not fit into a message
 * of BuildKit. Variables that double each other (`ARG b=$a$a`, `ARG c=$b$b`, …) would take all memory otherwise.
 */
const maxExpanded = 16 << 20;

/** The total work that a lexer may do: more than any file that can be built needs, and little enough to end. */
interface Budget {
  /** Number of characters that expansion may add. */
  characters: number;
  /** The budget of all patterns. */
  readonly patterns: PatternBudget;
}

/** Makes a lexer for shell words. Between calls it only remembers how much it has done, which is limited. */
export function createShellLex(options: ShellLexOptions): ShellLex {
  checkArgument('createShellLex', 'options', options, fields({ escape: text }));
  const budget: Budget = { characters: 256 << 20, patterns: { comparisons: 500_000_000 } };
  const special = options.skipProcessQuotes ? specialUnquoted : specialQuoted;
  return {
    processWord(word, env) {
      if (!special.test(word)) return { result: word, matched: noNames, unmatched: noNames };
      const state = createState(word, env, options, budget);
      try {
        const result = readUntil(state, endOfText, state.rawEscapes);
        spend(budget, result.length - word.length);
        return { result, matched: state.matched ?? noNames, unmatched: state.unmatched ?? noNames };
      } catch (error) {
        throw new WordError(word, state.unmatched ?? noNames, error);
      }
    },
    processWords(text, env) {
      const state = createState(text, env, options, budget);
      try {
        return splitIntoWords(state);
      } catch (error) {
        throw new WordError(text, state.unmatched ?? noNames, error);
      }
    },
  };
}

function spend(budget: Budget, growth: number): void {
  if (growth <= 0) return;
  budget.characters -= growth;
  if (budget.characters < 0) throw new Error('the variables of the file expand to more than 256 MiB of text');
}

/** @throws Error if an expanded word is too long */
function checkLength(s: WordState, length: number): void {
  if (length > maxExpanded && length > s.text.length)
    throw new Error('the word is longer than 16 MiB once its variables are expanded');
}

const specialQuoted = /[$'"\\`\ud800-\udfff\ufeff]/;
const specialUnquoted = /[$\\`\ud800-\udfff\ufeff]/;
const noNames: ReadonlySet<string> = new Set();

/** Maximum nesting of substitutions: deeper than anyone writes, and shallow enough for the call stack. */
const maxDepth = 1000;

const endOfText = -1;
const dollar = 0x24;
const doubleQuote = 0x22;
const singleQuote = 0x27;
const slash = 0x2f;
const lessThan = 0x3c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const replacementCharacter = '\ufffd';

interface WordState {
  readonly text: string;
  readonly env: Env;
  readonly escape: number;
  readonly rawQuotes: boolean;
  readonly quotes: boolean;
  readonly skipUnsetEnv: boolean;
  /** undefined until there is one; most texts have no variables. */
  matched: Set<string> | undefined;
  unmatched: Set<string> | undefined;
  readonly budget: Budget;
  rawEscapes: boolean;
  at: number;
  depth: number;
  /**
   * The word that {@link splitIntoWords} is collecting. A substitution with an operator discards it, as the reference
   * does.
   */
  word: string;
}

function createState(text: string, env: Env, options: ShellLexOptions, budget: Budget): WordState {
  return {
    text: text.toWellFormed(),
    env,
    escape: options.escape.charCodeAt(0),
    rawQuotes: options.rawQuotes ?? false,
    quotes: !options.skipProcessQuotes,
    skipUnsetEnv: options.skipUnsetEnv ?? false,
    matched: undefined,
    unmatched: undefined,
    budget,
    rawEscapes: options.rawEscapes ?? false,
    at: text.charCodeAt(0) === 0xfeff ? 1 : 0,
    depth: 0,
    word: '',
  };
}

function isAtEnd(s: WordState): boolean {
  return s.at >= s.text.length;
}

/** Takes one character; '' at the end. */
function take(s: WordState): string {
  const point = s.text.codePointAt(s.at);
  if (point === undefined) return '';
  const character = String.fromCodePoint(point);
  s.at += character.length;
  return character;
}

/** Expands up to the character `stop` (and past it) or the end of the text. */
function readUntil(s: WordState, stop: number, rawEscapes: boolean): string {
  if (++s.depth > maxDepth) throw new Error('substitutions are nested too deeply');
  const outerRawEscapes = s.rawEscapes;
  s.rawEscapes = rawEscapes;
  let result = '';
  for (;;) {
    const start = s.at;
    let code = -1;
    for (; s.at < s.text.length; s.at++) {
      code = s.text.charCodeAt(s.at);
      if (code === stop || code === dollar || code === s.escape || (s.quotes && isQuote(code))) break;
    }
    if (s.at > start) result += s.text.slice(start, s.at);
    if (isAtEnd(s)) {
      if (stop === endOfText) break;
      throw new SyntaxError(`unexpected end of statement while looking for matching ${String.fromCharCode(stop)}`);
    }
    if (code === stop) {
      s.at++;
      break;
    }
    result += code === s.escape ? readEscape(s) : readSpecial(s, code);
    checkLength(s, result.length);
  }
  s.word = '';
  s.rawEscapes = outerRawEscapes;
  s.depth--;
  return result;
}

function isQuote(code: number): boolean {
  return code === singleQuote || code === doubleQuote;
}

function readSpecial(s: WordState, code: number): string {
  if (code === dollar) return readVariable(s);
  return code === singleQuote ? readSingleQuotes(s) : readDoubleQuotes(s);
}

/** An escape and the character behind it, which stays. At the end of the text an escape is dropped. */
function readEscape(s: WordState): string {
  const escapeCharacter = take(s);
  return (s.rawEscapes ? escapeCharacter : '') + take(s);
}

/** Expands the whole text and splits it into words. */
function splitIntoWords(s: WordState): string[] {
  const words: string[] = [];
  const addCharacter = (character: string) => {
    if (!isSpaceCode(character.codePointAt(0)!)) s.word += character;
    else if (s.word !== '') {
      words.push(s.word);
      s.word = '';
    }
  };
  let length = 0;
  while (!isAtEnd(s)) {
    const code = s.text.charCodeAt(s.at);
    if (code === dollar) {
      const value = readVariable(s).toWellFormed();
      length += value.length;
      checkLength(s, length);
      spend(s.budget, value.length);
      for (const character of value) addCharacter(character);
    } else if (code === lessThan) s.word += readPossibleHeredoc(s);
    else if (s.quotes && isQuote(code)) {
      const quoted = readSpecial(s, code); // may drop the word collected so far
      s.word += quoted;
    } else if (code === s.escape) s.word += readEscape(s);
    else addCharacter(take(s));
  }
  if (s.word !== '') words.push(s.word);
  return words;
}

/** Blanks between `<<` and the name of a here-document do not end the word. */
function readPossibleHeredoc(s: WordState): string {
  const start = s.at++;
  if (s.text.charCodeAt(s.at) === lessThan) {
    s.at++;
    while (s.at < s.text.length && '\t\r '.includes(s.text[s.at]!)) s.at++;
  }
  return s.text.slice(start, s.at);
}

function readSingleQuotes(s: WordState): string {
  const start = s.at;
  const end = s.text.indexOf("'", start + 1);
  if (end < 0) {
    s.at = s.text.length;
    throw new SyntaxError('unexpected end of statement while looking for matching single-quote');
  }
  s.at = end + 1;
  return s.rawQuotes ? s.text.slice(start, end + 1) : s.text.slice(start + 1, end);
}

function readDoubleQuotes(s: WordState): string {
  s.at++;
  let result = s.rawQuotes ? '"' : '';
  for (;;) {
    const start = s.at;
    let code = -1;
    for (; s.at < s.text.length; s.at++) {
      code = s.text.charCodeAt(s.at);
      if (code === doubleQuote || code === dollar || code === s.escape) break;
    }
    if (s.at > start) result += s.text.slice(start, s.at);
    if (isAtEnd(s)) throw new SyntaxError('unexpected end of statement while looking for matching double-quote');
    if (code === doubleQuote) {
      s.at++;
      return s.rawQuotes ? `${result}"` : result;
    }
    if (code === dollar) {
      result += readVariable(s);
      checkLength(s, result.length);
      continue;
    }
    const escapeCharacter = take(s);
    if (s.rawEscapes) result += escapeCharacter;
    if (isAtEnd(s)) continue;
    // Only these can be escaped between double quotes; before others the escape is a character like any other.
    const next = s.text.charCodeAt(s.at);
    result += next === doubleQuote || next === dollar || next === s.escape ? take(s) : escapeCharacter;
  }
}

const wideName = new RegExp(`${goClass('\\p{L}\\p{Nd}_')}*`, 'vy');
const wideDigits = new RegExp(`${goClass('\\p{Nd}')}+`, 'vy');

function matchSticky(pattern: RegExp, s: WordState): string {
  pattern.lastIndex = s.at;
  return pattern.exec(s.text)?.[0] ?? '';
}

/** A name, a run of digits, or one of the special parameters; '' if absent. */
function readName(s: WordState): string {
  const digits = matchSticky(wideDigits, s);
  const first = s.text[s.at];
  const name =
    digits !== '' ? digits : first !== undefined && '@*#?-$!'.includes(first) ? first : matchSticky(wideName, s);
  s.at += name.length;
  return name;
}

function lookUp(s: WordState, name: string): string | undefined {
  const value = s.env.get(name);
  if (value === undefined) (s.unmatched ??= new Set()).add(name);
  else (s.matched ??= new Set()).add(name);
  return value;
}

/** `$name` or `${…}`, the scanner being at the dollar sign. */
function readVariable(s: WordState): string {
  s.at++;
  if (s.text.charCodeAt(s.at) !== openBrace) {
    const name = readName(s);
    if (name === '') return '$';
    return lookUp(s, name) ?? (s.skipUnsetEnv ? `$${name}` : '');
  }
  s.at++;
  if (isAtEnd(s)) throw new SyntaxError("syntax error: missing '}'");
  if ('{}:'.includes(s.text[s.at]!)) throw new SyntaxError('syntax error: bad substitution');
  const name = readName(s);
  const operator = take(s);
  switch (operator) {
    case '}':
      return lookUp(s, name) ?? (s.skipUnsetEnv ? `\${${name}}` : '');
    case '/':
      return readReplacement(s, name);
    case ':':
    case '+':
    case '-':
    case '?':
    case '#':
    case '%':
      return readModifier(s, name, operator);
    default:
      throw unsupportedModifier(operator || replacementCharacter);
  }
}

function unsupportedModifier(modifier: string): Error {
  return new SyntaxError(`unsupported modifier (${modifier}) in substitution`);
}

/** Reads what is inside `${}`; an end of the text in it is reported as the missing `missing`. */
function readInside(s: WordState, stop: number, rawEscapes: boolean, missing: string): string {
  try {
    return readUntil(s, stop, rawEscapes);
  } catch (error) {
    if (isAtEnd(s)) throw new SyntaxError(`syntax error: missing ${missing}`);
    throw error;
  }
}

/** `${name:-word}` and the like, the scanner being behind the operator or its colon. */
function readModifier(s: WordState, name: string, first: string): string {
  const emptyIsUnset = first === ':';
  const operator = emptyIsUnset ? take(s) || replacementCharacter : first;
  const written = emptyIsUnset ? `:${operator}` : operator;
  const isTrim = operator === '#' || operator === '%';
  if (emptyIsUnset && isTrim) throw unsupportedModifier(written);
  const word = readInside(s, closeBrace, isTrim, "'}'");

  const value = lookUp(s, name);
  if (value === undefined && s.skipUnsetEnv) return `\${${name}${written}${word}}`;
  const isUnset = value === undefined || (emptyIsUnset && value === '');
  switch (operator) {
    case '-':
      return isUnset ? word : value;
    case '+':
      return isUnset ? '' : word;
    case '?':
      if (!isUnset) return value;
      throw new Error(
        `${name}: ${word || (value === undefined ? 'is not allowed to be unset' : 'is not allowed to be empty')}`,
      );
    case '#':
    case '%': {
      const longest = word.startsWith(operator);
      const pattern = longest ? word.slice(1) : word;
      return operator === '#'
        ? trimPrefix(compileWordPattern(s, pattern), value ?? '', longest)
        : // the rightmost match is the leftmost one of everything in reverse
          reverse(trimPrefix(compileWordPattern(s, reversePattern(pattern)), reverse(value ?? ''), longest));
    }
    default:
      throw unsupportedModifier(written);
  }
}

/** `${name/pattern/text}` and `${name//pattern/text}`, the scanner being behind the first slash. */
function readReplacement(s: WordState, name: string): string {
  const all = s.text.charCodeAt(s.at) === slash;
  if (all) s.at++;
  const pattern = readInside(s, slash, true, "'/' in ${}");
  const replacement = readInside(s, closeBrace, true, "'}'");
  const value = lookUp(s, name);
  if (value === undefined && s.skipUnsetEnv) return `\${${name}/${pattern}/${replacement}}`;
  if (!all) return replaceFirst(compileWordPattern(s, pattern), value ?? '', replacement);
  return replaceAll(compileWordPattern(s, pattern), value ?? '', replacement, (length) => checkLength(s, length));
}

function compileWordPattern(s: WordState, pattern: string): ShellPattern {
  try {
    return compileShellPattern(pattern, s.budget.patterns);
  } catch (error) {
    throw new Error(`invalid pattern (${pattern}) in substitution: ${(error as Error).message}`);
  }
}

function reverse(text: string): string {
  return Array.from(text.toWellFormed()).reverse().join('');
}

/** Reverses a pattern, keeping escapes in front of what they escape. */
function reversePattern(pattern: string): string {
  const parts = pattern.toWellFormed().match(/\\?./gsu) ?? [];
  return parts.reverse().join('');
}
