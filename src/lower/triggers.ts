/** ONBUILD: instructions of a base image or parent stage that run at the start of the stages that derive from it. */
import { diagnosticError, setLocation } from '../diagnostic/diagnostic.ts';
import { parseTrigger } from '../parser/parse.ts';
import { resolveBaseImages } from './base-images.ts';
import { tryOrReport } from './collect-errors.ts';
import { addDependencies, createCommand, type DependencyGraph, neededStages } from './dependencies.ts';
import type { Lowering } from './lowering.ts';
import type { StageBase, StageBases } from './stage-base.ts';
import type { BuildStage } from './stages.ts';

/** The stages that a target needs, and what they begin with. */
export interface ResolvedStages {
  /** The target and the stages that it needs. */
  readonly needed: ReadonlySet<BuildStage>;
  /** The bases of the stages without a parent. */
  readonly bases: StageBases;
}

/**
 * Resolves the base images of all stages that the target needs, and inserts their triggers at the start of the stages.
 * Triggers may need further stages and images.
 *
 * @param graph gets the commands of the triggers
 */
export async function resolveStages(
  lowering: Lowering,
  graph: DependencyGraph,
  target: BuildStage,
): Promise<ResolvedStages> {
  const bases = new Map<BuildStage, StageBase>();
  const withTriggers = new Set<BuildStage>();
  for (;;) {
    const needed = neededStages(target, graph);
    await resolveBaseImages(lowering, needed, bases);
    let hasNewSources = false;
    for (const stage of lowering.table.stages.filter((stage) => needed.has(stage) && !withTriggers.has(stage))) {
      withTriggers.add(stage);
      const added = tryOrReport(lowering, () => {
        try {
          return addTriggers(lowering, graph, stage, triggersOf(lowering, stage, graph, bases));
        } catch (error) {
          throw setLocation(error, stage.lines, 'bad-trigger');
        }
      });
      if (!added) lowering.inDoubt.add(stage);
      // Triggers before a wrong one may have added sources.
      if (added !== 'without-sources') hasNewSources = true;
    }
    if (!hasNewSources) return { needed, bases };
  }
}

/** The triggers that run in a stage: those of its parent, or of its base image. */
function triggersOf(
  { options: { pastErrors } }: Lowering,
  stage: BuildStage,
  graph: DependencyGraph,
  bases: StageBases,
): readonly string[] {
  if (!stage.parent) return bases.get(stage)!.triggers;
  return graph
    .get(stage.parent)!
    .commands.flatMap(({ instruction }) =>
      instruction.kind === 'onbuild' && !pastErrors?.standIns.has(instruction) ? [instruction.expression] : [],
    );
}

/**
 * Maximum number of instructions from triggers. Each stage runs all triggers of its parent or base image: n of each
 * make n² instructions.
 */
export const maxTriggers = 100_000;

/** The place of the triggers of an image that a mount names; they have no line in the Dockerfile. */
const noLines = { start: 0, end: 0 };

/** Adds the commands of triggers before those of the stage. Sources are the stages that they read from. */
function addTriggers(
  lowering: Lowering,
  graph: DependencyGraph,
  stage: BuildStage,
  expressions: readonly string[],
): 'with-sources' | 'without-sources' {
  if (expressions.length === 0) return 'without-sources';
  const { table, expanders } = lowering;
  lowering.triggersLeft -= expressions.length;
  if (lowering.triggersLeft < 0)
    throw diagnosticError('too-many-triggers', `ONBUILD brings more than ${maxTriggers} instructions`);
  const commands = expressions.map((expression) => {
    const instruction = parseTrigger(expression, stage.lines ?? noLines);
    const command = createCommand(instruction, table, expanders.word, true);
    addDependencies(graph, stage, command, table);
    return command;
  });
  const node = graph.get(stage)!;
  node.commands = [...commands, ...node.commands];
  stage.steps.total += commands.length;
  return commands.some(({ sources }) => sources.length > 0) ? 'with-sources' : 'without-sources';
}
