/** Reads the instructions of a file that is being written in spite of their errors, for the features of an editor. */
import type { Instruction } from './ast.ts';
import { lexInPieces } from './lexer.ts';
import { parseTokens } from './parse.ts';
import { createGuesses, readNode } from './past-errors.ts';
import { type FileUnit, type ParsedUnits, unitsOf } from './reparse.ts';
import { shellLinesOf } from './shell-lines.ts';

/** The units of a file. In the place of those with errors are the instructions that were probably meant. */
export function unitsPastErrors(parsed: ParsedUnits): readonly FileUnit[] {
  const units = unitsOf(parsed);
  if (!units.some(isWrong)) return units;
  const { source, escape: escapeToken } = parsed;
  const guesses = createGuesses(
    shellLinesOf({ source, escape: escapeToken, instructions: units.map(instructionAtPlace) }),
  );
  const found: FileUnit[] = [];
  let isInStage = false;
  for (let index = 0; index < units.length; index++) {
    const unit = units[index]!;
    if (!isWrong(unit)) {
      found.push(unit);
      isInStage ||= unit.content.read.isFrom;
      continue;
    }
    let [start, firstLine] = [unit.start, unit.firstLine];
    const from = { offset: start, linesBefore: firstLine, escape: escapeToken };
    for (const { significant, offset, linesBefore } of lexInPieces(source.text, {
      from,
      pieceSize: 1,
      guesses,
    }).pieces()) {
      const [node] = parseTokens({ significant }).instructions;
      if (node) {
        const read = readNode(node, isInStage);
        isInStage ||= read.instruction.kind === 'from';
        const content = { ...noFindings, start, firstLine, read };
        found.push({ start, end: offset, firstLine, lastLine: linesBefore, content });
        [start, firstLine] = [offset, linesBefore];
      }
      // It may end after the unit: at the end of a here-document whose RUN is misspelled.
      while (units[index]!.end < offset && index < units.length - 1) index++;
      if (units[index]!.end <= offset) break;
    }
  }
  return found;
}

const noFindings = { directives: [], problems: [], emptyContinuations: [], mayMissHeredoc: false };

const isWrong = ({ content: { read, problems } }: FileUnit): boolean =>
  read.instruction.kind === 'invalid' || problems.some(({ diagnostic }) => diagnostic.code === 'unterminated-heredoc');

/** The instruction of a unit, with its own range alone at its place in this version of the file. */
function instructionAtPlace({ start, content }: FileUnit): Instruction {
  const { instruction } = content.read;
  const by = start - content.start;
  if (by === 0) return instruction;
  return { ...instruction, range: { start: instruction.range.start + by, end: instruction.range.end + by } };
}
