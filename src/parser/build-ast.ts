/** Makes the abstract syntax tree from concrete syntax: reads each instruction and divides the file into stages. */
import { type Diagnostic, DiagnosticError, diagnosticError, errorDiagnostic } from '../diagnostic/diagnostic.ts';
import type { LineRange, SourceFile } from '../diagnostic/source-file.ts';
import { splitAtFirst } from '../go/split-at-first.ts';
import { toLower } from '../go/unicode.ts';
import { suggest } from '../text/suggest.ts';
import type {
  ArgInstruction,
  Directive,
  Dockerfile,
  Flag,
  FromInstruction,
  Heredoc,
  Instruction,
  Stage,
  StageInstruction,
  Word,
} from './ast.ts';
import type { CstFile, CstInstruction } from './cst.ts';
import { explainDiagnostics } from './hints/explain-diagnostics.ts';
import type { InstructionInput, Problem } from './instructions/instruction-input.ts';
import { readers } from './instructions/readers.ts';
import { instructionNames, joinedKeyword } from './keywords.ts';
import type { LexFindings, LexProblem } from './lexer.ts';
import { checkStructure } from './structure.ts';
import { trimmedSlice } from './white-space.ts';

/** Every line of a file that is not a Dockerfile is an unknown instruction, so suggestions are limited. */
const maxSuggestions = 1000;

/** An instruction that was read on its own, with its problems. */
export interface ReadInstruction {
  /** The instruction. */
  readonly instruction: Instruction;
  /** Whether it was meant to be a FROM. */
  readonly isFrom: boolean;
  /** Problems of its structure. */
  readonly structural: readonly LexProblem[];
  /** Problems that its own rules find. */
  readonly problems: readonly Diagnostic[];
}

/** Reads an instruction, which depends on no other. @param isSuggesting whether an unknown one gets a suggestion */
export function readInstruction(node: CstInstruction, isSuggesting = true): ReadInstruction {
  const { head } = node;
  const found = checkStructure(node);
  const problems: Problem[] = [];
  const instruction = buildInstruction(node, problems, found.length === 0, isSuggesting);
  return {
    instruction,
    isFrom: head.name === 'from',
    structural: found.length === 0 ? noProblems : found.map((it) => structuralProblem(head, it)),
    problems: problems.length === 0 ? noDiagnostics : problems.map((it) => toDiagnostic(it, head.lines)),
  };
}

const noProblems: readonly LexProblem[] = [];
const noDiagnostics: readonly Diagnostic[] = [];

/** Builds the syntax tree of a file, whose concrete syntax comes in pieces. */
export interface AstBuilder {
  /** Adds the next piece. */
  add(piece: CstFile): void;
  /** Adds directives that were read before. */
  addDirectives(more: readonly Directive[]): void;
  /** Adds the next instruction, which was read before. */
  addInstruction(read: ReadInstruction): void;
  /**
   * Returns the tree.
   *
   * @param instructions gives the concrete syntax of all instructions once more, to explain errors
   */
  finish(source: SourceFile, instructions: () => Iterable<CstInstruction>): Dockerfile;
}

