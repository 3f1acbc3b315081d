/**
 * Lowers a Dockerfile to LLB: from the syntax tree, the build's options and what its environment knows about images and
 * contexts to a state and an image config. The phases are BuildKit's and go by its names:
 *
 * arguments -> stages -> target -> dependency graph -> base images and triggers -> dispatch -> image
 */
import type { Linter } from '../buildkit-rules/linter.ts';
import { checkSyntax } from '../buildkit-rules/syntax.ts';
import { diagnosticError } from '../diagnostic/diagnostic.ts';
import { quote } from '../go/quote.ts';
import type { Timestamp } from '../go/time.ts';
import { createTurns, passIfDue, type Turns } from '../host/turns.ts';
import type { ImageConfig } from '../image/config.ts';
import { deferred } from '../llb/index.ts';
import type { State } from '../llb/state.ts';
import type { Dockerfile } from '../parser/ast.ts';
import { firstError } from '../parser/first-error.ts';
import { createPatternMatcher, type PatternMatcher } from '../parser/ignore/pattern-matcher.ts';
import { globalArgs, predefinedArgs, proxyEnv } from './args.ts';
import { buildPlatforms } from './build-platforms.ts';
import { buildStages, checkDefaultBaseImages } from './build-stages.ts';
import { createErrorCollector, tryOrReport, tryOrReportAsync } from './collect-errors.ts';
import { followPaths } from './context-paths.ts';
import { buildDependencyGraph, type DependencyGraph } from './dependencies.ts';
import { dispatchStage } from './dispatch/stage.ts';
import type { LowerEnvironment, LowerOptions } from './environment.ts';
import { resolveEpoch } from './epoch.ts';
import { collectScans, finalizeImage } from './finalize.ts';
import { newHistoryBudget } from './image-history.ts';
import { createExpanders, type Lowering, type UnknownImageName } from './lowering.ts';
import { type Outline, outlineOf } from './outline.ts';
import { derivedState, type StageState, type StageStates, stateOnBase } from './stage-state.ts';
import { type BuildStage, findStage, stageNames } from './stages.ts';
import { suggestName } from './suggest-names.ts';
import { maxTriggers, type ResolvedStages, resolveStages } from './triggers.ts';

/** A stage whose instructions were lowered. */
export interface LoweredStage {
  /** Its filesystem. */
  readonly state: State;
  /** Whether neither the stage nor what it derives from sets a variable. */
  isUnset(name: string): boolean;
}

/** A Dockerfile lowered for one target and platform. */
export interface Lowered {
  /** The filesystem of the target. */
  readonly state: State;
  /** The stages that were lowered, in file order. */
  readonly stages: readonly LoweredStage[];
  /** The paths and patterns that the target takes from the main context, from its root. */
  readonly contextPaths: ReadonlySet<string>;
  /** The bases that no resolver knows. */
  readonly unknownImages: readonly UnknownImageName[];
  /** The config of the image. */
  readonly image: ImageConfig;
  /** Config of the pulled base image; undefined if the target has no base image. */
  readonly baseImage: ImageConfig | undefined;
  /** The time in SOURCE_DATE_EPOCH; undefined if it is not set. */
  readonly epoch: Timestamp | undefined;
  /** The states of an SBOM scan: the result, and further ones by name. */
  readonly sbom: { readonly core: State; readonly extras: ReadonlyMap<string, State> };
  /** Whether scans must not be cached, because a stage they cover is not cached. */
  readonly ignoreCache: boolean;
  /** The build arguments, secrets and SSH agents that the target takes. */
  outline(): Outline;
}

/**
 * Lowers a Dockerfile for one platform. Lint rules report to the linter until lowering stops.
 *
 * With `options.pastErrors` the result is what can be lowered of it.
 *
 * @throws DiagnosticError, or another error if the problem has no place in the Dockerfile. It is always the first
 * problem in the order of the phases, in any order of the answers
 */
export async function lowerDockerfile(
  dockerfile: Dockerfile,
  options: LowerOptions,
  environment: LowerEnvironment,
  linter: Linter,
): Promise<Lowered> {
  if (dockerfile.source.text === '')
    throw diagnosticError('empty-dockerfile', 'the Dockerfile cannot be empty', {
      hint: 'A Dockerfile begins with FROM.',
    });
  const turns = createTurns(environment.signal);
  await checkSyntax(dockerfile, linter, () => passIfDue(turns), options.pastErrors?.shellText);
  await passIfDue(turns);
  const error = firstError(dockerfile);
  if (error) throw error;
  if (dockerfile.stages.length === 0) throw diagnosticError('no-stage', 'dockerfile contains no stages to build');

  let lowering = await createLowering(dockerfile, options, environment, linter);
  await buildStages(lowering, dockerfile.stages, turns);
  let target = tryOrReport(lowering, () => findTarget(lowering, options.target));
  if (!target) {
    lowering = { ...lowering, options: { ...options, target: '', allStages: true } };
    target = findTarget(lowering, '');
  }
  await passIfDue(turns);
  const graph = buildDependencyGraph(lowering, dockerfile.stages);
  await passIfDue(turns);
  const resolved = await resolveStages(lowering, graph, target);
  await passIfDue(turns);
  const dispatched = await dispatchStages(lowering, graph, resolved, target, turns);
  await passIfDue(turns);
  const { states, mainContext, contextPaths, setMainContext } = dispatched;
  const targetState = states.get(target)!;
  const { result } = targetState;
  target.paths.add('/');
  finalizeImage(lowering, result.image);
  const lintError = linter.error();
  if (lintError && !options.pastErrors) throw lintError;
  setMainContext(await environment.mainContext(followPaths(contextPaths)));

  const { extras, ignoreCache } = collectScans(targetState, resolved.needed, states, mainContext);
  const state = result.state.withMarshalDefaults({
    platform: lowering.platforms.target,
    capabilities: options.llbCapabilities,
  });
  return {
    state,
    stages: dispatched.stages.map(({ result: { state, doubts } }) => ({
      state,
      isUnset: (name) => !doubts.has(name) && state.getEnv(name) === undefined,
    })),
    contextPaths: dispatched.contextPaths,
    unknownImages: lowering.unknownImages,
    image: result.image,
    baseImage: result.baseImage,
    epoch: lowering.epoch,
    sbom: { core: state, extras },
    ignoreCache,
    outline: () => outlineOf(target, graph, states),
  };
}

