/**
 * Text to tokens: one pass over the lines, which never fails and loses nothing: the tokens' images, joined, are the text.
 *
 * Instructions are cut on their logical line (continuations joined) and then, for the tokens, at the physical line ends.
 */
import type { IToken, TokenType } from 'chevrotain';
import { decodeText, encodeText } from '../go/text.ts';
import type { Directive, EscapeToken, Heredoc, Word } from './ast.ts';
import { skipSpace, trimSpaceRange } from './blanks.ts';
import { cutInstruction } from './cut-instruction.ts';
import type { Diagnostic } from './diagnostic.ts';
import { createDirectiveReader } from './directives.ts';
import { findHeredocs, type HeredocMark } from './heredoc.ts';
import { bufferEnd, lineTooLong, maxLineLength } from './line-limit.ts';
import { sourceEnd, sourceOffset } from './logical-line.ts';
import { explainMissingEnd } from './missed-heredoc.ts';
import type { SourceRange } from './source.ts';
import * as tokens from './tokens.ts';

/** A problem that the reference meets while it divides the file into instructions. */
export interface LexProblem {
  /** Start of the instruction or line it belongs to. */
  readonly at: number;
  readonly diagnostic: Diagnostic;
}

export interface LexResult {
  /** All tokens; their images make up the text. */
  readonly tokens: readonly IToken[];
  /** Those the grammar is about. */
  readonly significant: readonly IToken[];
  readonly escape: EscapeToken;
  /** Number of lines read. */
  readonly lines: number;
  readonly problems: readonly LexProblem[];
}

/** Divides the text of a Dockerfile into tokens. */
export function lexDockerfile(text: string): LexResult {
  const lexer = new Lexer(text);
  lexer.run();
  const { tokens, significant, escape: escapeToken, lines, problems } = lexer;
  return { tokens, significant, escape: escapeToken, lines, problems };
}

interface Trivia {
  readonly type: TokenType;
  readonly start: number;
  readonly end: number;
}

class Lexer {
  readonly tokens: IToken[] = [];
  readonly significant: IToken[] = [];
  readonly problems: LexProblem[] = [];
  escape: EscapeToken = '\\';
  /** Number of the current line. */
  lines = 0;

  private readonly text: string;
  private readonly directives = createDirectiveReader('#');
  // The current line: where it starts, where its line break starts, and where the next one starts.
  private start = 0;
  private end = 0;
  private next = 0;
  private longLine: 'met' | 'begun' | undefined;

  constructor(text: string) {
    this.text = text;
  }

  run(): void {
    while (this.nextLine()) {
      if (this.lines === 1 && this.text.charCodeAt(0) === 0xfeff) {
        this.push(tokens.Bom, 0, 1);
        this.start = 1;
      }
      const first = skipSpace(this.text, this.start, this.end);
      this.readDirective(first);
      if (first === this.end) {
        this.pushBlank(this.start, this.end);
        this.pushNewline();
      } else if (this.text.charCodeAt(first) !== hash) this.readInstruction(first);
    }
    if (this.longLine) {
      if (this.next < this.text.length) this.push(tokens.Skipped, this.next, this.text.length);
      this.problem(this.next, this.lines, {
        code: 'line-too-long',
        message: `dockerfile line greater than max allowed size of ${maxLineLength}`,
        range: { start: this.text.lastIndexOf('\n', this.next - 1) + 1, end: endOfLine(this.text, this.next) },
        hint: 'Split the line, or keep the data in a file and COPY it; what follows was not read.',
      });
    }
  }

  /**
   * Goes to the next line; false at the end of the text or before a line that is too long. If asked again (it is for a
   * line that goes on in the one that is too long) it takes what the reference's scanner has in its buffer for a line.
   */
  private nextLine(): boolean {
    const start = this.next;
    if (start >= this.text.length || this.longLine === 'begun') return false;
    const newline = this.text.indexOf('\n', start);
    let next = newline < 0 ? this.text.length : newline + 1;
    if (lineTooLong(this.text, start, next)) {
      const isAskedAgain = this.longLine === 'met';
      this.longLine = isAskedAgain ? 'begun' : 'met';
      if (!isAskedAgain) return false;
      next = bufferEnd(this.text, start);
    }
    this.lines++;
    this.start = start;
    this.next = next;
    let end = next;
    while (end > start && isLineBreak(this.text.charCodeAt(end - 1))) end--;
    this.end = end;
    return true;
  }

