/**
 * Expands shell words: the quotes, escapes and `$variables` of instruction arguments.
 *
 * One pass over the text; a word without special characters is returned unchanged. Characters are code points, and
 * bytes that are not UTF-8 become U+FFFD as soon as a word is processed.
 */
import { NameError } from '../diagnostic/facts.ts';
import { quote } from '../go/quote.ts';
import { goClass } from '../go/unicode.ts';
import { aString, checkArgument, objectWith } from '../text/arguments.ts';
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
  /** The variable without whose value the word fails: `${name:?message}`; undefined for other errors. */
  readonly missingVariable: string | undefined;

  constructor(word: string, unmatched: ReadonlySet<string>, cause: unknown) {
    super(`failed to process ${quote(word)}: ${errorMessage(cause)}`, { cause });
    this.unmatched = unmatched;
    this.isSyntax = cause instanceof SyntaxError;
    this.missingVariable = cause instanceof NameError ? cause.facts.name : undefined;
    hideFields(this, 'unmatched', 'isSyntax', 'missingVariable');
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

/** The total work of one {@link ShellLex}: more than any file that can be built needs, and little enough to end. */
interface Budget {
  /** Number of characters that expansion may add. */
  characters: number;
  /** The budget of all patterns. */
  readonly patterns: PatternBudget;
}

/** Makes an expander of shell words. Between calls it only remembers how much it has done, which is limited. */
export function createShellLex(options: ShellLexOptions): ShellLex {
  checkArgument('createShellLex', 'options', options, objectWith({ escape: aString }));
  const budget: Budget = { characters: 256 << 20, patterns: { comparisons: 500_000_000 } };
  const special = options.skipProcessQuotes ? specialUnquoted : specialQuoted;
  return {
    processWord(word, env) {
      if (!special.test(word)) return { result: word, matched: noNames, unmatched: noNames };
      const scanner = createScanner(word, env, options, budget);
      try {
        const result = readUntil(scanner, endOfText, scanner.rawEscapes);
        spend(budget, result.length - word.length);
        return { result, matched: scanner.matched ?? noNames, unmatched: scanner.unmatched ?? noNames };
      } catch (error) {
        throw new WordError(word, scanner.unmatched ?? noNames, error);
      }
    },
    processWords(text, env) {
      const scanner = createScanner(text, env, options, budget);
      try {
        return splitIntoWords(scanner);
      } catch (error) {
        throw new WordError(text, scanner.unmatched ?? noNames, error);
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
function checkLength(scanner: WordScanner, length: number): void {
  if (length > maxExpanded && length > scanner.text.length)
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

interface WordScanner {
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
  /** The word that {@link splitIntoWords} is collecting. A substitution with an operator discards it. */
  word: string;
}

function createScanner(text: string, env: Env, options: ShellLexOptions, budget: Budget): WordScanner {
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

function isAtEnd(scanner: WordScanner): boolean {
  return scanner.at >= scanner.text.length;
}

/** Takes one character; '' at the end. */
function take(scanner: WordScanner): string {
  const point = scanner.text.codePointAt(scanner.at);
  if (point === undefined) return '';
  const character = String.fromCodePoint(point);
  scanner.at += character.length;
  return character;
}

/** Expands up to the character `stop` (and past it) or the end of the text. */
function readUntil(scanner: WordScanner, stop: number, rawEscapes: boolean): string {
  if (++scanner.depth > maxDepth) throw new Error('substitutions are nested too deeply');
  const outerRawEscapes = scanner.rawEscapes;
  scanner.rawEscapes = rawEscapes;
  let result = '';
  for (;;) {
    const start = scanner.at;
    let code = -1;
    for (; scanner.at < scanner.text.length; scanner.at++) {
      code = scanner.text.charCodeAt(scanner.at);
      if (code === stop || code === dollar || code === scanner.escape || (scanner.quotes && isQuote(code))) break;
    }
    if (scanner.at > start) result += scanner.text.slice(start, scanner.at);
    if (isAtEnd(scanner)) {
      if (stop === endOfText) break;
      throw new SyntaxError(`unexpected end of statement while looking for matching ${String.fromCharCode(stop)}`);
    }
    if (code === stop) {
      scanner.at++;
      break;
    }
    result += code === scanner.escape ? readEscape(scanner) : readSpecial(scanner, code);
    checkLength(scanner, result.length);
  }
  scanner.rawEscapes = outerRawEscapes;
  scanner.depth--;
  return result;
}

function isQuote(code: number): boolean {
  return code === singleQuote || code === doubleQuote;
}

function readSpecial(scanner: WordScanner, code: number): string {
  if (code === dollar) return readVariable(scanner);
  return code === singleQuote ? readSingleQuotes(scanner) : readDoubleQuotes(scanner);
}

/** An escape and the character after it, which stays. At the end of the text an escape is dropped. */
function readEscape(scanner: WordScanner): string {
  const escapeCharacter = take(scanner);
  return (scanner.rawEscapes ? escapeCharacter : '') + take(scanner);
}

/** Expands the whole text and splits it into words. */
function splitIntoWords(scanner: WordScanner): string[] {
  const words: string[] = [];
  const addCharacter = (character: string) => {
    if (!isSpaceCode(character.codePointAt(0)!)) scanner.word += character;
    else if (scanner.word !== '') {
      words.push(scanner.word);
      scanner.word = '';
    }
  };
  let length = 0;
  while (!isAtEnd(scanner)) {
    const code = scanner.text.charCodeAt(scanner.at);
    if (code === dollar) {
      const value = readVariable(scanner).toWellFormed();
      length += value.length;
      checkLength(scanner, length);
      spend(scanner.budget, value.length);
      for (const character of value) addCharacter(character);
    } else if (code === lessThan) scanner.word += readPossibleHeredoc(scanner);
    else if (scanner.quotes && isQuote(code)) {
      const quoted = readSpecial(scanner, code); // may drop the word collected so far
      scanner.word += quoted;
    } else if (code === scanner.escape) scanner.word += readEscape(scanner);
    else addCharacter(take(scanner));
  }
  if (scanner.word !== '') words.push(scanner.word);
  return words;
}

/** Blanks between `<<` and the name of a here-document do not end the word. */
function readPossibleHeredoc(scanner: WordScanner): string {
  const start = scanner.at++;
  if (scanner.text.charCodeAt(scanner.at) === lessThan) {
    scanner.at++;
    while (scanner.at < scanner.text.length && '\t\r '.includes(scanner.text[scanner.at]!)) scanner.at++;
  }
  return scanner.text.slice(start, scanner.at);
}

function readSingleQuotes(scanner: WordScanner): string {
  const start = scanner.at;
  const end = scanner.text.indexOf("'", start + 1);
  if (end < 0) {
    scanner.at = scanner.text.length;
    throw new SyntaxError('unexpected end of statement while looking for matching single-quote');
  }
  scanner.at = end + 1;
  return scanner.rawQuotes ? scanner.text.slice(start, end + 1) : scanner.text.slice(start + 1, end);
}

function readDoubleQuotes(scanner: WordScanner): string {
  scanner.at++;
  let result = scanner.rawQuotes ? '"' : '';
  for (;;) {
    const start = scanner.at;
    let code = -1;
    for (; scanner.at < scanner.text.length; scanner.at++) {
      code = scanner.text.charCodeAt(scanner.at);
      if (code === doubleQuote || code === dollar || code === scanner.escape) break;
    }
    if (scanner.at > start) result += scanner.text.slice(start, scanner.at);
    if (isAtEnd(scanner)) throw new SyntaxError('unexpected end of statement while looking for matching double-quote');
    if (code === doubleQuote) {
      scanner.at++;
      return scanner.rawQuotes ? `${result}"` : result;
    }
    if (code === dollar) {
      result += readVariable(scanner);
      checkLength(scanner, result.length);
      continue;
    }
    const escapeCharacter = take(scanner);
    if (scanner.rawEscapes) result += escapeCharacter;
    if (isAtEnd(scanner)) continue;
    // Only these can be escaped between double quotes; before others the escape is a character like any other.
    const next = scanner.text.charCodeAt(scanner.at);
    result += next === doubleQuote || next === dollar || next === scanner.escape ? take(scanner) : escapeCharacter;
  }
}

const wideName = new RegExp(`${goClass('\\p{L}\\p{Nd}_')}*`, 'vy');
const wideDigits = new RegExp(`${goClass('\\p{Nd}')}+`, 'vy');

function matchSticky(pattern: RegExp, scanner: WordScanner): string {
  pattern.lastIndex = scanner.at;
  return pattern.exec(scanner.text)?.[0] ?? '';
}

/** A name, a run of digits, or one of the special parameters; '' if absent. */
function readName(scanner: WordScanner): string {
  const digits = matchSticky(wideDigits, scanner);
  const first = scanner.text[scanner.at];
  const name =
    digits !== '' ? digits : first !== undefined && '@*#?-$!'.includes(first) ? first : matchSticky(wideName, scanner);
  scanner.at += name.length;
  return name;
}

function lookUp(scanner: WordScanner, name: string): string | undefined {
  const value = scanner.env.get(name);
  if (value === undefined) (scanner.unmatched ??= new Set()).add(name);
  else (scanner.matched ??= new Set()).add(name);
  return value;
}

/** `$name` or `${…}`, the scanner being at the dollar sign. */
function readVariable(scanner: WordScanner): string {
  scanner.at++;
  if (scanner.text.charCodeAt(scanner.at) !== openBrace) {
    const name = readName(scanner);
    if (name === '') return '$';
    return lookUp(scanner, name) ?? (scanner.skipUnsetEnv ? `$${name}` : '');
  }
  scanner.at++;
  if (isAtEnd(scanner)) throw new SyntaxError("syntax error: missing '}'");
  if ('{}:'.includes(scanner.text[scanner.at]!)) throw new SyntaxError('syntax error: bad substitution');
  const name = readName(scanner);
  const operator = take(scanner);
  switch (operator) {
    case '}':
      return lookUp(scanner, name) ?? (scanner.skipUnsetEnv ? `\${${name}}` : '');
    case '/':
      return readReplacement(scanner, name);
    case ':':
    case '+':
    case '-':
    case '?':
    case '#':
    case '%':
      return readModifier(scanner, name, operator);
    default:
      throw unsupportedModifier(operator || replacementCharacter);
  }
}

function unsupportedModifier(modifier: string): Error {
  return new SyntaxError(`unsupported modifier (${modifier}) in substitution`);
}

/** Reads what is inside `${}`; an end of the text in it is reported as the missing `missing`. */
function readInside(scanner: WordScanner, stop: number, rawEscapes: boolean, missing: string): string {
  try {
    const inside = readUntil(scanner, stop, rawEscapes);
    scanner.word = ''; // the reference discards the word that it has collected
    return inside;
  } catch (error) {
    if (isAtEnd(scanner)) throw new SyntaxError(`syntax error: missing ${missing}`);
    throw error;
  }
}

/** `${name:-word}` and the like, the scanner being after the operator or its colon. */
function readModifier(scanner: WordScanner, name: string, first: string): string {
  const emptyIsUnset = first === ':';
  const operator = emptyIsUnset ? take(scanner) || replacementCharacter : first;
  const written = emptyIsUnset ? `:${operator}` : operator;
  const isTrim = operator === '#' || operator === '%';
  if (emptyIsUnset && isTrim) throw unsupportedModifier(written);
  const word = readInside(scanner, closeBrace, isTrim, "'}'");

  const value = lookUp(scanner, name);
  if (value === undefined && scanner.skipUnsetEnv) return `\${${name}${written}${word}}`;
  const isUnset = value === undefined || (emptyIsUnset && value === '');
  switch (operator) {
    case '-':
      return isUnset ? word : value;
    case '+':
      return isUnset ? '' : word;
    case '?':
      if (!isUnset) return value;
      throw new NameError(`${name}: ${word || `is not allowed to be ${value === undefined ? 'unset' : 'empty'}`}`, {
        name,
      });
    case '#':
    case '%': {
      const longest = word.startsWith(operator);
      const pattern = longest ? word.slice(1) : word;
      return operator === '#'
        ? trimPrefix(compileWordPattern(scanner, pattern), value ?? '', longest)
        : // the rightmost match is the leftmost one of everything in reverse
          reverse(trimPrefix(compileWordPattern(scanner, reversePattern(pattern)), reverse(value ?? ''), longest));
    }
    default:
      throw unsupportedModifier(written);
  }
}

/** `${name/pattern/text}` and `${name//pattern/text}`, the scanner being after the first slash. */
function readReplacement(scanner: WordScanner, name: string): string {
  const all = scanner.text.charCodeAt(scanner.at) === slash;
  if (all) scanner.at++;
  const pattern = readInside(scanner, slash, true, "'/' in ${}");
  const replacement = readInside(scanner, closeBrace, true, "'}'");
  const value = lookUp(scanner, name);
  if (value === undefined && scanner.skipUnsetEnv) return `\${${name}/${pattern}/${replacement}}`;
  if (!all) return replaceFirst(compileWordPattern(scanner, pattern), value ?? '', replacement);
  return replaceAll(compileWordPattern(scanner, pattern), value ?? '', replacement, (length) =>
    checkLength(scanner, length),
  );
}

function compileWordPattern(scanner: WordScanner, pattern: string): ShellPattern {
  try {
    return compileShellPattern(pattern, scanner.budget.patterns);
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