/** The first phase: evaluates the arguments before the first FROM. */
async function createLowering(
  dockerfile: Dockerfile,
  options: LowerOptions,
  environment: LowerEnvironment,
  linter: Linter,
): Promise<Lowering> {
  const { stages, metaArgs } = dockerfile;
  const platforms = buildPlatforms(options);
  const expanders = createExpanders(dockerfile.escape);
  const predefined = predefinedArgs(platforms, options.buildArgs, options.target || stages.at(-1)!.name);
  const { pastErrors } = options;
  const defaults = () =>
    globalArgs(predefined, metaArgs, new Map(), expanders.word, pastErrors && { ...pastErrors, onError: () => {} });
  checkDefaultBaseImages(linter, stages, expanders.word, defaults, pastErrors);
  const globals = globalArgs(predefined, metaArgs, options.buildArgs, expanders.word, pastErrors);
  const { buildArgs } = options;
  const epoch = await tryOrReportAsync(
    { options },
    () => resolveEpoch({ stages, buildArgs, globals, environment, lex: expanders.word }),
    { time: undefined, buildArgs, globals },
  );
  return {
    options,
    environment,
    linter,
    source: dockerfile.source,
    platforms,
    expanders,
    buildArgs: epoch.buildArgs,
    globals: epoch.globals,
    epoch: epoch.time,
    proxy: proxyEnv(epoch.buildArgs),
    table: { stages: [], byName: new Map() },
    inDoubt: new Set(),
    unknownImages: [],
    historyBudget: newHistoryBudget(),
    triggersLeft: maxTriggers,
  };
}

function findTarget({ table, linter }: Lowering, name: string): BuildStage {
  if (name === '') return table.stages.at(-1)!;
  const target = findStage(table, name);
  if (target) return target;
  const names = table.stages.flatMap((stage) => stage.name || []);
  const named = names.length > 20 ? [...names.slice(0, 20), `and ${names.length - 20} more`] : names;
  const hint =
    named.length > 0 ? `The stages are ${named.join(', ')}.` : 'No stage has a name: give it one with FROM … AS.';
  const error = diagnosticError('unknown-target', `target stage ${quote(name)} could not be found`, { hint });
  throw suggestName(error, name, () => stageNames(table), linter);
}

/** The matcher of what the ignore file excludes; undefined if it excludes nothing. */
async function ignoredFiles({ environment }: Lowering): Promise<PatternMatcher | undefined> {
  const patterns = await environment.dockerIgnorePatterns();
  return patterns.length > 0 ? createPatternMatcher(patterns) : undefined;
}

interface Dispatched {
  /** The stages whose instructions were applied, in file order. */
  readonly stages: readonly StageState[];
  /** All stages that others may read: also external sources, and stages that a context replaces. */
  readonly states: StageStates;
  /** The main context: a deferred state that {@link setMainContext} fills. */
  readonly mainContext: State;
  /** Paths of the main context that the stages read. */
  readonly contextPaths: ReadonlySet<string>;
  setMainContext(context: State): void;
}

/** Applies the instructions of the stages that are needed, in file order. */
async function dispatchStages(
  lowering: Lowering,
  graph: DependencyGraph,
  { needed, bases }: ResolvedStages,
  target: BuildStage,
  turns: Turns,
): Promise<Dispatched> {
  const ignored = await tryOrReportAsync(lowering, () => ignoredFiles(lowering), undefined);
  let loadedContext: State | undefined;
  const mainContext = deferred(() => loadedContext!);
  const { infos } = lowering.globals;
  const states: StageStates = new Map();
  for (const [stage, base] of bases)
    if (stage.external || (stage.namedContext && base.needed)) states.set(stage, stateOnBase(stage, base, infos));
  const stageLowering = { ...lowering, mainContext, ignored, states };
  const contextPaths = new Set<string>();
  const stages = lowering.table.stages.filter(
    (stage) => lowering.options.allStages || (needed.has(stage) && !states.has(stage)),
  );
  const lastDerived = new Map(stages.map((stage) => [stage.parent, stage]));
  const errors = createErrorCollector(lowering);
  const dispatched: StageState[] = [];
  for (const stage of stages) {
    if (turns.isDue()) await turns.pass();
    const isLastDerived = stage.parent !== target && lastDerived.get(stage.parent) === stage;
    const state = stage.parent
      ? derivedState(stage, states.get(stage.parent)!, infos, isLastDerived)
      : (states.get(stage) ?? stateOnBase(stage, bases.get(stage)!, infos));
    if (lowering.inDoubt.has(stage)) {
      state.result.doubts.addAll();
      state.result.workdirSet = true;
    }
    states.set(stage, state);
    dispatched.push(state);
    const node = graph.get(stage)!;
    for (const _ of dispatchStage(stageLowering, state, node.commands, errors)) if (turns.isDue()) await turns.pass();
    node.commands = [];
    if (errors.isFull) break;
    for (const path of state.contextPaths) contextPaths.add(path);
  }
  errors.finish();
  return {
    stages: dispatched,
    states,
    mainContext,
    contextPaths,
    setMainContext: (state) => (loadedContext = state),
  };
}
