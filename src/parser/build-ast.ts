/** Makes the abstract syntax tree from concrete syntax: reads each instruction and divides the file into stages. */

import { type Diagnostic, DiagnosticError, diagnosticError, errorDiagnostic } from '../diagnostic/diagnostic.ts';
import type { LineRange, SourceFile } from '../diagnostic/source-file.ts';
import { toLower } from '../go/unicode.ts';
import { didYouMean } from '../text/suggest.ts';
import type {
  ArgInstruction,
  Dockerfile,
  Flag,
  FromInstruction,
  Instruction,
  InstructionBase,
  Stage,
  StageInstruction,
  Word,
} from './ast.ts';
import type { CstFile, CstInstruction } from './cst.ts';
import { explainDiagnostics } from './hints/explain-diagnostics.ts';
import type { InstructionInput, Problem } from './instructions/instruction-input.ts';
import { readers } from './instructions/readers.ts';
import { instructionNames } from './keywords.ts';
import type { LexResult } from './lexer.ts';
import { checkStructure } from './structure.ts';
import { trimSpaceRange } from './white-space.ts';

/** Every line of a file that is not a Dockerfile is an unknown instruction, so suggestions are limited. */
const maxSuggestions = 1000;

/** Builds the syntax tree of a file from the results of the lexer and the grammar. */
export function buildAst(source: SourceFile, lex: Omit<LexResult, 'tokens'>, cst: CstFile): Dockerfile {
  const structural = findStructuralProblems(lex, cst);
  const ruleProblems: Diagnostic[] = [];
  const instructions: Instruction[] = [];
  const metaArgs: ArgInstruction[] = [];
  const stages: { kind: 'stage'; name: string; from: FromInstruction; instructions: StageInstruction[] }[] = [];
  let isBroken = false;
  let isInStage = false;

  const tooLong = structural.find(({ code }) => code === 'line-too-long');
  for (const node of cst.instructions) {
    if (tooLong && node.head.start >= tooLong.range!.start) break; // The start of the line.
    const lines = node.head.lines;
    const problems: Problem[] = [];
    const isWellFormed = checkStructure(node).length === 0;
    const instruction = buildInstruction(node, problems, isWellFormed, ruleProblems.length < maxSuggestions);
    instructions.push(instruction);
    for (const problem of problems) ruleProblems.push(toDiagnostic(problem, lines));

    if (instruction.kind === 'from') {
      const name = instruction.as ? toLower(instruction.as.name.text) : '';
      stages.push({ kind: 'stage', name, from: instruction, instructions: [] });
      isInStage = true;
    } else if (instruction.kind === 'invalid') {
      // It may have been meant to begin a stage, so errors about stages could be false.
      isBroken = true;
      isInStage ||= node.head.name === 'from';
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
  const diagnostics = explainDiagnostics(source, cst, [...structural, ...ruleProblems]);
  return {
    kind: 'dockerfile',
    source,
    escape: lex.escape,
    directives: cst.directives,
    instructions,
    metaArgs,
    stages: stages satisfies Stage[],
    diagnostics,
  };
}

/** Builds the one instruction of a trigger. @throws DiagnosticError of the phase `triggers` */
export function buildTrigger(lex: Omit<LexResult, 'tokens'>, cst: CstFile, lines: LineRange): StageInstruction {
  const structural = findStructuralProblems(lex, cst).find(({ severity }) => severity === 'error');
  if (structural) throw inTrigger(structural);
  const [node, ...others] = cst.instructions;
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

/** Problems of the lexer and of the structure of instructions, in the order of the file. */
function findStructuralProblems(lex: Omit<LexResult, 'tokens'>, cst: CstFile): Diagnostic[] {
  const found: { at: number; diagnostic: Diagnostic }[] = [];
  for (const node of cst.instructions)
    for (const problem of checkStructure(node))
      found.push({ at: node.head.start, diagnostic: toDiagnostic(problem, node.head.lines) });
  for (const problem of lex.problems) found.push(problem);
  found.sort((a, b) => a.at - b.at);
  const diagnostics = found.map(({ diagnostic }) => diagnostic);
  if (cst.instructions.length > 0) return diagnostics;

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
    const suggestion = isSuggesting ? didYouMean(text, instructionNames, false) : '';
    const hint = 'If it belongs to the line above, that line must end with the escape character.';
    const problem: Problem = {
      code: 'unknown-instruction',
      message: `unknown instruction: ${text}${suggestion}`,
      range,
    };
    input.report(suggestion === '' ? { ...problem, hint } : problem);
  }
  const instruction = isWellFormed ? read?.(input) : undefined;
  return instruction && problems.length === 0 ? instruction : { kind: 'invalid', ...input.base };
}

function createInput(node: CstInstruction, problems: Problem[]): InstructionInput {
  const { head, heredocs } = node;
  const words = argumentWords(node);
  const base: InstructionBase = {
    keyword: head.word.text,
    keywordRange: head.word.range,
    range: { start: head.word.range.start, end: heredocs.at(-1)?.end ?? head.end },
    lines: head.lines,
    code: trimmed(head.original),
    comments: head.comments,
    flags: node.flags.map(readFlag),
  };
  const [first] = words;
  const last = words.at(-1);
  return {
    base,
    cst: node,
    words,
    isJson: isJson(node),
    heredocs: heredocs.map(({ heredoc }) => heredoc),
    argumentsRange: first && last ? { start: first.range.start, end: last.range.end } : head.word.range,
    report(problem) {
      problems.push(problem);
      return undefined;
    },
  };
}

function trimmed(text: string): string {
  const [from, to] = trimSpaceRange(text, 0, text.length);
  return text.slice(from, to);
}

/** The words of the arguments in order, without JSON's brackets and the separators of keys and values. */
function argumentWords({ arguments: parts }: CstInstruction): Word[] {
  switch (parts.form) {
    case 'from':
      return [parts.image, parts.as, parts.name, ...parts.extra].filter((word) => word !== undefined);
    case 'words':
      return [...parts.words];
    case 'json':
      return [...parts.strings];
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
  const equals = text.indexOf('=');
  return {
    name: text.slice(2, equals < 0 ? undefined : equals),
    value: equals < 0 ? undefined : text.slice(equals + 1),
    range,
  };
}
