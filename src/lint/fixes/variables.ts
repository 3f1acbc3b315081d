/** Explains variables that are not set, and corrects their names. */
import type { Diagnostic, Edit } from '../../diagnostic/diagnostic.ts';
import { lineColumn, lineText } from '../../diagnostic/source-file.ts';
import type { Dockerfile, Instruction } from '../../parser/ast.ts';
import { instructionOf } from '../instruction-at.ts';
import { headOf, type Solution } from './edits.ts';

/** A variable of an instruction that is not set: it is declared before FROM or later in the stage, or misspelled. */
export function explainUnset(dockerfile: Dockerfile, problem: Diagnostic): Solution | undefined {
  const { name, meant } = problem.facts ?? {};
  const instruction = instructionOf(dockerfile, problem);
  if (name === undefined || !instruction) return undefined;
  return (
    declaredBefore(dockerfile, instruction, name) ??
    declaredLater(dockerfile, instruction, name) ??
    misspelled(dockerfile, instruction, name, meant)
  );
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

/** Where an instruction names a variable, without the `$`. */
function uses(dockerfile: Dockerfile, instruction: Instruction, name: string) {
  const { at, text } = headOf(dockerfile, instruction);
  const pattern = new RegExp(`(?<![\\\\\`])\\$\\{?(${name.replace(/\W/g, '\\$&')})(?!\\w)`, 'g');
  return [...text.matchAll(pattern)].map(({ index, 0: whole }) => {
    const end = at + index + whole.length;
    return { start: end - name.length, end };
  });
}

/** An ARG that FROM names and that is not declared before the first FROM. */
export function explainUndeclared(dockerfile: Dockerfile, problem: Diagnostic): Solution | undefined {
  const { name, meant } = problem.facts ?? {};
  const instruction = instructionOf(dockerfile, problem);
  if (name === undefined || !instruction) return undefined;
  const inStage = dockerfile.stages
    .flatMap(({ instructions }) => instructions)
    .flatMap((it) => (it.kind === 'arg' ? it.args : []))
    .find(({ key, range }) => key === name && range.start < instruction.range.start);
  if (inStage) {
    const { line } = lineColumn(dockerfile.source, inStage.range.start);
    return {
      hint: `FROM only sees the ARGs before the first FROM, and that of line ${line} is in a stage. Move it above the first FROM.`,
      related: [{ message: `${name} is declared here, for this stage alone`, range: inStage.range }],
    };
  }
  return meant === undefined
    ? { hint: `Declare it above the first FROM: ARG ${name}=VALUE.` }
    : misspelled(dockerfile, instruction, name, meant);
}
