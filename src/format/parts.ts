/**
 * Cuts a Dockerfile into the parts that are laid out one below the other: lines between instructions, and instructions.
 */
import type { IToken } from 'chevrotain';
import type { InstructionHead } from '../parser/tokens.ts';
import * as tokens from '../parser/tokens.ts';

/** A line between instructions, or an instruction with its here-documents. */
export type Part = BlankLine | Line | InstructionPart | Verbatim;

interface BlankLine {
  readonly kind: 'blank';
  /** The text with its line break, as in all parts. */
  readonly source: string;
}

/** A comment or a directive, without its line break. */
interface Line {
  readonly kind: 'comment' | 'directive';
  readonly source: string;
  /** The text from the `#` on. */
  readonly text: string;
}

/** An instruction with its here-documents. */
export interface InstructionPart {
  readonly kind: 'instruction';
  readonly source: string;
  readonly head: InstructionHead;
  /** The tokens from the keyword to the last before the line break. */
  readonly tokens: readonly IToken[];
  /** The contents of here-documents, each followed by the line that ends it. */
  readonly heredocs: readonly IToken[];
}

/** What is left as it is. */
interface Verbatim {
  readonly kind: 'verbatim';
  readonly source: string;
  /** Whether a stage begins with it. */
  readonly isFrom: boolean;
}

/**
 * The parts of a file without errors; their sources, joined, are the text after the byte order mark.
 *
 * @param all the tokens of the text
 */
export function cutParts(text: string, all: readonly IToken[]): readonly Part[] {
  const parts: Part[] = [];
  let at = all[0]?.tokenType === tokens.Bom ? 1 : 0;
  const take = () => all[at++]!;
  const is = (type: IToken['tokenType']) => all[at]?.tokenType === type;
  const sourceFrom = (first: number) => text.slice(all[first]!.startOffset, all[at - 1]!.endOffset! + 1);
  while (at < all.length) {
    const first = at;
    if (is(tokens.Blank)) at++;
    if (at === all.length) parts.push({ kind: 'blank', source: sourceFrom(first) });
    else if (is(tokens.Newline)) {
      at++;
      parts.push({ kind: 'blank', source: sourceFrom(first) });
    } else if (is(tokens.Comment) || is(tokens.DirectiveLine)) {
      const { tokenType, image } = take();
      if (is(tokens.Newline)) at++;
      const kind = tokenType === tokens.Comment ? 'comment' : 'directive';
      parts.push({ kind, source: sourceFrom(first), text: image });
    } else {
      const begin = at;
      while (!is(tokens.EndOfInstruction)) at++;
      const own = all.slice(begin, at++);
      const heredocs: IToken[] = [];
      while (is(tokens.HeredocBody) || is(tokens.HeredocEnd)) {
        heredocs.push(take());
        if (heredocs.at(-1)!.tokenType === tokens.HeredocEnd && is(tokens.Newline)) at++;
      }
      const source = sourceFrom(first);
      const keyword = own.find(({ tokenType }) => !tokens.isTrivia(tokenType))!;
      const head = keyword.payload as InstructionHead;
      // Before the keyword there may be a line with an escape alone.
      if (keyword !== own[0]) parts.push({ kind: 'verbatim', source, isFrom: head.name === 'from' });
      else parts.push({ kind: 'instruction', source, head, tokens: own, heredocs });
    }
  }
  return parts;
}

/**
 * Whether a comment would be a directive in another place: without the blanks before it, or without the empty line
 * above it. Such a comment is left where it is.
 */
export function looksLikeDirective(part: Part): boolean {
  return part.kind === 'directive' || (part.kind === 'comment' && /^#\s*(?:syntax|escape|check)\s*=/i.test(part.text));
}
