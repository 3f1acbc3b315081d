/**
 * Cuts text into tokens in one pass over the lines. It never fails and loses nothing: the tokens' images, joined, are
 * the text.
 *
 * Instructions are cut on their logical line (continuations joined) and then, for the tokens, at the physical line
 * ends.
 */
import type { IToken, TokenType } from 'chevrotain';
import type { ErrorCode } from '../diagnostic/codes.ts';
import { type Diagnostic, type ErrorDetails, errorDiagnostic } from '../diagnostic/diagnostic.ts';
import type { SourceRange } from '../diagnostic/source-file.ts';
import { aDockerfile } from '../diagnostic/source-file.ts';
import { decodeText, encodeText } from '../go/text.ts';
import { checkArgument } from '../text/arguments.ts';
import { formatInteger } from '../text/number.ts';
import type { Directive, EmptyContinuation, EscapeToken, Heredoc, Word } from './ast.ts';
import { type CutInstruction, cutInstruction } from './cut-instruction.ts';
import { createDirectiveReader, type DirectiveReader } from './directives.ts';
import { findHeredocs, type HeredocMark } from './heredoc.ts';
import { explainMissingEnd } from './hints/missed-heredoc.ts';
import type { KeywordLookup } from './keywords.ts';
import { bufferEnd, isLineTooLong, maxLineLength } from './line-limit.ts';
import { findContinuation, sourceEnd, sourceOffset } from './logical-line.ts';
import * as tokens from './tokens.ts';
import { skipSpace, trimmedSlice } from './white-space.ts';
import { newWordBudget, TooManyWords } from './word-limit.ts';

/**
 * Maximum number of instructions. Each takes some kilobytes until it is an op; a graph of so many ops, and their
 * history, do not fit into a message of BuildKit.
 */
const maxInstructions = 200_000;

/** A problem that the reference finds while it divides the file into instructions. */
export interface LexProblem {
  /** Start of the instruction or line that it belongs to. */
  readonly at: number;
  readonly diagnostic: Diagnostic;
}

/** The tokens of a file, and what the lexer found. */
export interface LexResult {
  /** All tokens; their images, joined, are the text. */
  readonly tokens: readonly IToken[];
  /** The tokens that the grammar sees. */
  readonly significant: readonly IToken[];
  /** The escape character that is in effect. */
  readonly escape: EscapeToken;
  /** Number of lines read. */
  readonly lines: number;
  /** Problems of the text, in file order. */
  readonly problems: readonly LexProblem[];
  /** The empty lines inside instructions, in file order. */
  readonly emptyContinuations: readonly EmptyContinuation[];
}

/** Divides the text of a Dockerfile into tokens. */
export function lexDockerfile(text: string): LexResult {
  checkArgument('lexDockerfile', 'text', text, aDockerfile);
  const lexer = new Lexer(text, true);
  const significant: IToken[] = [];
  for (const piece of lexer.pieces()) for (const token of piece.significant) significant.push(token);
  const { tokens, escape: escapeToken, lines, problems, emptyContinuations } = lexer;
  return { tokens, significant, escape: escapeToken, lines, problems, emptyContinuations };
}

/** What the lexer found, besides tokens. */
export type LexFindings = Pick<LexResult, 'escape' | 'lines' | 'problems' | 'emptyContinuations'>;

/** The tokens that the grammar sees, without their images, in pieces. Complete when all pieces were taken. */
export interface LexPieces extends LexFindings {
  /** Each piece has whole instructions. */
  pieces(): Generator<Pick<LexResult, 'significant'> & LexBoundary>;
}

/** A place between two instructions. What follows it depends on nothing before it, but on the escape character. */
export interface LexBoundary {
  /** The start of a line, or the end of the text. */
  readonly offset: number;
  /** Number of lines before it. */
  readonly linesBefore: number;
}

/** How a part of a file is read. */
export interface LexPart {
  /** Where to begin: after an instruction. By default at the start of the file. */
  readonly from?: LexBoundary & { readonly escape: EscapeToken };
  /** Number of tokens after which a piece ends with its instruction; 1 gives a piece for each instruction. */
  readonly pieceSize?: number;
  /** What is read as if it were not an error; nothing by default. */
  readonly guesses?: LexGuesses;
}

