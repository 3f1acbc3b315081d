/** Finds out what the stages are based on: images, named contexts or nothing. */
import * as check from '../check/from-rules.ts';
import { quote } from '../go/quote.ts';
import { cloneImageConfig, emptyImage, type ImageConfig, parseImageConfig } from '../image/config.ts';
import { formatPlatform, normalizePlatform, type Platform } from '../image/platform.ts';
import {
  formatReference,
  type ImageReference,
  parseNormalizedNamed,
  tagNameOnly,
  withDigest,
} from '../image/reference.ts';
import { image as imageSource, scratch } from '../llb/index.ts';
import type { State } from '../llb/state.ts';
import { withLocation } from '../parser/diagnostic.ts';
import { emptyEnv } from '../parser/words.ts';
import { type LowerContext, namedContext } from './context.ts';
import type { LowerEnvironment } from './environment.ts';
import { ExplainedError, errorMessage, suggestName, withFurtherErrors, wrapError } from './errors.ts';
import { followPaths } from './paths.ts';
import { detectPlatform, imagePlatform } from './platforms.ts';
import { commandDescription, sourceLocations } from './source-location.ts';
import { emptyImageName, reachableStages, type StageState, type StageTable, stageNames } from './stages.ts';
import { nextStepName } from './step-name.ts';

/** A base that is not a stage. */
interface Base {
  readonly stage: StageState;
  /** As the Dockerfile has it. */
  readonly name: string;
  readonly reference: ImageReference;
  readonly platform: Platform;
}

/**
 * Resolves the base images of the stages that the target needs, in parallel; those of other stages only have to be
 * valid. Stages that are resolved stay as they are, so it can be called again when triggers brought new sources.
 *
 * @returns the stages that the target needs
 * @throws one of the errors, whatever answers first: a bad name before an image that cannot be resolved
 */
export async function resolveBaseImages(context: LowerContext, target: StageState): Promise<Set<StageState>> {
  const reachable = reachableStages(target);
  const open: StageState[] = [];
  for (const stage of context.table.states) {
    if (stage.base || stage.dispatched || stage.resolved) continue;
    stage.resolved = context.options.allStages || reachable.has(stage);
    if (stage.baseName === emptyImageName && !stage.namedContext) useNothing(stage, context.platforms.target);
    else open.push(stage);
  }
  // The order in which the reference frontend's scheduler has them run: of several errors it reports the same one.
  const stages = [...open.slice(-1), ...open.slice(0, -1)];
  const bases = stages.map((stage) => locating(stage, () => identifyBase(context, stage)));
  const loads = await Promise.allSettled(startLoads(context, bases));
  for (const [index, base] of bases.entries()) {
    const load = loads[index]!;
    if (load.status === 'rejected') throw failedLoads(loads, bases, index);
    locating(base.stage, load.value);
  }
  for (const stage of stages) if (stage.external) stage.dispatched = true;
  return reachable;
}

/** Asks for all bases. @throws what is wrong with one before anything is asked: no answer to another comes before that */
function startLoads(context: LowerContext, bases: readonly Base[]): Promise<() => void>[] {
  const loads: Promise<() => void>[] = [];
  try {
    for (const base of bases) loads.push(locating(base.stage, () => loadBase(context, base)));
    return loads;
  } catch (error) {
    for (const load of loads) load.catch(() => {}); // nobody waits for these any more
    throw error;
  }
}

/** The error of the base at `first`, with those of further bases: each name once. */
function failedLoads(loads: readonly PromiseSettledResult<unknown>[], bases: readonly Base[], first: number): Error {
  const failures = new Map<string, { readonly base: Base; readonly reason: unknown }>();
  for (const [at, load] of loads.entries())
    if (load.status === 'rejected' && at >= first && !failures.has(bases[at]!.name))
      failures.set(bases[at]!.name, { base: lastToWaitFor(bases[at]!, bases), reason: load.reason });
  const [primary, ...others] = [...failures.values()];
  const error = placed(primary!.reason, primary!.base.stage);
  if (others.length === 0) return error;
  return withFurtherErrors(
    error,
    others.map(({ base, reason }) => ({ error: reason, range: base.stage.range, lines: base.stage.lines })),
  );
}

/** An error of a base at its place, which for one that a mount names only people are told. */
function placed(error: unknown, { lines, range }: StageState): Error {
  return withLocation(new ExplainedError(errorMessage(error), { range, cause: error }), lines);
}

/** Stages that need the same image wait for one answer; of those the reference frontend wakes the last one first. */
function lastToWaitFor(base: Base, bases: readonly Base[]): Base {
  if (base.stage.namedContext) return base;
  const same = (other: Base) =>
    other.stage.resolved &&
    !other.stage.namedContext &&
    other.stage.baseName === base.stage.baseName &&
    formatPlatform(other.platform) === formatPlatform(base.platform);
  return bases.findLast(same) ?? base;
}

/** Runs what belongs to a stage; errors get the place of its FROM. */
function locating<T>(stage: StageState, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw placed(error, stage);
  }
}

/** Reads the name of the base. */
function identifyBase({ platforms }: LowerContext, stage: StageState): Base {
  const name = stage.baseName;
  let reference: ImageReference;
  try {
    reference = parseNormalizedNamed(name);
  } catch (error) {
    throw wrapError(error, `failed to parse stage name ${quote(name)}`);
  }
  stage.baseName = formatReference(tagNameOnly(reference));
  return { stage, name, reference, platform: stage.platform ?? platforms.target };
}