/** @param lex what the lexer has found in the pieces that are added, and at the end in all */
export function createAstBuilder(lex: LexFindings): AstBuilder {
  const structural: LexProblem[] = [];
  const ruleProblems: Diagnostic[] = [];
  const directives: Directive[] = [];
  const instructions: Instruction[] = [];
  const metaArgs: ArgInstruction[] = [];
  const stages: { kind: 'stage'; name: string; from: FromInstruction; instructions: StageInstruction[] }[] = [];
  let isBroken = false;
  let isInStage = false;

  function addInstruction({ instruction, isFrom, structural: found, problems }: ReadInstruction): void {
    const { lines } = instruction;
    for (const problem of found) structural.push(problem);
    instructions.push(instruction);
    for (const problem of problems) ruleProblems.push(problem);

    if (instruction.kind === 'from') {
      const name = instruction.as ? toLower(instruction.as.name.text) : '';
      stages.push({ kind: 'stage', name, from: instruction, instructions: [] });
      isInStage = true;
    } else if (instruction.kind === 'invalid') {
      // It may have been meant to begin a stage, so errors about stages could be false.
      isBroken = true;
      isInStage ||= isFrom;
    } else if (isInStage) stages.at(-1)?.instructions.push(instruction);
    else if (instruction.kind === 'arg') metaArgs.push(instruction);
    else if (!isBroken) {
      isBroken = true;
      ruleProblems.push(
        errorDiagnostic('no-stage', 'no build stage in current context', {
          range: instruction.keywordRange,
          lines: [lines],
          hint: 'Only ARG may come before the first FROM.',
        }),
      );
    }
  }

  return {
    add(piece) {
      directives.push(...piece.directives);
      const tooLong = startOfLongLine(lex);
      for (const node of piece.instructions) {
        if (node.head.start < tooLong) addInstruction(readInstruction(node, ruleProblems.length < maxSuggestions));
        else for (const problem of checkStructure(node)) structural.push(structuralProblem(node.head, problem));
      }
    },
    addDirectives: (more) => void directives.push(...more),
    addInstruction,
    finish(source, nodes) {
      const diagnostics = [...orderStructural(structural, lex, instructions.length === 0), ...ruleProblems];
      return {
        kind: 'dockerfile',
        source,
        escape: lex.escape,
        directives,
        instructions,
        metaArgs,
        stages: stages satisfies Stage[],
        diagnostics: explainDiagnostics(source, nodes, diagnostics),
        emptyContinuations: lex.emptyContinuations,
      };
    },
  };
}

/** Start of the line that is too long, which is the last that the lexer finds; infinity if no line is. */
function startOfLongLine({ problems }: LexFindings): number {
  const last = problems.at(-1)?.diagnostic;
  return last?.code === 'line-too-long' ? last.range!.start : Number.POSITIVE_INFINITY;
}

/** Builds the one instruction of a trigger. @throws DiagnosticError of the phase `triggers` */
export function buildTrigger(
  lex: LexFindings,
  instructions: readonly CstInstruction[],
  lines: LineRange,
): StageInstruction {
  const found: LexProblem[] = [];
  for (const node of instructions)
    for (const problem of checkStructure(node)) found.push(structuralProblem(node.head, problem));
  const [structural] = orderStructural(found, lex, instructions.length === 0);
  if (structural) throw inTrigger(structural);
  const [node, ...others] = instructions;
  if (!node || others.length > 0)
    throw diagnosticError('bad-trigger', 'onbuild trigger should be a single expression', { phase: 'triggers' });
  const problems: Problem[] = [];
  const instruction = buildInstruction({ ...node, head: { ...node.head, lines } }, problems, true);
  if (problems[0]) throw inTrigger(toDiagnostic(problems[0], lines));
  if (instruction.kind === 'from' || instruction.kind === 'invalid')
    throw diagnosticError('bad-trigger', '*instructions.Stage is not a command type', {
      phase: 'triggers',
      lines: [lines],
    });
  return instruction;
}

/** A problem in the structure of an instruction. */
function structuralProblem({ start, lines }: CstInstruction['head'], problem: Problem): LexProblem {
  return { at: start, diagnostic: toDiagnostic(problem, lines) };
}

/** Problems of the structure of instructions and of the lexer, in the order of the file. */
function orderStructural(structural: readonly LexProblem[], lex: LexFindings, isEmpty: boolean): Diagnostic[] {
  const found = [...structural, ...lex.problems].sort((a, b) => a.at - b.at);
  const diagnostics = found.map(({ diagnostic }) => diagnostic);
  if (!isEmpty) return diagnostics;

  const empty: Problem = {
    code: 'no-instructions',
    message: 'file with no instructions',
    range: { start: 0, end: 0 },
    hint: 'A Dockerfile begins with FROM.',
  };
  const emptyFile = toDiagnostic(empty, { start: lex.lines, end: lex.lines });
  // A line that is too long comes after this problem; other problems come first.
  const tooLong = diagnostics.findIndex(({ code }) => code === 'line-too-long');
  return tooLong < 0 ? [...diagnostics, emptyFile] : diagnostics.toSpliced(tooLong, 0, emptyFile);
}