/** What the author of a file with errors probably meant. */
export interface LexGuesses {
  /** The instruction that a keyword means. @param at offset of the keyword; `rest` is what follows it */
  lookUp(keyword: string, rest: string, at: number): ReturnType<KeywordLookup>;
  /**
   * Where a here-document ends that has no end.
   *
   * @param line the logical line of the instruction
   * @param start offset of its content
   * @returns undefined if it may go on to the end of the file
   */
  endOfHeredoc(mark: HeredocMark, line: string, text: string, start: number): GuessedEnd | undefined;
}

/** The end of a here-document that has no end. */
export interface GuessedEnd {
  /** Start of the line after its content. */
  readonly at: number;
  /** Whether that line was meant as its end. Otherwise it is the next instruction. */
  readonly isEnd: boolean;
}

/** Number of tokens in a piece. */
const usualPieceSize = 2000;

/**
 * As {@link lexDockerfile}, but in pieces, and without the tokens that the grammar does not see: the tokens of a file
 * take more memory than its syntax tree.
 */
export function lexInPieces(text: string, part?: LexPart): LexPieces {
  return new Lexer(text, false, part);
}

const noComments: string[] = [];

interface Trivia {
  readonly type: TokenType;
  readonly start: number;
  readonly end: number;
}

class Lexer implements LexPieces {
  /** All tokens; none if trivia are not kept. */
  readonly tokens: IToken[] = [];
  readonly problems: LexProblem[] = [];
  readonly emptyContinuations: EmptyContinuation[] = [];
  escape: EscapeToken = '\\';
  private lineNumber = 0;

  private readonly text: string;
  private readonly keepsTrivia: boolean;
  private readonly pieceSize: number;
  private readonly guesses: LexGuesses | undefined;
  /** undefined if reading begins after an instruction. */
  private readonly directives: DirectiveReader | undefined;
  // Offsets of the current line: its start, its line break, and the start of the next line.
  private start = 0;
  private end = 0;
  private next = 0;
  private instructions = 0;
  private readonly wordBudget = newWordBudget();
  /**
   * What has become of a line that is too long. The reference's scanner refuses it, and if it is asked again, gives the
   * part that it has in its buffer.
   */
  private longLine: 'refused' | 'given' | undefined;
  /** Comments since the last instruction or empty comment. */
  private comments: string[] = noComments;
  /** The tokens of the current piece that the grammar sees. */
  private significant: IToken[] = [];

  constructor(text: string, keepsTrivia: boolean, { from, pieceSize = usualPieceSize, guesses }: LexPart = {}) {
    this.text = text;
    this.keepsTrivia = keepsTrivia;
    this.pieceSize = pieceSize;
    this.guesses = guesses;
    this.directives = from && from.offset > 0 ? undefined : createDirectiveReader('#');
    if (!from) return;
    this.next = from.offset;
    this.lineNumber = from.linesBefore;
    this.escape = from.escape;
  }

  get lines(): number {
    return this.lineNumber;
  }

  *pieces(): ReturnType<LexPieces['pieces']> {
    for (const _ of this.run()) yield this.takePiece(this.start, this.lineNumber - 1);
    yield this.takePiece(this.text.length, this.lineNumber);
  }

  private takePiece(offset: number, linesBefore: number) {
    const { significant } = this;
    this.significant = [];
    return { significant, offset, linesBefore };
  }

  /** Yields at the end of a piece. */
  private *run(): Generator<void> {
    while (this.nextLine()) {
      if (this.significant.length >= this.pieceSize) yield;
      if (this.lineNumber === 1 && this.text.charCodeAt(0) === 0xfeff) {
        this.push(tokens.Bom, 0, 1);
        this.start = 1;
      }
      const first = skipSpace(this.text, this.start, this.end);
      this.readCommentLine(first);
      if (first === this.end) {
        this.pushBlank(this.start, this.end);
        this.pushNewline();
      } else if (this.text.charCodeAt(first) !== hash) {
        if (this.instructions++ === maxInstructions) {
          const message = `the Dockerfile has more than ${formatInteger(maxInstructions)} instructions`;
          this.skipRest('too-many-instructions', message, this.start, first, this.lineNumber);
          return;
        }
        if (!this.readInstruction(first)) return;
      }
    }
    if (this.longLine) {
      if (this.next < this.text.length) this.push(tokens.Skipped, this.next, this.text.length);
      this.problem(this.next, this.lineNumber, {
        code: 'line-too-long',
        message: `dockerfile line greater than max allowed size of ${maxLineLength}`,
        range: { start: this.text.lastIndexOf('\n', this.next - 1) + 1, end: endOfLine(this.text, this.next) },
        hint: 'Split the line, or keep the data in a file and COPY it; what follows was not read.',
      });
    }
  }

