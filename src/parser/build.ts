/** Concrete to abstract syntax: applies the rules of each instruction and divides the file into stages. */

import { toLower } from '../go/unicode.ts';
import type {
  ArgInstruction,
  Dockerfile,
  Flag,
  FromInstruction,
  Instruction,
  Stage,
  StageInstruction,
  Word,
} from './ast.ts';
import { trimSpaceRange } from './blanks.ts';
import type { CstFile, CstInstruction } from './cst.ts';
import { type Diagnostic, LocatedError } from './diagnostic.ts';
import { explainDiagnostics } from './explain-diagnostics.ts';
import type { Base, Problem, Request } from './instructions/request.ts';
import { rules } from './instructions/rules.ts';
import { instructionNames } from './keywords.ts';
import type { LexResult } from './lexer.ts';
import type { LineRange, SourceFile } from './source.ts';
import { checkStructure } from './structure.ts';
import { didYouMean } from './suggest.ts';

/** Of a file that is no Dockerfile at all, every line is an unknown instruction: nobody reads that many suggestions. */
const maxSuggestions = 1000;

/** Builds the syntax tree of a file from what the lexer and the grammar made of it. */
export function buildDockerfile(source: SourceFile, lex: LexResult, cst: CstFile): Dockerfile {
  const structural = findStructuralProblems(lex, cst);
  const ruleProblems: Diagnostic[] = [];
  const instructions: Instruction[] = [];
  const metaArgs: ArgInstruction[] = [];
  const stages: { kind: 'stage'; name: string; from: FromInstruction; instructions: StageInstruction[] }[] = [];
  let isBroken = false;
  let isInStage = false;

  const tooLong = structural.find(({ code }) => code === 'line-too-long');
  for (const node of cst.instructions) {
    if (tooLong && node.head.start >= tooLong.range.start) break; // the beginning of that line
    const lines = node.head.lines;
    const problems: Problem[] = [];
    const isWellFormed = checkStructure(node).length === 0;
    const instruction = buildInstruction(node, problems, isWellFormed, ruleProblems.length < maxSuggestions);
    instructions.push(instruction);
    for (const { message, ...problem } of problems)
      ruleProblems.push(
        error({ ...problem, message: `dockerfile parse error on line ${lines.start}: ${message}` }, lines),
      );

    if (instruction.kind === 'from') {
      const name = instruction.as ? toLower(instruction.as.name.text) : '';
      stages.push({ kind: 'stage', name, from: instruction, instructions: [] });
      isInStage = true;
    } else if (instruction.kind === 'invalid') {
      // Nobody knows whether it would have begun a stage.
      isBroken = true;
      isInStage ||= node.head.name === 'from';
    } else if (isInStage) stages.at(-1)?.instructions.push(instruction);
    else if (instruction.kind === 'arg') metaArgs.push(instruction);
    else if (!isBroken) {
      isBroken = true;
      ruleProblems.push(
        error(
          {
            code: 'no-stage',
            message: 'no build stage in current context',
            range: instruction.keywordRange,
            hint: 'Only ARG may stand before the first FROM.',
          },
          lines,
        ),
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

/** Builds the one instruction of a trigger. @throws LocatedError */
export function buildTrigger(lex: LexResult, cst: CstFile, lines: LineRange): StageInstruction {
  const structural = findStructuralProblems(lex, cst).find(({ severity }) => severity === 'error');
  if (structural) throw new LocatedError(structural.message, [...structural.locations]);
  const [node, ...others] = cst.instructions;
  if (!node || others.length > 0) throw new Error('onbuild trigger should be a single expression');
  const problems: Problem[] = [];
  const instruction = buildInstruction({ ...node, head: { ...node.head, lines } }, problems, true);
  if (problems[0]) throw new LocatedError(problems[0].message, [lines]);
  if (instruction.kind === 'from' || instruction.kind === 'invalid')
    throw new LocatedError('*instructions.Stage is not a command type', [lines]);
  return instruction;
}

/** Problems of the lexer and of the structure of instructions, in the order of the file. */
function findStructuralProblems(lex: LexResult, cst: CstFile): Diagnostic[] {
  const found: { at: number; diagnostic: Diagnostic }[] = [];
  for (const node of cst.instructions)
    for (const problem of checkStructure(node))
      found.push({ at: node.head.start, diagnostic: error(problem, node.head.lines) });
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
  const emptyFile = error(empty, { start: lex.lines, end: lex.lines });
  // A line that is too long hides behind this one, other problems come first.
  const tooLong = diagnostics.findIndex(({ code }) => code === 'line-too-long');
  return tooLong < 0 ? [...diagnostics, emptyFile] : diagnostics.toSpliced(tooLong, 0, emptyFile);
}

function error(problem: Problem, lines: LineRange): Diagnostic {
  return { severity: 'error', ...problem, locations: [lines] };
}

function buildInstruction(
  node: CstInstruction,
  problems: Problem[],
  isWellFormed: boolean,
  isSuggesting = true,
): Instruction {
  const request = createRequest(node, problems);
  const rule = rules.get(node.head.name);
  if (!rule) {
    const { text, range } = node.head.word;
    const suggestion = isSuggesting ? didYouMean(text, instructionNames, false) : '';
    const hint = 'If it belongs to the line above, that line has to end with the escape character.';
    const problem = { code: 'unknown-instruction', message: `unknown instruction: ${text}${suggestion}`, range };
    request.report(suggestion === '' ? { ...problem, hint } : problem);
  }
  const instruction = isWellFormed ? rule?.(request) : undefined;
  return instruction && problems.length === 0 ? instruction : { kind: 'invalid', ...request.base };
}

function createRequest(node: CstInstruction, problems: Problem[]): Request {
  const { head, heredocs, comments } = node;
  const words = argumentWords(node);
  const base: Base = {
    keyword: head.word.text,
    keywordRange: head.word.range,
    range: { start: head.word.range.start, end: heredocs.at(-1)?.end ?? head.end },
    lines: head.lines,
    code: trimmed(head.original),
    comments,
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

/** Everything but JSON's brackets and what is between key and value, in order. */
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