  /** Reads a comment line as directive or comment; other lines end the directives. */
  private readDirective(first: number): void {
    const isComment = first < this.end && this.text.charCodeAt(first) === hash;
    let directive: Directive | undefined;
    if (!this.directives.done) {
      try {
        directive = this.takeDirective(first);
      } catch (error) {
        this.problem(this.start, this.lines - 1, {
          code: 'bad-directive',
          message: (error as Error).message,
          range: { start: first, end: this.end },
        });
      }
    }
    if (!isComment) return;
    this.pushBlank(this.start, first);
    if (directive) this.push(tokens.DirectiveLine, first, this.end, directive);
    else this.push(tokens.Comment, first, this.end, commentText(this.text, this.start, first, this.end));
    this.pushNewline();
  }

  private takeDirective(first: number): Directive | undefined {
    const found = this.directives.read(this.text, first, this.end);
    if (!found) return undefined;
    if (found.name === 'escape') {
      if (found.value !== '\\' && found.value !== '`')
        throw new Error(`invalid escape token '${found.value}' does not match \` or \\`);
      this.escape = found.value;
    }
    return { kind: 'directive', ...found, range: { start: first, end: this.end }, line: this.lines };
  }

  /** Reads an instruction that starts at `first` on the current line, and its here-documents. */
  private readInstruction(first: number): void {
    const start = this.start;
    const lines = { start: this.lines, end: this.lines };
    const { line, trivia, end, isBrokenOff, emptyLine } = this.joinLines(first);
    if (emptyLine)
      this.problems.push({
        at: first,
        diagnostic: emptyContinuation(line.text, emptyLine, this.lines),
      });

    const instruction = cutInstruction(line.text, this.escape);
    const emitter = new Emitter(this, start, trivia);
    lines.end = this.lines;
    for (const { type, text, start: from, end: to, name } of instruction.cuts) {
      const range = { start: sourceOffset(line, from), end: to > from ? sourceEnd(line, to) : sourceOffset(line, to) };
      const word: Word = { text, range };
      const head: tokens.InstructionHead | undefined =
        name === undefined ? undefined : { name, word, original: line.text, lines, start: first, end };
      emitter.emit(type, range.start, range.end, head ?? word);
    }
    emitter.fill(end);
    this.push(tokens.EndOfInstruction, isBrokenOff ? end : this.end, isBrokenOff ? end : this.next);

    if (!instruction.canHaveHeredocs || !line.text.includes('<<')) return;
    try {
      for (const mark of findHeredocs(line.text)) {
        const [content, firstLine] = [this.next, this.lines + 1];
        if (this.readHeredoc(mark)) continue;
        this.problem(
          first,
          lines.start,
          {
            code: 'unterminated-heredoc',
            message: 'unterminated heredoc',
            range: findMark(this.text, first, end, mark),
            hint: explainMissingEnd(mark, firstLine, this.text.slice(content)),
          },
          this.lines,
        );
        break;
      }
    } catch (error) {
      this.problem(
        first,
        lines.start,
        { code: 'bad-heredoc-name', message: (error as Error).message, range: { start: first, end } },
        this.lines,
      );
    }
    lines.end = this.lines;
  }

