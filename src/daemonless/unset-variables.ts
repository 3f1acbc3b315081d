/** Judges the variables of stages: those of an image that is not known may have any value. */
import { type CheckConfig, noCheckConfig, parseCheckConfig } from '../buildkit-rules/check-options.ts';
import { createLinter } from '../buildkit-rules/linter.ts';
import { undefinedVar } from '../buildkit-rules/rules/undefined-var.ts';
import type { Diagnostic } from '../diagnostic/diagnostic.ts';
import { formatReference, parseNormalizedNamed, tagNameOnly } from '../image/reference.ts';
import { instructionOf } from '../lint/instruction-at.ts';
import type { LintFile, LintStage } from '../lint/lint-file.ts';
import { stagesWhere } from '../lint/stage-chain.ts';
import { unsetInRun } from '../lint/unset-in-run.ts';
import type { Lowered } from '../lower/lower.ts';
import type { Dockerfile, Instruction } from '../parser/ast.ts';
import { parseDirective } from '../parser/directives.ts';

/** The stages whose variables are all known: no image that they are made from is one of the unknown ones. */
export function judgedStages(
  { stages, unclear }: LintFile,
  unknownImages: ReadonlySet<string>,
): ReadonlySet<LintStage> {
  if (unknownImages.size === 0 && unclear.size === 0) return new Set(stages);
  return stagesWhere(stages, ({ base, syntax }) => {
    if (unclear.has(syntax.from)) return false;
    if (unknownImages.size === 0) return true;
    // The build may give the argument of a name another value than its default.
    if (syntax.from.image.text.includes('$')) return false;
    if (base.kind === 'image') return base.name !== undefined && !isUnknown(base.name, unknownImages);
    return base.kind !== 'context' && base.kind !== 'unknown';
  });
}

function isUnknown(name: string, unknownImages: ReadonlySet<string>): boolean {
  try {
    return unknownImages.has(formatReference({ ...tagNameOnly(parseNormalizedNamed(name)), digest: '' }));
  } catch {
    return true;
  }
}

/** Removes findings about variables in stages that cannot be judged. */
export function onlyJudged(
  findings: readonly Diagnostic[],
  { dockerfile, stages }: LintFile,
  judged: ReadonlySet<LintStage>,
): Diagnostic[] {
  const stageOf = new Map<Instruction | undefined, LintStage>();
  for (const stage of stages)
    for (const instruction of [stage.syntax.from, ...stage.instructions]) stageOf.set(instruction, stage);
  return findings.filter((finding) => {
    if (finding.code !== 'UndefinedVar') return true;
    const stage = stageOf.get(instructionOf(dockerfile, finding));
    return stage !== undefined && judged.has(stage);
  });
}

/**
 * Finds the variables of RUN that only an ARG before FROM declares. BuildKit does not: it leaves them to the shell.
 *
 * @param lowered has what the base images set; if the build fails, only stages from scratch are judged
 * @param checkOptions of the build, which take the place of those of the file
 */
export function findUnsetInRun(
  file: LintFile,
  lowered: Lowered | undefined,
  judged: ReadonlySet<LintStage>,
  checkOptions: string | undefined,
): Diagnostic[] {
  const { dockerfile, stages } = file;
  const isLowered = lowered?.stages.length === stages.length;
  const loweredStages = isLowered ? new Map(stages.map((stage, i) => [stage, lowered.stages[i]!])) : undefined;
  const fromScratch = stagesWhere(stages, ({ base }) => base.kind === 'stage' || base.kind === 'scratch');
  const isUnset = (stage: LintStage, name: string) =>
    judged.has(stage) && (loweredStages?.get(stage)?.isUnset(name) ?? fromScratch.has(stage));
  const found: Diagnostic[] = [];
  const linter = createLinter(
    checkConfig(dockerfile, checkOptions),
    (finding) => found.push(finding),
    dockerfile.source,
  );
  for (const { instruction, name } of unsetInRun(file, isUnset)) {
    const { comments, lines, range } = instruction;
    linter.withComments(comments).report(undefinedVar, { lines, range }, name, '');
  }
  return found;
}

function checkConfig({ source }: Dockerfile, given: string | undefined): CheckConfig {
  try {
    return parseCheckConfig(given ?? parseDirective('check', source.text)?.value ?? '');
  } catch {
    return noCheckConfig; // the frontend reports it
  }
}
