/** Leaves out of a check what only follows from another problem in the same place. */
import type { DiagnosticCode, WarningCode } from '../diagnostic/codes.ts';
import type { Diagnostic } from '../diagnostic/diagnostic.ts';
import { instructionOf } from '../lint/instruction-at.ts';
import type { Dockerfile, Instruction } from '../parser/ast.ts';

/** What a check has found. */
interface Found {
  readonly findings: readonly Diagnostic[];
  readonly errors: readonly Diagnostic[];
}

/** The problems that follow from no other one. */
export function withoutFollowOns(
  dockerfile: Dockerfile,
  findings: readonly Diagnostic[],
  errors: readonly Diagnostic[],
): Found {
  const unset = unsetNames(dockerfile, errors);
  const misread = misreadArguments(dockerfile, errors);
  const left = {
    findings: withoutConsequences(findings).filter((it) => !isAboutUnset(dockerfile, it, unset)),
    errors: errors.filter((it) => !ofArguments.has(it.code) || !misread.has(instructionOf(dockerfile, it)!)),
  };
  return findings.some(({ code }) => code === 'BrokenArray') ? joinBrokenArrays(dockerfile, left) : left;
}

/** The codes of findings that only follow from another one in the same place: a misspelled image also lacks a tag. */
const consequences: Readonly<Partial<Record<WarningCode, readonly WarningCode[]>>> = {
  UntaggedBase: ['UnknownImage', 'InvalidDefaultArgInFrom'],
  JSONArgsRecommended: ['BrokenArray'],
};

function withoutConsequences(findings: readonly Diagnostic[]): Diagnostic[] {
  const keyOf = (code: string, { range, file }: Diagnostic) => !file && range && `${code} ${range.start}`;
  const found = new Set(findings.map((it) => keyOf(it.code, it)));
  const explained = new Set(
    findings.flatMap(({ code, related = [] }) =>
      code === 'UndefinedVar' ? related.map(({ range }) => range.start) : [],
    ),
  );
  return findings.filter((it) => {
    if (consequences[it.code as WarningCode]?.some((cause) => found.has(keyOf(cause, it)))) return false;
    // The use of a variable names the ARG that does not reach it.
    return it.code !== 'UnusedArg' || !it.range || !explained.has(it.range.start);
  });
}

/** The variables without whose values instructions fail: `${name:?message}`. */
function unsetNames(dockerfile: Dockerfile, errors: readonly Diagnostic[]): ReadonlySet<string> {
  const names = errors.flatMap((error) => {
    if (error.code !== 'bad-substitution') return [];
    const name = error.facts?.name;
    const { lines } = instructionOf(dockerfile, error) ?? {};
    return name === undefined || !lines ? [] : [`${lines.start} ${name}`];
  });
  return new Set(names);
}

/** Whether a finding says again that a variable is not set. */
function isAboutUnset(dockerfile: Dockerfile, finding: Diagnostic, unset: ReadonlySet<string>): boolean {
  if (unset.size === 0 || (finding.code !== 'UndefinedVar' && finding.code !== 'UndefinedArgInFrom')) return false;
  return unset.has(`${instructionOf(dockerfile, finding)?.lines.start} ${finding.facts?.name}`);
}

/** Errors of arguments that have one too many. */
const ofArguments: ReadonlySet<DiagnosticCode> = new Set(['bad-arguments', 'bad-healthcheck-type']);

/** Instructions in which the value of a flag that lacks its equals sign is one argument too many. */
function misreadArguments(dockerfile: Dockerfile, errors: readonly Diagnostic[]): ReadonlySet<Instruction> {
  const found = new Set<Instruction>();
  for (const error of errors) {
    const instruction = error.code === 'missing-flag-value' ? instructionOf(dockerfile, error) : undefined;
    if (instruction) found.add(instruction);
  }
  return found;
}

/** The words of an array that is not JSON are no sources: the first error of a COPY or ADD says what it is instead. */
function joinBrokenArrays(dockerfile: Dockerfile, { findings, errors }: Found): Found {
  const broken = new Map<Instruction, Diagnostic>();
  for (const finding of findings) {
    const instruction = finding.code === 'BrokenArray' ? instructionOf(dockerfile, finding) : undefined;
    if (instruction?.kind === 'copy' || instruction?.kind === 'add') broken.set(instruction, finding);
  }
  const failed = new Set<Instruction>();
  const joined = errors.flatMap((error) => {
    const instruction = instructionOf(dockerfile, error);
    const array = instruction && broken.get(instruction);
    if (!array) return [error];
    if (failed.has(instruction)) return [];
    failed.add(instruction);
    const { message, hint, fix } = array;
    return [{ ...error, hint: `${message[0]!.toUpperCase()}${message.slice(1)}. ${hint}`, ...(fix && { fix }) }];
  });
  return {
    findings: findings.filter((finding) => {
      const instruction = instructionOf(dockerfile, finding);
      const array = instruction && broken.get(instruction);
      return !array || (finding === array && !failed.has(instruction));
    }),
    errors: joined,
  };
}
