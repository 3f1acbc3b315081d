/** The rules that need only the syntax tree. */
import { toLower } from '../go/unicode.ts';
import type { ArgInstruction, Dockerfile, FromInstruction, Instruction, Stage, Word } from '../parser/ast.ts';
import type { Linter } from './linter.ts';
import { checkConsistentInstructionCasing } from './rules/consistent-instruction-casing.ts';
import { checkDuplicateStageName } from './rules/duplicate-stage-name.ts';
import { checkFromAsCasing } from './rules/from-as-casing.ts';
import { checkInvalidDefinitionDescription } from './rules/invalid-definition-description.ts';
import { checkMaintainerDeprecated } from './rules/maintainer-deprecated.ts';
import { checkNoEmptyContinuation } from './rules/no-empty-continuation.ts';
import { checkReservedStageName } from './rules/reserved-stage-name.ts';
import { checkStageNameCasing } from './rules/stage-name-casing.ts';

/**
 * Runs the syntax rules. If the file has an error, only findings before it are reported, and no finding at all if
 * the file cannot be divided into instructions.
 *
 * @param passIfDue pauses for other work if it is due: a file may have 200,000 instructions
 * @param shellText instructions that are rather text of a shell, whose casing says nothing; none by default
 */
export async function checkSyntax(
  dockerfile: Dockerfile,
  linter: Linter,
  passIfDue: () => Promise<void> | undefined,
  shellText: ReadonlySet<Instruction> = new Set(),
): Promise<void> {
  const [error] = dockerfile.diagnostics;
  if (error?.phase === 'structure') return;

  checkNoEmptyContinuation(linter, dockerfile.emptyContinuations);
  const errorLine = error?.lines[0]?.start;
  for (const instruction of dockerfile.instructions) {
    checkInstruction(instruction, linter.withComments(instruction.comments));
    const turn = passIfDue();
    if (turn) await turn;
    if (error && (instruction.kind === 'invalid' || instruction.lines.start === errorLine)) return;
  }
  if (error) return;

  checkStageNames(dockerfile.stages, linter);
  checkConsistentInstructionCasing(linter, dockerfile.stages, shellText);
}

function checkInstruction(instruction: Instruction, linter: Linter): void {
  switch (instruction.kind) {
    case 'from': {
      const { as } = instruction;
      if (as) fromWords(instruction, [instruction.image, as.keyword, as.name], linter);
      stageDescription(instruction, linter);
      break;
    }
    case 'arg':
      argDescription(instruction, linter);
      break;
    case 'maintainer':
      checkMaintainerDeprecated(linter, instruction);
      break;
    case 'invalid':
      // These rules report before the instruction is parsed.
      if (/^maintainer$/i.test(instruction.keyword)) checkMaintainerDeprecated(linter, instruction);
      if (/^from$/i.test(instruction.keyword)) fromWords(instruction, fromArguments(instruction.code), linter);
      break;
  }
}

/** A word, with its range if it is known. */
type WrittenWord = Pick<Word, 'text'> & Partial<Word>;

/** The words after FROM and its flags. */
function fromArguments(code: string): WrittenWord[] {
  const words = code.split(/[\t\v\f\r \u0085\u00a0]+/).filter((word) => word !== '');
  const first = words.findIndex((word, at) => at > 0 && (!word.startsWith('--') || word === '--'));
  if (first < 0) return [];
  return words.slice(words[first] === '--' ? first + 1 : first).map((text) => ({ text }));
}

/** @param words all words after the flags */
function fromWords({ keyword, lines }: Instruction, words: readonly WrittenWord[], linter: Linter): void {
  const [, as, name] = words;
  if (as === undefined || name === undefined) return;
  if (words.length === 3) checkStageNameCasing(linter, { lines, range: name.range }, name.text);
  checkFromAsCasing(linter, { lines, range: as.range }, keyword, as.text);
}

function stageDescription(from: FromInstruction, linter: Linter): void {
  if (from.as) checkInvalidDefinitionDescription(linter, from, 'FROM', [toLower(from.as.name.text)]);
}

function argDescription(arg: ArgInstruction, linter: Linter): void {
  const keys = arg.args.map(({ key }) => key);
  checkInvalidDefinitionDescription(linter, arg, 'ARG', keys);
}

function checkStageNames(stages: readonly Stage[], linter: Linter): void {
  const seen = new Set<string>();
  for (const stage of stages) {
    if (stage.name === '') continue;
    checkReservedStageName(linter, stage);
    checkDuplicateStageName(linter, stage, seen);
    seen.add(stage.name);
  }
}
