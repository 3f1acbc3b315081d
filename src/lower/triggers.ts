/** ONBUILD: instructions of a base image or base stage that run at the start of the stages that derive from it. */
import { LocatedError, setLocation } from '../parser/diagnostic.ts';
import { parseTrigger } from '../parser/index.ts';
import { resolveBaseImages } from './base-images.ts';
import type { LowerContext } from './context.ts';
import { addDependencies, createCommand } from './dependencies.ts';
import type { StageState } from './stages.ts';

/**
 * Resolves the base images of all that the target needs, and puts the triggers they bring in front of the stages:
 * those may need further stages and images.
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
        throw setLocation(error, stage.lines);
      }
    }
    if (!hasNewSources) return reachable;
  }
}

/** The triggers a stage is to run, which it does not hand on. */
function takeTriggers(stage: StageState): readonly string[] {
  if (!stage.base) {
    const { onBuild } = stage.image.config;
    stage.image.config.onBuild = undefined;
    return onBuild ?? [];
  }
  if (stage.triggersTaken) return [];
  stage.triggersTaken = true;
  return stage.base.commands.flatMap(({ instruction }) =>
    instruction.kind === 'onbuild' ? [instruction.expression] : [],
  );
}

/** Each stage on a base runs all triggers of it: n of each make n² instructions, which no graph could hold. */
export const maxTriggers = 100_000;

/** Of the triggers of an image that a mount names. */
const nowhere = { start: 0, end: 0 };

function addTriggers(context: LowerContext, stage: StageState, expressions: readonly string[]): boolean {
  if (expressions.length === 0) return false;
  const { table, lexers } = context;
  context.triggersLeft -= expressions.length;
  if (context.triggersLeft < 0)
    throw new LocatedError(`ONBUILD brings more than ${maxTriggers} instructions`, [stage.lines]);
  const commands = expressions.map((expression) => {
    const instruction = parseTrigger(expression, stage.lines ?? nowhere);
    const command = createCommand(instruction, table, lexers.word, true);
    addDependencies(stage, command, table);
    return command;
  });
  stage.commands = [...commands, ...stage.commands];
  stage.commandTotal += commands.length;
  return commands.some(({ sources }) => sources.length > 0);
}
