/** Reads the instruction of an ONBUILD where it stands in the file, for what looks at its text. */
import type { Dockerfile, Instruction, OnbuildInstruction } from './ast.ts';
import { readInstruction } from './build-ast.ts';
import { lexInPieces } from './lexer.ts';
import { parseTokens } from './parse.ts';
import { moveInstruction } from './reparse.ts';

/** The instruction that an ONBUILD stores, with its places in the file. */
export function triggerOf(
  { source, escape: escapeToken }: Pick<Dockerfile, 'source' | 'escape'>,
  { range, keywordRange, lines }: OnbuildInstruction,
): Instruction | undefined {
  const keyword = ' '.repeat(keywordRange.end - range.start);
  const text = keyword + source.text.slice(keywordRange.end, range.end);
  const from = { offset: 0, linesBefore: 0, escape: escapeToken };
  for (const piece of lexInPieces(text, { from, pieceSize: 1 }).pieces()) {
    const [node] = parseTokens(piece).instructions;
    if (node) return moveInstruction(readInstruction(node).instruction, range.start, lines.start - 1);
  }
  return undefined;
}