function toDiagnostic({ code, message, ...details }: Problem, lines: LineRange): Diagnostic {
  return errorDiagnostic(code, message, { ...details, lines: [lines] });
}

/** The error of a trigger, without ranges: the trigger is not in this file. */
function inTrigger(diagnostic: Diagnostic): DiagnosticError {
  return new DiagnosticError([{ ...diagnostic, phase: 'triggers', range: undefined }]);
}

function buildInstruction(
  node: CstInstruction,
  problems: Problem[],
  isWellFormed: boolean,
  isSuggesting = true,
): Instruction {
  const input = createInput(node, problems);
  const read = readers.get(node.head.name);
  if (!read) {
    const { text, range } = node.head.word;
    const meant = isSuggesting ? suggest(text, instructionNames, false) : undefined;
    const message = `unknown instruction: ${text}${meant === undefined ? '' : ` (did you mean ${meant}?)`}`;
    const hint = meant === undefined ? unknownHint(text, input.base) : undefined;
    input.report({ code: 'unknown-instruction', message, range, facts: { name: text, meant }, hint });
  }
  const instruction = isWellFormed ? read?.(input) : undefined;
  return instruction && problems.length === 0 ? instruction : { kind: 'invalid', ...input.base };
}

/** What an unknown keyword probably is: one that its argument follows without a blank, or the rest of a command. */
function unknownHint(text: string, { lines }: InstructionInput['base']): string {
  const joined = joinedKeyword(text);
  if (joined !== undefined) return `If ${joined} is meant, put a space after it.`;
  if (lines.start === 1) return 'Correct the word: a line begins with the name of an instruction.';
  return 'If it belongs to the line above, that line must end with the escape character.';
}

const noFlags: readonly Flag[] = [];
const noHeredocs: readonly Heredoc[] = [];

function createInput(node: CstInstruction, problems: Problem[]): InstructionInput {
  const { head, flags, heredocs } = node;
  const { text, range } = head.word;
  return {
    base: {
      keyword: text,
      keywordRange: range,
      range: { start: range.start, end: heredocs.at(-1)?.end ?? head.end },
      lines: head.lines,
      code: trimmedSlice(head.original, 0, head.original.length),
      comments: head.comments,
      flags: flags.length === 0 ? noFlags : flags.map(readFlag),
    },
    cst: node,
    words: argumentWords(node),
    isJson: isJson(node),
    heredocs: heredocs.length === 0 ? noHeredocs : heredocs.map(({ heredoc }) => heredoc),
    report(problem) {
      problems.push(problem);
      return undefined;
    },
  };
}

/** The words of the arguments in order, without JSON's brackets and the separators of keys and values. */
function argumentWords({ arguments: parts }: CstInstruction): readonly Word[] {
  switch (parts.form) {
    case 'from':
      return [parts.image, parts.as, parts.name, ...parts.extra].filter((word) => word !== undefined);
    case 'words':
      return parts.words;
    case 'json':
      return parts.strings;
    case 'text':
      return parts.text ? [parts.text] : [];
    case 'healthcheck': {
      const command = parts.command.form === 'json' ? parts.command.strings : [parts.command.text];
      return [parts.type, ...command].filter((word) => word !== undefined);
    }
    case 'pairs':
      return parts.pairs.flatMap(({ key, value }) => [key, value].filter((word) => word !== undefined));
    case 'legacy-pair':
      return [parts.key, parts.value].filter((word) => word !== undefined);
    case 'onbuild':
      return parts.instruction ? [parts.instruction.head.word] : [];
  }
}

function isJson({ arguments: parts }: CstInstruction): boolean {
  return parts.form === 'json' || (parts.form === 'healthcheck' && parts.command.form === 'json');
}

function readFlag({ text, range }: Word): Flag {
  const [name, value] = splitAtFirst(text.slice(2), '=');
  return { name, value, range };
}
