/**
 * Lowers a Dockerfile to LLB: from the syntax tree, the build's options and what its environment knows of images and
 * contexts to a state and an image config. The phases are BuildKit's and go by its names:
 *
 * arguments -> stages -> target -> dependency graph -> base images and triggers -> dispatch -> image
 */

import type { Linter } from '../check/linter.ts';
import { checkSyntax } from '../check/syntax.ts';
import { quote } from '../go/quote.ts';
import type { Timestamp } from '../go/time.ts';
import type { ImageConfig } from '../image/config.ts';
import { deferred } from '../llb/index.ts';
import type { State } from '../llb/state.ts';
import type { Dockerfile } from '../parser/ast.ts';
import { firstError } from '../parser/index.ts';
import { createPatternMatcher } from '../parser/pattern-matcher.ts';
import { globalArgs, predefinedArgs, proxyEnv } from './args.ts';
import { buildStages, checkDefaultBaseImages } from './build-stages.ts';
import { createLexers, type LowerContext, type UnknownImageName } from './context.ts';
import { buildDependencyGraph } from './dependencies.ts';
import { dispatchStage } from './dispatch/stage.ts';
import type { LowerEnvironment, LowerOptions } from './environment.ts';
import { resolveEpoch } from './epoch.ts';
import { ExplainedError, suggestName } from './errors.ts';
import { collectScans, finalizeImage } from './finalize.ts';
import { newHistoryBudget } from './history.ts';
import { type Outline, outlineOf } from './outline.ts';
import { followPaths } from './paths.ts';
import { buildPlatforms } from './platforms.ts';
import { findStage, type StageState, stageNames } from './stages.ts';
import { maxTriggers, resolveStages } from './triggers.ts';
import { type Turns, takeTurns } from './turns.ts';

/** A Dockerfile lowered for one target and platform. */
export interface Lowered {
  readonly state: State;
  /** Of every stage that was looked at, in the order of the file. */
  readonly stages: readonly State[];
  readonly unknownImages: readonly UnknownImageName[];
  readonly image: ImageConfig;
  /** Config of the base image as it was pulled; undefined where there is none. */
  readonly baseImage: ImageConfig | undefined;
  /** SOURCE_DATE_EPOCH. */
  readonly epoch: Timestamp | undefined;
  /** What an SBOM scan covers: the result, and further states by name. */
  readonly sbom: { readonly core: State; readonly extras: ReadonlyMap<string, State> };
  /** Scans are not to be cached: a stage they cover is not. */
  readonly ignoreCache: boolean;
  /** What the target can be given. */
  outline(): Outline;
}

/**
 * Lowers a Dockerfile for one platform. Lint rules report to the linter as far as lowering comes.
 *
 * @throws LocatedError, or another error where no place in the Dockerfile is to blame: the first problem in the order of
 * the phases, whatever answers first
 */
export async function lowerDockerfile(
  dockerfile: Dockerfile,
  options: LowerOptions,
  environment: LowerEnvironment,
  linter: Linter,
): Promise<Lowered> {
  if (dockerfile.source.text === '') throw new Error('the Dockerfile cannot be empty');
  const turns = takeTurns(environment.signal);
  const passIfDue = async () => {
    if (turns.due()) await turns.pass();
  };
  checkSyntax(dockerfile, linter);
  await passIfDue();
  const error = firstError(dockerfile);
  if (error) throw error;
  if (dockerfile.stages.length === 0) throw new Error('dockerfile contains no stages to build');

  const context = await createContext(dockerfile, options, environment, linter);
  await buildStages(context, dockerfile.stages, turns);
  const target = findTarget(context, options.target);
  await passIfDue();
  buildDependencyGraph(context);
  await passIfDue();
  const needed = await resolveStages(context, target);
  await passIfDue();
  const { stages, buildContext, contextPaths, setBuildContext } = await dispatchStages(context, target, needed, turns);
  await passIfDue();
  target.paths.add('/');
  finalizeImage(context, target.image);
  const lintError = linter.error();
  if (lintError) throw lintError;
  setBuildContext(await environment.mainContext(followPaths(contextPaths)));

  const { extras, ignoreCache } = collectScans(target, buildContext);
  const state = target.state.withMarshalDefaults({ platform: context.platforms.target, caps: options.llbCaps });
  return {
    state,
    stages: stages.map((stage) => stage.state),
    unknownImages: context.unknownImages,
    image: target.image,
    baseImage: target.baseImage,
    epoch: context.epoch,
    sbom: { core: state, extras },
    ignoreCache,
    outline: () => outlineOf(target),
  };
}

