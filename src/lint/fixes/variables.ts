/** Explains variables that are not set, and corrects their names. */
import type { Diagnostic, Edit } from '../../diagnostic/diagnostic.ts';
import { lineColumn, lineText, type SourceRange } from '../../diagnostic/source-file.ts';
import type { Dockerfile, Instruction } from '../../parser/ast.ts';
import { instructionOf } from '../instruction-at.ts';
import { headOf, type Solution } from './edits.ts';

/** A variable of an instruction that is not set: it is declared before FROM or later in the stage, or misspelled. */
export function explainUnset(dockerfile: Dockerfile, problem: Diagnostic): Solution | undefined {
  const { name, meant } = problem.facts ?? {};
  const instruction = instructionOf(dockerfile, problem);
  if (name === undefined || !instruction) return undefined;
  const solution =
    declaredBefore(dockerfile, instruction, name) ??
    declaredLater(dockerfile, instruction, name) ??
    misspelled(dockerfile, instruction, name, meant);
  return { places: placesOfUse(dockerfile, instruction, name), ...solution };
}

/** The uses of a variable with their `$`; none if it is not written plainly, or in a here-document. */
function placesOfUse(dockerfile: Dockerfile, instruction: Instruction, name: string): SourceRange[] {
  const { text } = dockerfile.source;
  return uses(dockerfile, instruction, name).map(({ start, end }) => {
    const isBraced = text[start - 1] === '{';
    return { start: start - (isBraced ? 2 : 1), end: end + (isBraced && text[end] === '}' ? 1 : 0) };
  });
}

function declaredBefore(dockerfile: Dockerfile, instruction: Instruction, name: string): Solution | undefined {
  const { source } = dockerfile;
  const declared = dockerfile.metaArgs.flatMap(({ args }) => args).find(({ key }) => key === name);
  if (!declared) return undefined;
  const { line } = lineColumn(source, declared.range.start);
  const keyword = instruction.keyword === instruction.keyword.toLowerCase() ? 'arg' : 'ARG';
  const at = aboveComments(dockerfile, instruction);
  return {
    hint: `$${name} is empty here: the ARG at line ${line} is before FROM, where it counts for FROM alone. Repeat ${keyword} ${name} in this stage.`,
    related: [{ message: `${name} is declared here, for FROM alone`, range: declared.range }],
    title: `Repeat ${keyword} ${name} in this stage`,
    edits: [{ range: { start: at, end: at }, text: `${keyword} ${name}\n` }],
    safety: 'unsafe',
    changes: `$${name} is no longer empty`,
  };
}

/** The start of the line of an instruction, or of the comments directly above it. */
function aboveComments({ source }: Dockerfile, { lines }: Instruction): number {
  let line = lines.start;
  while (line > 1 && /^\s*#/.test(lineText(source, line - 1))) line--;
  return source.lineStarts[line - 1]!;
}

function declaredLater(dockerfile: Dockerfile, instruction: Instruction, name: string): Solution | undefined {
  const stage = dockerfile.stages.find(({ instructions }) =>
    (instructions as readonly Instruction[]).includes(instruction),
  );
  const later = stage?.instructions.find(
    (it) =>
      it.range.start > instruction.range.start &&
      ((it.kind === 'arg' && it.args.some(({ key }) => key === name)) ||
        (it.kind === 'env' && it.pairs.some(({ key }) => key === name))),
  );
  if (!later) return undefined;
  return {
    hint: `$${name} is empty here: it is set in line ${later.lines.start}. Move that instruction up.`,
    related: [{ message: `${name} is set here`, range: later.range }],
  };
}

function misspelled(
  dockerfile: Dockerfile,
  instruction: Instruction,
  name: string,
  meant: string | undefined,
): Solution | undefined {
  if (meant === undefined)
    return {
      hint: `$${name} is empty here: declare it with ARG or ENV above, or write ${dockerfile.escape}$${name} for the text itself.`,
    };
  const edits = uses(dockerfile, instruction, name).map((range): Edit => ({ range, text: meant }));
  const hint = `$${name} is empty here: did you mean $${meant}?`;
  if (edits.length === 0) return { hint };
  return { hint, title: `Write $${meant}`, edits, safety: 'unsafe', changes: `the value of $${meant} takes its place` };
}

/** Escaped characters, quotes, and variables. */
const pieces = { '\\': /\\[\s\S]|['"]|\$\{?(\w+)/g, '`': /`[\s\S]|['"]|\$\{?(\w+)/g };

/** Where an instruction names a variable, without the `$`: not in single quotes. */
function uses(dockerfile: Dockerfile, instruction: Instruction, name: string): SourceRange[] {
  const { at, text } = headOf(dockerfile, instruction);
  const found: SourceRange[] = [];
  let isQuoted = false;
  const pattern = new RegExp(pieces[dockerfile.escape]);
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const [piece, variable] = match;
    const end = match.index + piece.length;
    if (piece === '"') isQuoted = !isQuoted;
    else if (piece === "'" && !isQuoted) pattern.lastIndex = endOfQuotes(text, end);
    else if (variable === name) found.push({ start: at + end - name.length, end: at + end });
  }
  return found;
}

/** The offset after the next single quote; that of the rest if there is no other quote, as in a comment. */
const endOfQuotes = (text: string, from: number): number => text.indexOf("'", from) + 1 || from;

/** An ARG that FROM names and that is not declared before the first FROM. */
export function explainUndeclared(dockerfile: Dockerfile, problem: Diagnostic): Solution | undefined {
  const { name, meant } = problem.facts ?? {};
  const instruction = instructionOf(dockerfile, problem);
  if (name === undefined || !instruction) return undefined;
  const solution =
    declaredInStage(dockerfile, instruction, name) ??
    (meant === undefined
      ? { hint: `Declare it above the first FROM: ARG ${name}=VALUE.` }
      : misspelled(dockerfile, instruction, name, meant));
  return { places: placesOfUse(dockerfile, instruction, name), ...solution };
}

function declaredInStage({ source, stages }: Dockerfile, from: Instruction, name: string): Solution | undefined {
  const declared = stages
    .flatMap(({ instructions }) => instructions)
    .flatMap((it) => (it.kind === 'arg' ? it.args : []))
    .find(({ key, range }) => key === name && range.start < from.range.start);
  if (!declared) return undefined;
  const { line } = lineColumn(source, declared.range.start);
  return {
    hint: `FROM only sees the ARGs before the first FROM, and that of line ${line} is in a stage. Move it above the first FROM.`,
    related: [{ message: `${name} is declared here, for this stage alone`, range: declared.range }],
  };
}
