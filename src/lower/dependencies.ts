/** Which stages read from which: the sources of COPY --from and of mounts. */
import { atoi } from '../go/strconv.ts';
import type { CopyInstruction, StageInstruction } from '../parser/ast.ts';
import { withLocation } from '../parser/diagnostic.ts';
import type { LineRange, SourceRange } from '../parser/source.ts';
import { emptyEnv, type ShellLex } from '../parser/words.ts';
import type { LowerContext } from './context.ts';
import { ExplainedError } from './errors.ts';
import {
  addStage,
  type Command,
  createStageState,
  emptyImageName,
  findStage,
  type StageState,
  type StageTable,
} from './stages.ts';

/** Makes the commands of all stages and adds the external sources they name to the table. */
export function buildDependencyGraph({ table, lexers }: LowerContext): void {
  for (const stage of [...table.states]) {
    stage.commands = stage.instructions.map((instruction) => {
      const command = createCommand(instruction, table, lexers.word);
      addDependencies(stage, command, table);
      return command;
    });
  }
  checkCircles(table.states);

  // A stage that is alone needs no name in the names of its steps.
  const [first, second] = table.states;
  if (first && !second) first.displayName = '';
}

/** Finds the sources of an instruction; what is no stage is an image or a named context. */
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

/** Notes what a command of a stage reads from. */
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
  // A trigger stands in another file.
  const flag = isTrigger ? undefined : flags.find(({ name }) => name === 'from')?.range;
  if (lex.processWord(from, emptyEnv).result !== from) {
    throw new ExplainedError(
      'variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround',
      { range: flag },
    );
  }
  const index = stageIndex(from);
  if (index === undefined) return sourceByName(from, { lines, range: flag }, table);
  const stage = table.states[index];
  if (stage) return stage;
  const stages = table.states.filter(({ external }) => !external).map(({ name }, i) => (name ? `${i} (${name})` : i));
  throw new ExplainedError(`invalid stage index ${index}`, {
    range: flag,
    hint: `the stages are ${stages.join(', ')}`,
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
 * Looks for stages that read from each other; deriving from a stage cannot close a circle, for the base stands above.
 *
 * @throws LocatedError at the instructions that lead into the circle
 */
function checkCircles(stages: readonly StageState[]): void {
  const visited = new Set<StageState>();
  const open = new Set<StageState>();
  for (const start of stages) {
    if (visited.has(start)) continue;
    visited.add(start);
    // The way from `start` to the current stage, with what is left to look at in each.
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
          new Error(`circular dependency detected on stage: ${start.displayName}`),
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
