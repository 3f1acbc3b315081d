/** Finds which stages read from which, by COPY --from and by mounts. */
import { type DiagnosticError, describeError, diagnosticError, withLocation } from '../diagnostic/diagnostic.ts';
import type { LineRange, SourceRange } from '../diagnostic/source-file.ts';
import { atoi } from '../go/strconv.ts';
import type { CopyInstruction, Stage, StageInstruction } from '../parser/ast.ts';
import { emptyEnv, type ShellLex } from '../parser/words.ts';
import { createErrorCollector, failOrReport } from './collect-errors.ts';
import type { Lowering } from './lowering.ts';
import { addStage, type BuildStage, emptyImageName, externalSource, findStage, type StageTable } from './stages.ts';

/** An instruction of a stage together with the stages it reads from: one for each mount of a RUN, one for a COPY. */
export interface Command {
  /** The instruction. */
  readonly instruction: StageInstruction;
  /** The stages in the order of the mounts. */
  readonly sources: readonly BuildStage[];
  /** Whether it comes from an ONBUILD of the base image or parent stage. */
  readonly isTrigger: boolean;
}

/** What a stage executes, and what that reads. The triggers are added when its base is known. */
interface StageCommands {
  /** Empty when they were dispatched. */
  commands: readonly Command[];
  /** Stages it reads from, each with the last instruction that does. */
  readonly dependencies: Map<BuildStage, StageInstruction>;
}

/** The commands of each stage of the table. */
export type DependencyGraph = Map<BuildStage, StageCommands>;

/**
 * Makes the commands of all stages and adds the external sources they name to the table.
 *
 * @param stages the stages of the file, which begin the table
 * @throws DiagnosticError with the problems of all of them
 */
export function buildDependencyGraph(lowering: Lowering, stages: readonly Stage[]): DependencyGraph {
  const { table, expanders, options } = lowering;
  const graph: DependencyGraph = new Map();
  const errors = createErrorCollector(lowering);
  const { pastErrors } = options;
  const nothing = externalSource(emptyImageName, { range: undefined });
  for (const [index, { instructions }] of stages.entries()) {
    const stage = table.stages[index]!;
    const commands: Command[] = [];
    graph.set(stage, { commands, dependencies: new Map() });
    for (const instruction of instructions) {
      if (pastErrors?.standIns.has(instruction)) {
        commands.push({ instruction, sources: [], isTrigger: false });
        continue;
      }
      if (pastErrors?.mayLackNames && namesOf(instruction).some((name) => !findStage(table, name))) continue;
      const isGood = errors.attempt(() => {
        const command = createCommand(instruction, table, expanders.word);
        addDependencies(graph, stage, command, table);
        commands.push(command);
      });
      // A check reads the rest of it.
      if (!isGood && pastErrors) commands.push({ instruction, sources: [nothing], isTrigger: false });
      if (errors.isFull) break;
    }
  }
  if (pastErrors) {
    addStage(table, nothing);
    graph.set(nothing, { commands: [], dependencies: new Map() });
  }
  errors.finish();
  const circle = findCircle(table.stages, graph);
  if (circle) {
    failOrReport(lowering, circularDependency(circle));
    const isInCircle = new Set(circle.instructions);
    for (const node of graph.values()) node.commands = node.commands.filter((it) => !isInCircle.has(it.instruction));
  }

  // The step names of a single stage do not show its name.
  const [first, second] = table.stages;
  if (first && !second) first.steps.stageName = '';
  return graph;
}

/** The names of the stages or images that an instruction reads from. */
function namesOf(instruction: StageInstruction): readonly string[] {
  const names =
    instruction.kind === 'copy' ? [instruction.from] : instruction.kind === 'run' ? instruction.mountFroms : [];
  return names.filter((name) => name !== '' && stageIndex(name) === undefined);
}

/** A stage and all stages it needs: its parent and those it copies or mounts from. */
export function neededStages(target: BuildStage, graph: DependencyGraph): Set<BuildStage> {
  const needed = new Set<BuildStage>([target]);
  // Iterating over a set also visits members that are added meanwhile.
  for (const stage of needed) {
    if (stage.parent) needed.add(stage.parent);
    for (const dependency of graph.get(stage)!.dependencies.keys()) needed.add(dependency);
  }
  return needed;
}

/** Finds the sources of an instruction. A name that is not a stage is an image or a named context. */
export function createCommand(
  instruction: StageInstruction,
  table: StageTable,
  lex: ShellLex,
  isTrigger = false,
): Command {
  let sources: BuildStage[] = [];
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
export function addDependencies(
  graph: DependencyGraph,
  stage: BuildStage,
  { instruction, sources }: Command,
  table: StageTable,
): void {
  const { dependencies } = graph.get(stage)!;
  for (const source of sources) {
    dependencies.set(source, instruction);
    if (!source.external) continue;
    addStage(table, source);
    graph.set(source, { commands: [], dependencies: new Map() });
  }
}

function copySource(
  { from, lines, flags }: CopyInstruction,
  table: StageTable,
  lex: ShellLex,
  isTrigger: boolean,
): BuildStage {
  // A trigger has no place in this file.
  const flag = isTrigger ? undefined : flags.find(({ name }) => name === 'from')?.range;
  if (expandedFrom(lex, from, flag) !== from) {
    throw diagnosticError(
      'variable-in-from',
      'variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround',
      { range: flag },
    );
  }
  const index = stageIndex(from);
  if (index === undefined) return sourceByName(from, { lines, range: flag }, table);
  const stage = table.stages[index];
  if (stage) return stage;
  const stages = table.stages.filter(({ external }) => !external).map(({ name }, i) => (name ? `${i} (${name})` : i));
  throw diagnosticError('unknown-stage-index', `invalid stage index ${index}`, {
    range: flag,
    hint: `The stages are ${stages.join(', ')}.`,
  });
}

/** The value of --from as the reference expands it. @throws DiagnosticError without lines, as the reference has none */
function expandedFrom(lex: ShellLex, from: string, range: SourceRange | undefined): string {
  try {
    return lex.processWord(from, emptyEnv).result;
  } catch (error) {
    const hint = 'Write the name of a stage or an image: variables are not expanded in --from.';
    throw describeError(error, 'bad-substitution', { range, hint });
  }
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
  place: { readonly lines?: LineRange; readonly range: SourceRange | undefined },
  table: StageTable,
): BuildStage {
  return findStage(table, name) ?? externalSource(name, place);
}

/** Stages that read from each other. */
interface Circle {
  /** The stage from which it was found. */
  readonly start: BuildStage;
  /** The instructions that lead into the circle. */
  readonly instructions: readonly StageInstruction[];
}

function circularDependency({ start, instructions }: Circle): DiagnosticError {
  return instructions.reduce(
    (error, { lines }) => withLocation(error, lines),
    diagnosticError('circular-dependency', `circular dependency detected on stage: ${start.steps.stageName}`),
  );
}

/** Looks for stages that read from each other. Parents cannot form a circle: a parent comes first in the file. */
function findCircle(stages: readonly BuildStage[], graph: DependencyGraph): Circle | undefined {
  const visited = new Set<BuildStage>();
  const open = new Set<BuildStage>();
  const enter = (stage: BuildStage, by: StageInstruction | undefined) => ({
    stage,
    by,
    rest: graph.get(stage)!.dependencies.entries(),
  });
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
      if (open.has(stage)) return { start, instructions: [...way.slice(1).map((step) => step.by!), by] };
      if (visited.has(stage)) continue;
      visited.add(stage);
      open.add(stage);
      way.push(enter(stage, by));
    }
  }
  return undefined;
}