  /** Joins the current line with those it continues on. Afterwards the last of them is the current one. */
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
      text = joinParts(text, part);
      starts.push(Math.max(starts.at(-1) ?? 0, text.length - part.length));
      offsets.push(from);
      if (continuation < 0) return { line: { text, starts, offsets }, trivia, end, isBrokenOff: false, emptyLine };
      trivia.push({ type: tokens.Continuation, start: continuation, end: this.next });
      let interruption: Trivia | undefined;
      do {
        if (interruption) trivia.push(interruption);
        if (!this.nextLine()) {
          const last = trivia.at(-1)!;
          return { line: { text, starts, offsets }, trivia, end: last.end, isBrokenOff: true, emptyLine };
        }
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

  /** Reads the content of a here-document; false if its end is missing. */
  private readHeredoc(mark: HeredocMark): boolean {
    const start = this.next;
    let end = start;
    let found = false;
    while (!found && this.nextLine()) {
      let first = this.start;
      if (mark.chomp) while (this.text.charCodeAt(first) === tab) first++;
      found = this.end - first === mark.name.length && this.text.startsWith(mark.name, first);
      end = found ? this.start : this.next;
    }
    const heredoc: Heredoc = { ...mark, content: this.text.slice(start, end), contentRange: { start, end } };
    this.push(tokens.HeredocBody, start, end, heredoc);
    if (!found) return false;
    this.push(tokens.HeredocEnd, this.start, this.end);
    this.pushNewline();
    return true;
  }

  private problem(
    at: number,
    line: number,
    found: Pick<Diagnostic, 'code' | 'message' | 'range' | 'hint'>,
    lastLine = line,
  ): void {
    const diagnostic: Diagnostic = { severity: 'error', locations: [{ start: line, end: lastLine }], ...found };
    this.problems.push({ at, diagnostic });
  }

  push(type: TokenType, start: number, end: number, payload?: unknown): void {
    const token = tokens.createDockerfileToken(type, this.text, start, end, payload);
    this.tokens.push(token);
    if (!tokens.isTrivia(type)) this.significant.push(token);
  }

  pushBlank(start: number, end: number): void {
    if (end > start) this.push(tokens.Blank, start, end);
  }

  private pushNewline(): void {
    if (this.next > this.end) this.push(tokens.Newline, this.end, this.next);
  }
}

/** Makes the tokens of an instruction, with what stands between them and between its lines. */
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

  /** Makes a token; what of it stands on further lines becomes tokens of its own. */
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

/** The range of a here-document's mark in its instruction; that of the instruction where it is written otherwise. */
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

/**
 * Offset of the escape that continues the line `text[start, end)`, -1 if there is none: the last character, blanks and
 * tabs aside, if it does not follow another escape.
 */
function findContinuation(text: string, start: number, end: number, escapeToken: EscapeToken): number {
  let at = end - 1;
  while (at >= start && (text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === tab)) at--;
  if (at < start || text[at] !== escapeToken) return -1;
  return at > start && text[at - 1] === escapeToken ? -1 : at;
}

const strayBytes = /^[\udc80-\udcff]{1,3}/u;
const strayBytesAtEnd = /[\udc80-\udcff]{1,3}$/u;

/** Joins the parts of a line. Bytes that are no UTF-8 on either side may well be a character together. */
function joinParts(text: string, part: string): string {
  const head = strayBytes.exec(part)?.[0];
  const tail = head && strayBytesAtEnd.exec(text.slice(-4))?.[0];
  if (!head || !tail) return text + part;
  return text.slice(0, -tail.length) + decodeText(encodeText(tail + head)) + part.slice(head.length);
}

/** The text of the comment line `text[start, end)`, whose mark is at `first`: the reference drops the first byte. */
function commentText(text: string, start: number, first: number, end: number): string {
  if (first === start || text.charCodeAt(start) < 0x80) {
    const [from, to] = trimSpaceRange(text, start + 1, end);
    return text.slice(from, to);
  }
  const rest = decodeText(encodeText(text.slice(start, end)).subarray(1));
  const [from, to] = trimSpaceRange(rest, 0, rest.length);
  return rest.slice(from, to);
}

function emptyContinuation(line: string, { start, end }: Trivia, lastLine: number): Diagnostic {
  return {
    code: 'NoEmptyContinuation',
    severity: 'warning',
    message: `Empty continuation line found in: ${line}`,
    range: { start, end },
    locations: [{ start: lastLine, end: lastLine }],
    url: 'https://docs.docker.com/go/dockerfile/rule/no-empty-continuation/',
    hint: 'Remove the empty line, or make it a comment.',
  };
}
