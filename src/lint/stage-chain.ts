/** Stages and their bases within the file. */
import type { Instruction } from '../parser/ast.ts';
import type { LintFile, LintStage } from './lint-file.ts';

/** A stage and the stages that it is made from, nearest first. */
function stageChain(stage: LintStage): LintStage[] {
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

/** The names that the ARGs and ENVs among instructions declare. */
export function declaredNames(instructions: readonly Instruction[]): string[] {
  return instructions.flatMap((instruction) => {
    if (instruction.kind === 'arg') return instruction.args.map(({ key }) => key);
    return instruction.kind === 'env' ? instruction.pairs.map(({ key }) => key) : [];
  });
}

/** The stages that hold, and whose bases within the file do. */
export function stagesWhere(stages: readonly LintStage[], holds: (stage: LintStage) => boolean): Set<LintStage> {
  const found = new Set<LintStage>();
  for (const stage of stages) {
    const { base } = stage;
    if (holds(stage) && (base.kind !== 'stage' || found.has(base.stage))) found.add(stage);
  }
  return found;
}
