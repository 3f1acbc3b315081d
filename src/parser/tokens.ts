/** The kinds of tokens of a Dockerfile. The lexer makes them by hand: no kind has a pattern. */
import { createToken, type IToken, Lexer, type TokenType } from 'chevrotain';
import type { LineRange } from '../diagnostic/source-file.ts';
import type { Word } from './ast.ts';

/** The form of an instruction's arguments, which the keyword decides. */
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

function tokenKind(name: string): TokenType {
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

/** Whether the grammar does not see a token: blanks, line breaks and the like. */
export function isTrivia(type: TokenType): boolean {
  return trivia.has(type);
}

/** A byte order mark at the start of the file. */
export const Bom = triviaKind('Bom');
/** Blanks, and characters without meaning, such as an escape at the end of a word list. */
export const Blank = triviaKind('Blank');
/** The line break of a line that is not part of an instruction. */
export const Newline = triviaKind('Newline');
/** The escape character at the end of a line, with the blanks and the line break after it. */
export const Continuation = triviaKind('Continuation');
/** A comment or an empty line between continued lines. */
export const Interruption = triviaKind('Interruption');
/** The part of a token that stands on a further line. */
export const Continued = triviaKind('Continued');
/** Text that was not read. */
export const Skipped = triviaKind('Skipped');

// Between instructions.
/** `# name=value` that is in effect; the payload is a `Directive`. */
export const DirectiveLine = tokenKind('DirectiveLine');
/** A comment; the instruction below it has its text. */
export const Comment = triviaKind('Comment');

// Keywords, by the form of their arguments. The payload is an {@link InstructionHead}.
/** The kinds of keywords by form. */
export const keywordKinds: Readonly<Record<Form, TokenType>> = {
  from: tokenKind('FromKeyword'),
  pairs: tokenKind('PairsKeyword'),
  names: tokenKind('NamesKeyword'),
  list: tokenKind('ListKeyword'),
  words: tokenKind('WordsKeyword'),
  command: tokenKind('CommandKeyword'),
  text: tokenKind('TextKeyword'),
  healthcheck: tokenKind('HealthcheckKeyword'),
  onbuild: tokenKind('OnbuildKeyword'),
  unknown: tokenKind('UnknownKeyword'),
};

// Arguments. The payload is a {@link Word}: the text without line continuations, and the range with them.
/** `--name` or `--name=value`. */
export const FlagWord = tokenKind('FlagWord');
/** A word. */
export const Argument = tokenKind('Argument');
/** The second word of FROM. */
export const As = tokenKind('As');
/** Unstructured text up to the end of the instruction. */
export const Text = tokenKind('Text');
/** The key of a pair. */
export const Key = tokenKind('Key');
/** The `=` of a pair. */
export const Equals = tokenKind('Equals');
/** The value of a pair. */
export const Value = tokenKind('Value');
/** The key of `ENV key value`. */
export const LegacyKey = tokenKind('LegacyKey');
/** CMD or NONE of a HEALTHCHECK. */
export const CheckType = tokenKind('CheckType');
/** The `[` of a JSON array. */
export const LeftBracket = tokenKind('LeftBracket');
/** The `]` of a JSON array. */
export const RightBracket = tokenKind('RightBracket');
/** The `,` between elements of a JSON array. */
export const Comma = tokenKind('Comma');
/** An element of a JSON array that is a string. */
export const JsonString = tokenKind('JsonString');
/** An element of a JSON array that is not a string. */
export const JsonOther = tokenKind('JsonOther');

/** The line break that ends an instruction; empty at the end of the file. */
export const EndOfInstruction = tokenKind('EndOfInstruction');
/** The content of a here-document, possibly empty; the payload is a `Heredoc`. */
export const HeredocBody = tokenKind('HeredocBody');
/** The line that ends a here-document. */
export const HeredocEnd = tokenKind('HeredocEnd');

/** The kinds of tokens that the grammar sees. */
export const grammarVocabulary: readonly TokenType[] = vocabulary;

/** Information of the lexer about an instruction at its keyword. */
export interface InstructionHead {
  /** Lower-case name of a known instruction; '' for others. */
  readonly name: string;
  /** The keyword. */
  readonly word: Word;
  /** The logical line: continuations joined, comments removed, not trimmed at the end. */
  readonly original: string;
  /** The lines from the keyword to the end of the here-documents. */
  readonly lines: LineRange;
  /** Comment lines above, since the last instruction or empty comment. */
  readonly comments: readonly string[];
  /** Start of the first line's text. */
  readonly start: number;
  /** End of the instruction's own text, without its here-documents. */
  readonly end: number;
}

/** Makes a token; `end` is exclusive. */
export function createDockerfileToken(
  type: TokenType,
  image: string,
  start: number,
  end: number,
  payload?: unknown,
): IToken {
  return {
    image,
    startOffset: start,
    endOffset: end - 1,
    tokenTypeIdx: type.tokenTypeIdx!,
    tokenType: type,
    payload,
  };
}
