/**
 * Adds fixes, causes and places that explain them to the problems of a Dockerfile. Nothing of it goes over the wire.
 */
import type { DiagnosticCode } from '../diagnostic/codes.ts';
import { withDefaultHint } from '../diagnostic/default-hint.ts';
import type { Diagnostic, Fix } from '../diagnostic/diagnostic.ts';
import type { Dockerfile } from '../parser/ast.ts';
import { joinHeredoc, repairArray } from './fixes/arrays.ts';
import type { Solution } from './fixes/edits.ts';
import {
  containerPort,
  lowerProtocol,
  removeEmptyLines,
  removePlatform,
  writeAbsolutePath,
  writeArray,
  writeLabel,
} from './fixes/instructions.ts';
import { writeEquals } from './fixes/key-value.ts';
import {
  correctFlag,
  correctImage,
  correctKeyword,
  correctWord,
  explainShellLine,
  explainStagePath,
  writeFlagValue,
} from './fixes/misspelled.ts';
import { lowerStageName } from './fixes/stage-names.ts';
import { explainUndeclared, explainUnset } from './fixes/variables.ts';
import { instructionOf } from './instruction-at.ts';

type Solve = (dockerfile: Dockerfile, problem: Diagnostic) => Solution | undefined;

/** What solves a problem, by its code. Own rules bring their fixes along. */
const solutions: Readonly<Partial<Record<DiagnosticCode, Solve>>> = {
  BrokenArray: repairArray,
  DividedHeredoc: joinHeredoc,
  ExposeInvalidFormat: containerPort,
  ExposeProtoCasing: lowerProtocol,
  JSONArgsRecommended: writeArray,
  LegacyKeyValueFormat: writeEquals,
  MaintainerDeprecated: writeLabel,
  NoEmptyContinuation: removeEmptyLines,
  RedundantTargetPlatform: removePlatform,
  StageNameCasing: lowerStageName,
  UndefinedArgInFrom: explainUndeclared,
  UndefinedVar: explainUnset,
  UnknownImage: correctImage,
  WorkdirRelativePath: writeAbsolutePath,
  'bad-device': correctWord,
  'bad-instruction': correctWord,
  'bad-mount': correctWord,
  'missing-flag-value': writeFlagValue,
  'missing-source': explainStagePath,
  'unknown-flag': correctFlag,
  'unknown-instruction': correctKeyword,
};

/** Maximum amount of reading for fixes: each problem reads its instruction, and may look through the others. */
const maxRead = 50_000_000;

/**
 * Adds to problems what solves them: edits, a hint, and the places that explain them. What a problem has already stays.
 * Of more problems than can be solved in a reasonable time, the first ones are; the others have the hint of their code.
 *
 * @param dockerfile the file that the problems are in; those in other files stay as they are
 */
export function addFixes(dockerfile: Dockerfile, problems: readonly Diagnostic[]): Diagnostic[] {
  let left = maxRead;
  const taken = new Set<string>();
  const solved = (problem: Diagnostic): Diagnostic => {
    if (problem.file || left <= 0) return problem;
    const shellLine = explainShellLine(dockerfile, problem);
    if (shellLine !== undefined) return { ...problem, hint: shellLine };
    const solve = solutions[problem.code];
    if (!solve) return problem;
    const { start, end } = instructionOf(dockerfile, problem)?.range ?? { start: 0, end: 0 };
    left -= end - start + dockerfile.instructions.length;
    const solution = solve(dockerfile, problem);
    if (!solution) return problem;
    const { places = [], hint, related } = solution;
    // A variable that is used twice is reported twice.
    const range = places.find((place) => !taken.has(`${problem.code} ${place.start}`)) ?? places[0];
    if (range) taken.add(`${problem.code} ${range.start}`);
    const fix = problem.fix ?? fixOf(solution);
    return {
      ...problem,
      ...(range && { range }),
      ...(fix && { fix }),
      ...(hint !== undefined && problem.hint === undefined && { hint }),
      ...(related && !problem.related && { related }),
    };
  };
  return problems.map((problem) => withDefaultHint(solved(problem)));
}

function fixOf({ title, edits, safety, changes }: Solution): Fix | undefined {
  if (title === undefined || !edits || edits.length === 0 || !safety) return undefined;
  const sorted = [...edits].sort((a, b) => a.range.start - b.range.start);
  return { title, edits: sorted, safety, ...(changes !== undefined && { changes }) };
}
