/** The kinds of tokens of a Dockerfile. The lexer makes them by hand: no kind has a pattern. */
import { createToken, type IToken, Lexer, type TokenType } from 'chevrotain';
import type { Word } from './ast.ts';
import type { LineRange } from './source.ts';

/** How the arguments of an instruction are written, which is what a keyword decides. */
export type Form =
  | 'from'
  | 'pairs'
  | 'names'
  | 'list'
  | 'words'
  | 'command'
  | 'text'
  | 'healthcheck'
  | 'onbuild'
  | 'unknown';

const vocabulary: TokenType[] = [];

function kind(name: string): TokenType {
  const type = createToken({ name, pattern: Lexer.NA });
  vocabulary.push(type);
  return type;
}

const trivia = new Set<TokenType>();

function triviaKind(name: string): TokenType {
  const type = createToken({ name, pattern: Lexer.NA });
  trivia.add(type);
  return type;
}

/** True for what the grammar does not see: blanks, line breaks and the like. */
export function isTrivia(type: TokenType): boolean {
  return trivia.has(type);
}

export const Bom = triviaKind('Bom');
/** Blanks, and what has no meaning, like an escape at the end of a word list. */
export const Blank = triviaKind('Blank');
export const Newline = triviaKind('Newline');
/** The escape character at the end of a line, with the blanks and the line break behind it. */
export const Continuation = triviaKind('Continuation');
/** A comment or an empty line between continued lines. */
export const Interruption = triviaKind('Interruption');
/** The part of a token that stands on a further line. */
export const Continued = triviaKind('Continued');
/** What was not read. */
export const Skipped = triviaKind('Skipped');

// Between instructions.
/** `# name=value` that is in effect; the payload is a `Directive`. */
export const DirectiveLine = kind('DirectiveLine');
/** The payload is the comment's text. */
export const Comment = kind('Comment');

// Keywords, by the form of what follows. The payload is an {@link InstructionHead}.
export const keywordKinds: Readonly<Record<Form, TokenType>> = {
  from: kind('FromKeyword'),
  pairs: kind('PairsKeyword'),
  names: kind('NamesKeyword'),
  list: kind('ListKeyword'),
  words: kind('WordsKeyword'),
  command: kind('CommandKeyword'),
  text: kind('TextKeyword'),
  healthcheck: kind('HealthcheckKeyword'),
  onbuild: kind('OnbuildKeyword'),
  unknown: kind('UnknownKeyword'),
};

// Arguments. The payload is a {@link Word}: the text without line continuations, and the range with them.
export const FlagWord = kind('FlagWord');
export const Argument = kind('Argument');
export const As = kind('As');
/** Unstructured text up to the end of the instruction. */
export const Text = kind('Text');
export const Key = kind('Key');
export const Equals = kind('Equals');
export const Value = kind('Value');
/** The key of `ENV key value`. */
export const LegacyKey = kind('LegacyKey');
/** CMD or NONE of a HEALTHCHECK. */
export const CheckType = kind('CheckType');
export const LeftBracket = kind('LeftBracket');
export const RightBracket = kind('RightBracket');
export const Comma = kind('Comma');
export const JsonString = kind('JsonString');
/** An element of a JSON array that is no string. */
export const JsonOther = kind('JsonOther');

/** The line break that ends an instruction; empty at the end of the file. */
export const EndOfInstruction = kind('EndOfInstruction');
/** The content of a here-document, possibly empty; the payload is a `Heredoc`. */
export const HeredocBody = kind('HeredocBody');
export const HeredocEnd = kind('HeredocEnd');

/** The kinds of tokens the grammar is about. */
export const grammarVocabulary: readonly TokenType[] = vocabulary;

/** What the lexer knows about an instruction when it meets its keyword. */
export interface InstructionHead {
  /** Lower-case name of a known instruction, else ''. */
  readonly name: string;
  readonly word: Word;
  /** The logical line: continuations joined, comments dropped, not trimmed at the end. */
  readonly original: string;
  /** The lines from the keyword to the end of the here-documents. */
  readonly lines: LineRange;
  /** Start of the first line's text. */
  readonly start: number;
  /** End of the instruction's own text, here-documents aside. */
  readonly end: number;
}

/** Makes a token; `end` is exclusive. */
export function createDockerfileToken(
  type: TokenType,
  source: string,
  start: number,
  end: number,
  payload?: unknown,
): IToken {
  return {
    image: source.slice(start, end),
    startOffset: start,
    endOffset: end - 1,
    tokenTypeIdx: type.tokenTypeIdx!,
    tokenType: type,
    payload,
  };
}