  /** Skips the rest of a file that has too many instructions or words. */
  private skipRest(code: ErrorCode, message: string, start: number, first: number, line: number): void {
    this.push(tokens.Skipped, start, this.text.length);
    this.problem(start, line, {
      code,
      message,
      range: { start: first, end: endOfLine(this.text, first) },
      hint: 'Split it into several Dockerfiles, or put commands into a script; what follows was not read.',
    });
  }

  /** Goes to the next line. False at the end of the text, and at a line that is too long: see {@link longLine}. */
  private nextLine(): boolean {
    if (this.longLine) return this.longLine === 'refused' && this.beginLongLine();
    const start = this.next;
    if (start >= this.text.length) return false;
    const newline = this.text.indexOf('\n', start);
    const next = newline < 0 ? this.text.length : newline + 1;
    if (isLineTooLong(this.text, start, next)) {
      this.longLine = 'refused';
      return false;
    }
    return this.setLine(start, next);
  }

  /** Goes to the part of a line that the reference's scanner has in its buffer. */
  private beginLongLine(): true {
    this.longLine = 'given';
    return this.setLine(this.next, bufferEnd(this.text, this.next));
  }

  private setLine(start: number, next: number): true {
    this.lineNumber++;
    this.start = start;
    this.next = next;
    let end = next;
    while (end > start && isLineBreak(this.text.charCodeAt(end - 1))) end--;
    this.end = end;
    return true;
  }

  /** Reads the line if it is a comment or directive. Another line ends the directives. */
  private readCommentLine(first: number): void {
    const isComment = first < this.end && this.text.charCodeAt(first) === hash;
    let directive: Directive | undefined;
    if (this.directives?.done === false) {
      try {
        directive = this.takeDirective(first);
      } catch (error) {
        this.problem(this.start, this.lineNumber - 1, {
          code: 'bad-directive',
          message: (error as Error).message,
          range: { start: first, end: this.end },
        });
      }
    }
    if (!isComment) return;
    this.pushBlank(this.start, first);
    if (directive) this.push(tokens.DirectiveLine, first, this.end, directive);
    else {
      this.push(tokens.Comment, first, this.end);
      const comment = commentText(this.text, this.start, first, this.end);
      if (comment === '') this.comments = noComments;
      else if (this.comments === noComments) this.comments = [comment];
      else this.comments.push(comment);
    }
    this.pushNewline();
  }

  private takeDirective(first: number): Directive | undefined {
    const found = this.directives?.read(this.text, first, this.end);
    if (!found) return undefined;
    if (found.name === 'escape') {
      if (found.value !== '\\' && found.value !== '`')
        throw new Error(`invalid escape token '${found.value}' does not match \` or \\`);
      this.escape = found.value;
    }
    return { kind: 'directive', ...found, range: { start: first, end: this.end }, line: this.lineNumber };
  }

