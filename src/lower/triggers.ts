/** ONBUILD: instructions of a base image or base stage that run at the start of the stages that derive from it. */
import { diagnosticError, setLocation } from '../diagnostic/diagnostic.ts';
import { parseTrigger } from '../parser/parse.ts';
import { resolveBaseImages } from './base-images.ts';
import { addDependencies, createCommand } from './dependencies.ts';
import type { LowerContext } from './lower-context.ts';
import type { StageState } from './stages.ts';

/**
 * Resolves the base images of all stages that the target needs, and inserts their triggers at the start of the stages.
 * Triggers may need further stages and images.
 *
 * @returns the stages that the target needs
 */
export async function resolveStages(context: LowerContext, target: StageState): Promise<Set<StageState>> {
  for (;;) {
    const reachable = await resolveBaseImages(context, target);
    let hasNewSources = false;
    for (const stage of context.table.states.filter((state) => reachable.has(state))) {
      const expressions = takeTriggers(stage);
      try {
        if (addTriggers(context, stage, expressions)) hasNewSources = true;
      } catch (error) {
        throw setLocation(error, stage.lines, 'bad-trigger');
      }
    }
    if (!hasNewSources) return reachable;
  }
}

/**
 * Takes the triggers that a stage runs out of its config, so that they do not run again in stages that derive from it.
 */
function takeTriggers(stage: StageState): readonly string[] {
  if (!stage.base) {
    const { onBuild } = stage.result.image.config;
    stage.result.image.config.onBuild = undefined;
    return onBuild ?? [];
  }
  if (stage.triggersTaken) return [];
  stage.triggersTaken = true;
  return stage.base.commands.flatMap(({ instruction }) =>
    instruction.kind === 'onbuild' ? [instruction.expression] : [],
  );
}

/**
 * Maximum number of instructions from triggers. Each stage runs all triggers of its base: n of each make n²
 * instructions.
 */
export const maxTriggers = 100_000;

/** The place of the triggers of an image that a mount names; they have no line in the Dockerfile. */
const noLines = { start: 0, end: 0 };

function addTriggers(context: LowerContext, stage: StageState, expressions: readonly string[]): boolean {
  if (expressions.length === 0) return false;
  const { table, lexers } = context;
  context.triggersLeft -= expressions.length;
  if (context.triggersLeft < 0)
    throw diagnosticError('too-many-triggers', `ONBUILD brings more than ${maxTriggers} instructions`);
  const commands = expressions.map((expression) => {
    const instruction = parseTrigger(expression, stage.lines ?? noLines);
    const command = createCommand(instruction, table, lexers.word, true);
    addDependencies(stage, command, table);
    return command;
  });
  stage.commands = [...commands, ...stage.commands];
  stage.steps.total += commands.length;
  return commands.some(({ sources }) => sources.length > 0);
}
