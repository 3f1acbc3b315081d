/** The rules that need nothing but the syntax tree. */
import { toLower, toUpper } from '../go/unicode.ts';
import type { ArgInstruction, Dockerfile, FromInstruction, Instruction, Stage } from '../parser/ast.ts';
import type { Linter } from './linter.ts';
import * as rules from './rules.ts';

/**
 * Runs the syntax rules. Where the file has an error, only what comes before it is reported, and nothing at all when
 * the error keeps the file from being divided into instructions.
 */
export function checkSyntax(dockerfile: Dockerfile, linter: Linter): void {
  const error = dockerfile.diagnostics.find((diagnostic) => diagnostic.severity === 'error');
  if (error && !isInstructionError(error.message)) return;

  emptyContinuations(dockerfile, linter);
  const errorLine = error?.locations[0]?.start;
  for (const instruction of dockerfile.instructions) {
    checkInstruction(instruction, linter.withComments(instruction.comments));
    if (instruction.kind === 'invalid' || instruction.lines.start === errorLine) return;
  }
  if (error) return;

  stageNames(dockerfile.stages, linter);
  instructionCasing(dockerfile.stages, linter);
}

/** Errors of single instructions are found after the whole file was divided, and are known by their wording. */
function isInstructionError(message: string): boolean {
  return message.startsWith('dockerfile parse error on line ') || message === 'no build stage in current context';
}

function emptyContinuations(dockerfile: Dockerfile, linter: Linter): void {
  const { name } = rules.noEmptyContinuation;
  for (const { code, locations } of dockerfile.diagnostics)
    if (code === name) linter.run(rules.noEmptyContinuation, locations[0], rules.noEmptyContinuation.format());
}

function checkInstruction(instruction: Instruction, linter: Linter): void {
  switch (instruction.kind) {
    case 'from': {
      const { as } = instruction;
      if (as) fromWords(instruction, [instruction.image.text, as.keyword.text, as.name.text], linter);
      stageDescription(instruction, linter);
      break;
    }
    case 'arg':
      argDescription(instruction, linter);
      break;
    case 'maintainer':
      maintainer(instruction, linter);
      break;
    case 'invalid':
      // These rules speak before the instruction is understood.
      if (/^maintainer$/i.test(instruction.keyword)) maintainer(instruction, linter);
      if (/^from$/i.test(instruction.keyword)) fromWords(instruction, fromArguments(instruction.code), linter);
      break;
  }
}

/** What follows FROM and its flags, split at blanks. */
function fromArguments(code: string): string[] {
  const words = code.split(/[\t\v\f\r \u0085\u00a0]+/).filter((word) => word !== '');
  const first = words.findIndex((word, at) => at > 0 && (!word.startsWith('--') || word === '--'));
  if (first < 0) return [];
  return words.slice(words[first] === '--' ? first + 1 : first);
}

function maintainer(instruction: Instruction, linter: Linter): void {
  linter.run(rules.maintainerDeprecated, instruction.lines, rules.maintainerDeprecated.format());
}

function fromWords({ keyword, lines }: Instruction, words: readonly string[], linter: Linter): void {
  const [, as, name] = words;
  if (as === undefined || name === undefined) return;
  if (words.length === 3 && name !== toLower(name))
    linter.run(rules.stageNameCasing, lines, rules.stageNameCasing.format(name));

  // A FROM in mixed case is the business of ConsistentInstructionCasing.
  const wanted = keyword === toLower(keyword) ? toLower(as) : keyword === toUpper(keyword) ? toUpper(as) : as;
  if (as !== wanted) linter.run(rules.fromAsCasing, lines, rules.fromAsCasing.format(keyword, as));
}

function stageDescription(from: FromInstruction, linter: Linter): void {
  if (from.as) definitionDescription(from, 'FROM', [toLower(from.as.name.text)], linter);
}

function argDescription(arg: ArgInstruction, linter: Linter): void {
  const keys = arg.args.map(({ key }) => key);
  definitionDescription(arg, 'ARG', keys, linter);
}

function definitionDescription(
  { comments, lines }: Instruction,
  instruction: 'FROM' | 'ARG',
  names: readonly string[],
  linter: Linter,
): void {
  const comment = comments.at(-1);
  if (comment === undefined || names.length === 0) return;
  if (names.includes(comment.split(' ', 1)[0]!)) return;
  const example = names.length > 1 ? '<arg_key>' : names[0]!;
  linter.run(
    rules.invalidDefinitionDescription,
    lines,
    rules.invalidDefinitionDescription.format(instruction, example),
  );
}

const reservedNames: ReadonlySet<string> = new Set(['context', 'scratch']);

function stageNames(stages: readonly Stage[], linter: Linter): void {
  const seen = new Set<string>();
  for (const { name, from } of stages) {
    if (name === '') continue;
    if (reservedNames.has(name)) linter.run(rules.reservedStageName, from.lines, rules.reservedStageName.format(name));
    if (seen.has(name)) linter.run(rules.duplicateStageName, from.lines, rules.duplicateStageName.format(name));
    seen.add(name);
  }
}

/** Keywords shall be in the casing that most of them have; ARGs before the first FROM do not count. */
function instructionCasing(stages: readonly Stage[], linter: Linter): void {
  const instructions = stages.flatMap((stage): Instruction[] => [stage.from, ...stage.instructions]);
  let lower = 0;
  let upper = 0;
  for (const { keyword } of instructions) {
    if (keyword === toLower(keyword)) lower++;
    else if (keyword === toUpper(keyword)) upper++;
  }
  const isLower = lower > upper;
  for (const { keyword, lines } of instructions) {
    if (keyword === (isLower ? toLower(keyword) : toUpper(keyword))) continue;
    const message = rules.consistentInstructionCasing.format(keyword, isLower ? 'lowercase' : 'uppercase');
    linter.run(rules.consistentInstructionCasing, lines, message);
  }
}