  /**
   * Reads an instruction that starts at `first` on the current line, and its here-documents. False if the file has too
   * many words with it.
   */
  private readInstruction(first: number): boolean {
    const start = this.start;
    const lines = { start: this.lineNumber, end: this.lineNumber };
    const { line, trivia, end, isBrokenOff, emptyLine } = this.joinLines(first);
    const { guesses } = this;
    const lookUp: KeywordLookup | undefined = guesses && ((keyword, rest) => guesses.lookUp(keyword, rest, first));
    let instruction: CutInstruction;
    try {
      instruction = cutInstruction(line.text, this.escape, this.wordBudget, lookUp);
    } catch (error) {
      if (!(error instanceof TooManyWords)) throw error;
      this.skipRest('too-many-words', error.message, start, first, lines.start);
      return false;
    }
    if (emptyLine)
      this.emptyContinuations.push({
        range: { start: emptyLine.start, end: emptyLine.end },
        lines: { start: this.lineNumber, end: this.lineNumber },
      });

    let { comments } = this;
    this.comments = noComments;
    const emitter = this.keepsTrivia ? new Emitter(this, start, trivia) : undefined;
    lines.end = this.lineNumber;
    for (const { type, text, start: from, end: to, name } of instruction.cuts) {
      const range = { start: sourceOffset(line, from), end: to > from ? sourceEnd(line, to) : sourceOffset(line, to) };
      const word: Word = { text, range };
      const head: tokens.InstructionHead | undefined =
        name === undefined ? undefined : { name, word, original: line.text, lines, comments, start: first, end };
      if (head) comments = noComments; // the comments above an ONBUILD do not belong to its trigger
      if (emitter) emitter.emit(type, range.start, range.end, head ?? word);
      else this.push(type, range.start, range.end, head ?? word);
    }
    emitter?.fill(end);
    this.push(tokens.EndOfInstruction, isBrokenOff ? end : this.end, isBrokenOff ? end : this.next);

    if (!instruction.canHaveHeredocs || !line.text.includes('<<')) return true;
    try {
      for (const mark of findHeredocs(line.text)) {
        const [content, firstLine] = [this.next, this.lineNumber + 1];
        if (this.readHeredoc(mark, line.text)) continue;
        this.problem(
          first,
          lines.start,
          {
            code: 'unterminated-heredoc',
            message: 'unterminated heredoc',
            range: findMark(this.text, first, end, mark),
            hint: explainMissingEnd(mark, firstLine, this.text.slice(content)),
          },
          this.lineNumber,
        );
        break;
      }
    } catch (error) {
      this.problem(
        first,
        lines.start,
        { code: 'bad-heredoc-name', message: (error as Error).message, range: { start: first, end } },
        this.lineNumber,
      );
    }
    lines.end = this.lineNumber;
    return true;
  }

  /** Joins the current line with its continuations. Afterwards the last of them is the current line. */
  private joinLines(first: number) {
    let text = '';
    const starts: number[] = [];
    const offsets: number[] = [];
    const trivia: Trivia[] = [];
    let emptyLine: Trivia | undefined;
    let from = first;
    for (;;) {
      const continuation = findContinuation(this.text, from, this.end, this.escape);
      const end = continuation < 0 ? this.end : continuation;
      const part = this.text.slice(from, end);
      text = text === '' ? part : joinParts(text, part);
      starts.push(Math.max(starts.at(-1) ?? 0, text.length - part.length));
      offsets.push(from);
      if (continuation < 0) return { line: { text, starts, offsets }, trivia, end, isBrokenOff: false, emptyLine };
      let last: Trivia = { type: tokens.Continuation, start: continuation, end: this.next };
      if (this.keepsTrivia) trivia.push(last);
      let interruption: Trivia | undefined;
      do {
        if (interruption) last = interruption;
        if (interruption && this.keepsTrivia) trivia.push(interruption);
        if (!this.nextLine())
          return { line: { text, starts, offsets }, trivia, end: last.end, isBrokenOff: true, emptyLine };
        const content = skipSpace(this.text, this.start, this.end);
        const isEmpty = content === this.end;
        const isComment = !isEmpty && this.text.charCodeAt(content) === hash;
        interruption =
          isEmpty || isComment ? { type: tokens.Interruption, start: this.start, end: this.next } : undefined;
        if (isEmpty) emptyLine = interruption;
      } while (interruption);
      from = this.start;
    }
  }

  /** Reads the content of a here-document; false if its end is missing. @param line of its instruction */
  private readHeredoc(mark: HeredocMark, line: string): boolean {
    const start = this.next;
    const linesBefore = this.lineNumber;
    let end = start;
    let found = false;
    while (!found && this.nextLine()) {
      let first = this.start;
      if (mark.chomp) while (this.text.charCodeAt(first) === tab) first++;
      found = this.end - first === mark.name.length && this.text.startsWith(mark.name, first);
      end = found ? this.start : this.next;
    }
    const guess = found ? undefined : this.guesses?.endOfHeredoc(mark, line, this.text, start);
    if (guess) {
      end = guess.at;
      this.next = start;
      this.lineNumber = linesBefore;
      this.longLine = undefined;
      while (this.next < end && this.nextLine());
      if (guess.isEnd) this.nextLine();
    }
    const heredoc: Heredoc = { ...mark, content: this.text.slice(start, end), contentRange: { start, end } };
    this.push(tokens.HeredocBody, start, end, heredoc);
    if (found || guess?.isEnd) {
      this.push(tokens.HeredocEnd, this.start, this.end);
      this.pushNewline();
    }
    return found;
  }