/** Asks for what is behind the name; the result gives the stage its base. */
function loadBase(context: LowerContext, base: Base): Promise<() => void> {
  const { stage, platform } = base;
  if (!stage.resolved) return Promise.resolve(() => useSource(context, stage, platform));
  if (stage.namedContext) return stage.namedContext.load().then((loaded) => () => useStageContext(stage, loaded));
  const replacement = namedContext(context, stage.baseName, {
    platform,
    followPaths: () => followPaths(stage.paths),
  });
  if (replacement) return replacement.load().then((loaded) => () => useImageContext(stage, loaded, platform));
  return pull(context, base).then((resolved) => () => useImage(context, base, resolved));
}

function useNothing(stage: StageState, platform: Platform): void {
  stage.state = scratch();
  stage.image = emptyImage(platform);
  stage.platform = platform;
  if (stage.external) stage.dispatched = true;
}

interface LoadedContext {
  readonly state: State;
  readonly image: ImageConfig | undefined;
}

/** A context with the stage's name takes the place of the stage and all its instructions. */
function useStageContext(stage: StageState, { state, image }: LoadedContext): void {
  stage.dispatched = true;
  stage.state = state;
  if (!image) return;
  stage.image = withoutDate(image);
  if (image.architecture !== '' && image.os !== '') stage.platform = imagePlatform(image);
}

/** A context with the name of the base image takes the place of the image. */
function useImageContext(stage: StageState, loaded: LoadedContext, platform: Platform): void {
  stage.baseImage = loaded.image ?? emptyImage(platform);
  stage.image = withoutDate(stage.baseImage);
  stage.state = loaded.state.platform(platform);
  stage.platform = platform;
}

type ResolvedImage = Awaited<ReturnType<LowerEnvironment['resolveImageConfig']>>;

async function pull(context: LowerContext, { stage, name, platform }: Base): Promise<ResolvedImage> {
  const { options, environment, table } = context;
  const place = options.multiPlatformRequested ? `${formatPlatform(platform)} internal` : 'internal';
  try {
    return await environment.resolveImageConfig(stage.baseName, {
      platform,
      resolveMode: options.imageResolveMode,
      logName: `[${place}] load metadata for ${stage.baseName}`,
    });
  } catch (error) {
    throw suggestName(wrapError(error, name), name, () => namesToMean(table), context.linter);
  }
}

const namesToMean = (table: StageTable) => [...stageNames(table), ...commonImageNames];

function useImage(context: LowerContext, base: Base, resolved: ResolvedImage): void {
  const { platforms, linter } = context;
  if (resolved.unknown)
    context.unknownImages.push({
      name: base.name,
      similar: linter.suggest(base.name, () => namesToMean(context.table)) || undefined,
      range: base.stage.range,
    });
  const { stage } = base;
  const reference = resolvedReference(base.reference, resolved.ref);
  const config = parseConfig(resolved.config);
  stage.baseImage = config;
  stage.image = withoutDate(config);
  const platform =
    !stage.platform && platforms.implicitTarget
      ? detectPlatform(config, base.platform, platforms.build)
      : base.platform;
  stage.baseName = formatReference(resolved.digest === '' ? reference : withDigest(reference, resolved.digest));
  if (isEmpty(config)) {
    stage.state = scratch();
    stage.platform = platform;
    return;
  }
  useSource(context, stage, platform);
  check.baseImagePlatform(linter, stage.lines, base.name, platform, imagePlatform(config), (p) =>
    formatPlatform(normalizePlatform(p)),
  );
}

/** The source op of an image. */
function useSource({ options }: LowerContext, stage: StageState, platform: Platform): void {
  stage.state = imageSource(stage.baseName, {
    resolveMode: options.imageResolveMode,
    platform,
    description: commandDescription(stage.code),
    customName: nextStepName(
      stage,
      `FROM ${stage.baseName}`,
      options.multiPlatformRequested ? platform : undefined,
      emptyEnv,
    ),
    locations: sourceLocations(options.sourceMap, stage.lines),
  });
  stage.platform = platform;
}

function resolvedReference(reference: ImageReference, resolved: string): ImageReference {
  if (formatReference(reference) === resolved) return reference;
  try {
    return parseNormalizedNamed(resolved);
  } catch (error) {
    throw wrapError(error, `failed to parse ref ${quote(resolved)}`);
  }
}

function parseConfig(bytes: Uint8Array): ImageConfig {
  try {
    return parseImageConfig(bytes);
  } catch (error) {
    throw wrapError(error, 'failed to parse image config');
  }
}

/** An image without layers; schema 1 lists none, but its history tells. */
function isEmpty({ rootfs, history }: ImageConfig): boolean {
  return (rootfs.diffIds?.length ?? 0) === 0 && history.every(({ emptyLayer }) => emptyLayer);
}

function withoutDate(config: ImageConfig): ImageConfig {
  return { ...cloneImageConfig(config), created: undefined };
}

const commonImageNames = ['alpine', 'busybox', 'centos', 'debian', 'golang', 'ubuntu', 'fedora'].flatMap((name) => [
  name,
  `docker.io/library${name}`,
  `${name}:latest`,
  `docker.io/library${name}:latest`,
]);
