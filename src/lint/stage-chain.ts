/** Stages and their bases within the file. */
import type { Instruction } from '../parser/ast.ts';
import type { LintFile, LintStage } from './lint-file.ts';

/** A stage and the stages that it is made from, nearest first. */
export function stageChain(stage: LintStage): LintStage[] {
  const chain = [stage];
  for (let { base } = stage; base.kind === 'stage'; { base } = base.stage) chain.push(base.stage);
  return chain;
}

/** The stages whose layers are part of the image: the last one and those that it is made from. */
export function shippedStages({ stages }: LintFile): ReadonlySet<LintStage> {
  const last = stages.at(-1);
  return new Set(last ? stageChain(last) : []);
}

/** The instructions that a stage is made with, those of its bases first. */
export function inheritedInstructions(stage: LintStage): Instruction[] {
  return stageChain(stage)
    .reverse()
    .flatMap(({ instructions }) => instructions);
}