  private problem(
    at: number,
    line: number,
    { code, message, ...details }: ErrorDetails & { readonly code: ErrorCode; readonly message: string },
    lastLine = line,
  ): void {
    const lines = [{ start: line, end: lastLine }];
    this.problems.push({ at, diagnostic: errorDiagnostic(code, message, { ...details, lines }) });
  }

  push(type: TokenType, start: number, end: number, payload?: unknown): void {
    const isTrivia = tokens.isTrivia(type);
    if (isTrivia && !this.keepsTrivia) return;
    const image = this.keepsTrivia ? this.text.slice(start, end) : '';
    const token = tokens.createDockerfileToken(type, image, start, end, payload);
    if (this.keepsTrivia) this.tokens.push(token);
    if (!isTrivia) this.significant.push(token);
  }

  pushBlank(start: number, end: number): void {
    if (end > start) this.push(tokens.Blank, start, end);
  }

  private pushNewline(): void {
    if (this.next > this.end) this.push(tokens.Newline, this.end, this.next);
  }
}

/** Makes the tokens of an instruction, and those of the blanks and line breaks between them. */
class Emitter {
  private readonly lexer: Lexer;
  private readonly trivia: readonly Trivia[];
  private nextTrivia = 0;
  private at: number;

  constructor(lexer: Lexer, at: number, trivia: readonly Trivia[]) {
    this.lexer = lexer;
    this.at = at;
    this.trivia = trivia;
  }

  /** Makes blanks and line continuations up to an offset. */
  fill(to: number): void {
    for (;;) {
      const trivia = this.trivia[this.nextTrivia];
      if (!trivia || trivia.start >= to) break;
      this.lexer.pushBlank(this.at, trivia.start);
      this.lexer.push(trivia.type, trivia.start, trivia.end);
      this.at = trivia.end;
      this.nextTrivia++;
    }
    this.lexer.pushBlank(this.at, to);
    this.at = Math.max(this.at, to);
  }

  /** Makes a token. Its parts on further lines become separate tokens. */
  emit(type: TokenType, start: number, end: number, payload: unknown): void {
    this.fill(start);
    let part = type;
    for (;;) {
      const trivia = this.trivia[this.nextTrivia];
      if (!trivia || trivia.start >= end) break;
      if (part === type || trivia.start > this.at) {
        this.lexer.push(part, this.at, trivia.start, part === type ? payload : undefined);
        part = tokens.Continued;
      }
      this.lexer.push(trivia.type, trivia.start, trivia.end);
      this.at = trivia.end;
      this.nextTrivia++;
    }
    if (part === type || end > this.at)
      this.lexer.push(part, this.at, Math.max(this.at, end), part === type ? payload : undefined);
    this.at = Math.max(this.at, end);
  }
}

/**
 * The range of a here-document's mark in its instruction; the whole instruction if the mark is written in another way.
 */
function findMark(text: string, start: number, end: number, { name }: HeredocMark): SourceRange {
  for (let at = text.indexOf('<<', start); at >= 0 && at < end; at = text.indexOf('<<', at + 2)) {
    let from = at + 2;
    while (from < end && '-\t \'"\\'.includes(text[from]!)) from++;
    if (text.startsWith(name, from)) return { start: at, end: Math.min(end, from + name.length) };
  }
  return { start, end };
}

const hash = 0x23;
const tab = 0x09;

function isLineBreak(code: number): boolean {
  return code === 0x0a || code === 0x0d;
}

function endOfLine(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline < 0 ? text.length : newline;
}

const strayBytes = /^[\udc80-\udcff]{1,3}/u;
const strayBytesAtEnd = /[\udc80-\udcff]{1,3}$/u;

/**
 * Joins the parts of a line. Bytes that are not UTF-8 at the end of one and the start of the other may form a
 * character.
 */
function joinParts(text: string, part: string): string {
  const head = strayBytes.exec(part)?.[0];
  const tail = head && strayBytesAtEnd.exec(text.slice(-4))?.[0];
  if (!head || !tail) return text + part;
  return text.slice(0, -tail.length) + decodeText(encodeText(tail + head)) + part.slice(head.length);
}

/** The text of the comment line `text[start, end)`, whose mark is at `first`: the reference drops the first byte. */
function commentText(text: string, start: number, first: number, end: number): string {
  if (first === start || text.charCodeAt(start) < 0x80) {
    return trimmedSlice(text, start + 1, end);
  }
  const rest = decodeText(encodeText(text.slice(start, end)).subarray(1));
  return trimmedSlice(rest, 0, rest.length);
}
