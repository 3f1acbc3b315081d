/** Cuts an instruction into its words and what stands between them. */
import type { IToken, TokenType } from 'chevrotain';
import type { EscapeToken } from '../parser/ast.ts';
import * as tokens from '../parser/tokens.ts';
import { skipSpaceBack, trimmedSlice } from '../parser/white-space.ts';

/** What the whole file decides. */
export interface FileStyle {
  /** The line break. */
  readonly lineBreak: '\n' | '\r\n';
  readonly escapeToken: EscapeToken;
}

/** A word as it is written, with the continuations inside it. */
export interface Word {
  readonly type: TokenType;
  /** With its continuations in the form of the file. */
  readonly text: string;
  /** The blanks with which its second line begins; undefined for a word on one line. */
  readonly indentation: string | undefined;
  /** What stands before it. */
  readonly gap: Gap;
}

/** What stands between two words. */
export interface Gap {
  /** As it is, with continuations in the form of the file. */
  readonly source: string;
  /**
   * Whether it has only blanks, tabs and continuations: an escape without meaning, `--` and odd blanks are left alone.
   */
  readonly isPlain: boolean;
  readonly hasBlank: boolean;
  readonly hasBreak: boolean;
  /** The blanks at the beginning of its last line; undefined if it has no continuation. */
  readonly indentation: string | undefined;
  /** Comments between the lines, without the blanks around them. */
  readonly comments: readonly string[];
}

/** Joins the tokens of words and what stands between them. */
export function cutWords(all: readonly IToken[], style: FileStyle): { words: readonly Word[]; end: Gap } {
  const words: Word[] = [];
  let gap: IToken[] = [];
  for (let at = 0; at < all.length; at++) {
    const token = all[at]!;
    if (tokens.isTrivia(token.tokenType)) {
      gap.push(token);
      continue;
    }
    let text = token.image;
    let blanks: string | undefined;
    for (let end = partEnd(all, at); end > at; end = partEnd(all, at)) {
      for (const inner of all.slice(at + 1, end)) text += triviaText(inner, style);
      const continued = all[end]!.image;
      blanks ??= /^[ \t]*/.exec(continued)![0];
      text += continued;
      at = end;
    }
    words.push({ type: token.tokenType, text, indentation: blanks, gap: readGap(gap, style) });
    gap = [];
  }
  return { words, end: readGap(gap, style) };
}

/** The place of the next part of the word whose last part is at `at`; `at` if it is the last of all. */
function partEnd(all: readonly IToken[], at: number): number {
  let next = at + 1;
  while (all[next]?.tokenType === tokens.Continuation || all[next]?.tokenType === tokens.Interruption) next++;
  return next > at + 1 && all[next]?.tokenType === tokens.Continued ? next : at;
}

/**
 * A continuation without the blanks after its escape, or a comment without those at its end; nothing for an empty
 * line.
 */
function triviaText({ tokenType, image }: IToken, { lineBreak, escapeToken }: FileStyle): string {
  if (tokenType === tokens.Continuation) return escapeToken + lineBreak;
  if (tokenType !== tokens.Interruption) return image;
  const comment = image.slice(0, skipSpaceBack(image, 0, image.length));
  return comment === '' ? '' : comment + lineBreak;
}

function readGap(trivia: readonly IToken[], style: FileStyle): Gap {
  const blanks = trivia.filter(({ tokenType }) => tokenType === tokens.Blank);
  const comments = trivia
    .filter(({ tokenType }) => tokenType === tokens.Interruption)
    .map(({ image }) => trimmedSlice(image, 0, image.length));
  return {
    source: trivia.map((token) => triviaText(token, style)).join(''),
    isPlain: blanks.every(({ image }) => /^[ \t]*$/.test(image)),
    hasBlank: blanks.length > 0,
    hasBreak: trivia.some(({ tokenType }) => tokenType === tokens.Continuation),
    indentation: lastIndentation(trivia),
    comments: comments.filter((comment) => comment !== ''),
  };
}

function lastIndentation(trivia: readonly IToken[]): string | undefined {
  const last = trivia.findLastIndex(({ tokenType }) => tokenType !== tokens.Blank);
  if (last < 0) return undefined;
  return trivia
    .slice(last + 1)
    .map(({ image }) => image)
    .join('');
}
