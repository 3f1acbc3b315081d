/** Finds which stages read from which, by COPY --from and by mounts. */
import { diagnosticError, withLocation } from '../diagnostic/diagnostic.ts';
import type { LineRange, SourceRange } from '../diagnostic/source-file.ts';
import { atoi } from '../go/strconv.ts';
import type { CopyInstruction, StageInstruction } from '../parser/ast.ts';
import { emptyEnv, type ShellLex } from '../parser/words.ts';
import { collectErrors } from './collect-errors.ts';
import type { LowerContext } from './lower-context.ts';
import {
  addStage,
  type Command,
  createStageState,
  emptyImageName,
  findStage,
  type StageState,
  type StageTable,
} from './stages.ts';

/**
 * Makes the commands of all stages and adds the external sources they name to the table.
 *
 * @throws DiagnosticError with the problems of all of them
 */
export function buildDependencyGraph({ table, lexers, linter, source }: LowerContext): void {
  const errors = collectErrors(linter, source);
  for (const stage of [...table.states]) {
    for (const instruction of stage.instructions) {
      errors.attempt(() => {
        const command = createCommand(instruction, table, lexers.word);
        addDependencies(stage, command, table);
        stage.commands.push(command);
      });
      if (errors.isFull) errors.finish();
    }
  }
  errors.finish();
  checkCircles(table.states);

  // The step names of a single stage do not show its name.
  const [first, second] = table.states;
  if (first && !second) first.displayName = '';
}

/** Finds the sources of an instruction. A name that is not a stage is an image or a named context. */
export function createCommand(
  instruction: StageInstruction,
  table: StageTable,
  lex: ShellLex,
  isTrigger = false,
): Command {
  let sources: StageState[] = [];
  if (instruction.kind === 'copy' && instruction.from !== '')
    sources = [copySource(instruction, table, lex, isTrigger)];
  else if (instruction.kind === 'run') {
    // The type may be a variable, so each mount without `from` gets a source, whether it needs one or not.
    const { mountFroms, mounts } = instruction;
    sources = mountFroms.map((from, index) => {
      const range = isTrigger ? undefined : mounts[index]?.range;
      return sourceByName(from || emptyImageName, { range }, table);
    });
  }
  return { instruction, sources, isTrigger };
}

/** Records what a command of a stage reads from. */
export function addDependencies(stage: StageState, { instruction, sources }: Command, table: StageTable): void {
  for (const source of sources) {
    stage.dependencies.set(source, instruction);
    if (source.external) addStage(table, source);
  }
}

function copySource(
  { from, lines, flags }: CopyInstruction,
  table: StageTable,
  lex: ShellLex,
  isTrigger: boolean,
): StageState {
  // A trigger has no place in this file.
  const flag = isTrigger ? undefined : flags.find(({ name }) => name === 'from')?.range;
  if (lex.processWord(from, emptyEnv).result !== from) {
    throw diagnosticError(
      'variable-in-from',
      'variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround',
      { range: flag },
    );
  }
  const index = stageIndex(from);
  if (index === undefined) return sourceByName(from, { lines, range: flag }, table);
  const stage = table.states[index];
  if (stage) return stage;
  const stages = table.states.filter(({ external }) => !external).map(({ name }, i) => (name ? `${i} (${name})` : i));
  throw diagnosticError('unknown-stage-index', `invalid stage index ${index}`, {
    range: flag,
    hint: `The stages are ${stages.join(', ')}.`,
  });
}

function stageIndex(from: string): number | undefined {
  try {
    return atoi(from);
  } catch {
    return undefined;
  }
}

function sourceByName(
  name: string,
  { lines, range }: { readonly lines?: LineRange; readonly range: SourceRange | undefined },
  table: StageTable,
): StageState {
  return findStage(table, name) ?? createStageState({ name: '', baseName: name, lines, range, external: true });
}

/**
 * Looks for stages that read from each other; bases cannot form a circle, because a base comes first in the file.
 *
 * @throws DiagnosticError at the instructions that lead into the circle
 */
function checkCircles(stages: readonly StageState[]): void {
  const visited = new Set<StageState>();
  const open = new Set<StageState>();
  for (const start of stages) {
    if (visited.has(start)) continue;
    visited.add(start);
    // The path from `start` to the current stage, with the dependencies of each that remain to be visited.
    const way = [enter(start, undefined)];
    open.add(start);
    for (let here = way.at(-1); here; here = way.at(-1)) {
      const next = here.rest.next();
      if (next.done) {
        open.delete(here.stage);
        way.pop();
        continue;
      }
      const [stage, by] = next.value;
      if (open.has(stage)) {
        const instructions = [...way.slice(1).map((step) => step.by!), by];
        throw instructions.reduce(
          (error, { lines }) => withLocation(error, lines),
          diagnosticError('circular-dependency', `circular dependency detected on stage: ${start.displayName}`),
        );
      }
      if (visited.has(stage)) continue;
      visited.add(stage);
      open.add(stage);
      way.push(enter(stage, by));
    }
  }
}

function enter(stage: StageState, by: StageInstruction | undefined) {
  return { stage, by, rest: stage.dependencies.entries() };
}