/** Evaluates what is in scope before the first FROM. */
async function createContext(
  dockerfile: Dockerfile,
  options: LowerOptions,
  environment: LowerEnvironment,
  linter: Linter,
): Promise<LowerContext> {
  const { stages, metaArgs } = dockerfile;
  const platforms = buildPlatforms(options);
  const lexers = createLexers(dockerfile.escape);
  const predefined = predefinedArgs(platforms, options.buildArgs, options.target || stages.at(-1)!.name);
  checkDefaultBaseImages(linter, stages, lexers.word, () => globalArgs(predefined, metaArgs, new Map(), lexers.word));
  const globals = globalArgs(predefined, metaArgs, options.buildArgs, lexers.word);
  const epoch = await resolveEpoch({ stages, buildArgs: options.buildArgs, globals, environment, lex: lexers.word });
  return {
    options,
    environment,
    linter,
    platforms,
    lexers,
    buildArgs: epoch.buildArgs,
    globals: epoch.globals,
    epoch: epoch.time,
    proxy: proxyEnv(epoch.buildArgs),
    table: { states: [], byName: new Map() },
    unknownImages: [],
    historyBudget: newHistoryBudget(),
    triggersLeft: maxTriggers,
  };
}

function findTarget({ table, linter }: LowerContext, name: string): StageState {
  if (name === '') return table.states.at(-1)!;
  const target = findStage(table, name);
  if (target) return target;
  const names = table.states.flatMap((stage) => stage.name || []);
  const named = names.length > 20 ? [...names.slice(0, 20), `and ${names.length - 20} more`] : names;
  const hint =
    named.length > 0 ? `the stages are ${named.join(', ')}` : 'no stage has a name: give it one with FROM … AS';
  const error = new ExplainedError(`target stage ${quote(name)} could not be found`, { hint });
  throw suggestName(error, name, () => stageNames(table), linter);
}

interface Dispatched {
  readonly stages: readonly StageState[];
  /** A state whose content is what {@link setBuildContext} is given. */
  readonly buildContext: State;
  /** Paths of it that the stages read. */
  readonly contextPaths: ReadonlySet<string>;
  setBuildContext(context: State): void;
}

/** Applies the instructions of the stages that are needed, in file order. */
async function dispatchStages(
  context: LowerContext,
  target: StageState,
  needed: ReadonlySet<StageState>,
  turns: Turns,
): Promise<Dispatched> {
  const patterns = await context.environment.dockerIgnorePatterns();
  let mainContext: State | undefined;
  const buildContext = deferred(() => mainContext!);
  const dispatchContext = {
    ...context,
    buildContext,
    ignored: patterns.length > 0 ? createPatternMatcher(patterns) : undefined,
  };
  const contextPaths = new Set<string>();
  const stages = context.table.states.filter(
    (stage) => context.options.allStages || (needed.has(stage) && !stage.dispatched),
  );
  const lastHeirs = new Map(stages.map((stage) => [stage.base, stage]));
  for (const stage of stages) {
    if (turns.due()) await turns.pass();
    const isLastHeir = stage.base !== target && lastHeirs.get(stage.base) === stage;
    for (const _ of dispatchStage(dispatchContext, stage, isLastHeir)) if (turns.due()) await turns.pass();
    for (const path of stage.contextPaths) contextPaths.add(path);
  }
  return { stages, buildContext, contextPaths, setBuildContext: (state) => (mainContext = state) };
}
