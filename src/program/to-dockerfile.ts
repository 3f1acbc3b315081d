/**
 * Makes the syntax tree of a Dockerfile from the graph of a build program, with places in the program: whatever reads
 * Dockerfiles then works on programs. The graph comes from the program, so nothing in it is trusted.
 */
import type { GraphJson, InstructionJson, Place, StageJson } from '../build-program/protocol.ts';
import { type Diagnostic, errorDiagnostic } from '../diagnostic/diagnostic.ts';
import { type LineRange, linesRange, type SourceFile, type SourceRange } from '../diagnostic/source-file.ts';
import type {
  Dockerfile,
  Heredoc,
  Instruction,
  InstructionBase,
  Stage,
  StageInstruction,
  Word,
} from '../parser/ast.ts';
import type { CstArguments, CstInstruction } from '../parser/cst.ts';
import type { InstructionInput, Problem } from '../parser/instructions/instruction-input.ts';
import { readers } from '../parser/instructions/readers.ts';

/** The lines of the innermost place that is known. */
export type Locate = (places: readonly Place[]) => LineRange;

/**
 * @param file the text of the program, in which `locate` gives lines
 * @param descriptions of stages, by name
 */
export function toDockerfile(
  { stages: given, target }: GraphJson,
  file: SourceFile,
  locate: Locate,
  descriptions: ReadonlyMap<string, string>,
): Dockerfile {
  const diagnostics: Diagnostic[] = [];
  const instructions: Instruction[] = [];
  const stages: Stage[] = [];
  const read = (json: InstructionJson) => {
    const instruction = readInstruction(json, file, locate(json.places), diagnostics);
    instructions.push(instruction);
    return instruction;
  };
  for (const stage of [
    ...given.filter(({ name }) => name !== target),
    ...given.filter(({ name }) => name === target),
  ]) {
    const from = read(fromJson(stage));
    if (from.kind !== 'from') continue;
    const docComment = descriptions.get(stage.name) ?? '';
    stages.push({
      kind: 'stage',
      name: stage.name,
      from: { ...from, docComment },
      instructions: stage.instructions.map(read).filter(isInStage),
    });
  }
  return {
    kind: 'dockerfile',
    source: file,
    escape: '\\',
    directives: [],
    instructions,
    metaArgs: [],
    stages,
    diagnostics,
    emptyContinuations: [],
  };
}

const isInStage = (instruction: Instruction): instruction is StageInstruction =>
  instruction.kind !== 'from' && instruction.kind !== 'invalid';

function fromJson({ name, base, platform, places }: StageJson): InstructionJson {
  const flags = platform === '' ? [] : [['platform', platform] as const];
  const flag = platform === '' ? '' : `--platform=${platform} `;
  return { name: 'from', code: `FROM ${flag}${base} AS ${name}`, flags, words: [base, 'AS', name], places };
}

function readInstruction(
  json: InstructionJson,
  file: SourceFile,
  lines: LineRange,
  diagnostics: Diagnostic[],
): Instruction {
  const range = linesRange(file, lines);
  const base: InstructionBase = {
    keyword: json.name.toUpperCase(),
    keywordRange: range,
    range,
    lines,
    code: json.code,
    comments: [],
    flags: json.flags.map(([name, value]) => ({ name, value, range })),
  };
  const problems: Problem[] = [];
  const instruction = readers.get(json.name)?.(inputOf(json, base, problems));
  for (const { code, message, hint } of problems)
    diagnostics.push(errorDiagnostic(code, message, { range, lines: [lines], hint, phase: 'build' }));
  return instruction && problems.length === 0 ? instruction : { kind: 'invalid', ...base };
}

function inputOf(json: InstructionJson, base: InstructionBase, problems: Problem[]): InstructionInput {
  const { range } = base;
  const word = (text: string): Word => ({ text, range });
  const words = json.words.map(word);
  const heredocs = (json.heredocs ?? []).map(
    ({ name, content, expand }): Heredoc => ({
      name,
      content,
      expand,
      fileDescriptor: 0,
      chomp: false,
      contentRange: range,
    }),
  );
  return {
    base,
    cst: syntaxOf(json, base, words),
    words,
    isJson: json.isJson === true,
    heredocs,
    report(problem) {
      problems.push(problem);
      return undefined;
    },
  };
}

/** The concrete syntax, as far as the readers look at it. */
function syntaxOf(json: InstructionJson, base: InstructionBase, words: readonly Word[]): CstInstruction {
  const { range, lines } = base;
  const head = (text: string) => ({
    word: { text, range },
    name: json.name,
    start: range.start,
    end: range.end,
    lines,
    original: `${base.keyword} ${json.words[0] ?? ''}`,
    comments: [],
  });
  return { head: head(base.keyword), flags: [], arguments: argumentsOf(json, words, range, head), heredocs: [] };
}

function argumentsOf(
  json: InstructionJson,
  words: readonly Word[],
  range: SourceRange,
  head: (text: string) => CstInstruction['head'],
): CstArguments {
  const word = (text: string): Word => ({ text, range });
  if (json.pairs)
    return {
      form: 'pairs',
      pairs: json.pairs.map(([key, value]) => ({
        key: word(key),
        equals: value === undefined ? undefined : word('='),
        value: value === undefined ? undefined : word(value),
      })),
    };
  if (json.name === 'from')
    return { form: 'from', image: words[0], as: words[1], name: words[2], extra: words.slice(3) };
  if (json.name === 'onbuild') {
    const [, keyword = ''] = /^\s*(\S*)/.exec(json.words[0] ?? '') ?? [];
    return {
      form: 'onbuild',
      instruction:
        keyword === ''
          ? undefined
          : { head: head(keyword), flags: [], arguments: { form: 'words', words: [] }, heredocs: [] },
    };
  }
  return { form: 'words', words };
}
