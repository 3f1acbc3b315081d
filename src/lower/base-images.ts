/** Resolves what the stages are based on: images, named contexts or nothing. */
import { checkInvalidBaseImagePlatform } from '../check/rules/invalid-base-image-platform.ts';
import type { ErrorCode } from '../diagnostic/codes.ts';
import { type Diagnostic, DiagnosticError, describeError, withLocation } from '../diagnostic/diagnostic.ts';
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
import { emptyEnv } from '../parser/words.ts';
import { wrapError } from '../text/error-message.ts';
import { detectPlatform, imagePlatform } from './build-platforms.ts';
import { followPaths } from './context-paths.ts';
import type { LowerEnvironment } from './environment.ts';
import { type LowerContext, namedContext } from './lower-context.ts';
import { commandDescription } from './source-location.ts';
import { emptyImageName, reachableStages, type StageState, type StageTable, stageNames } from './stages.ts';
import { nextStepName } from './step-name.ts';
import { suggestName } from './suggest-names.ts';

/** A base that is not a stage. */
interface IdentifiedBase {
  readonly stage: StageState;
  /** Its name as in the Dockerfile. */
  readonly name: string;
  readonly reference: ImageReference;
  readonly platform: Platform;
}

/**
 * Resolves the base images of the stages that the target needs, in parallel. Other stages only need a valid name.
 * Resolved stages are skipped, so that it can be called again when triggers have added sources.
 *
 * @returns the stages that the target needs
 * @throws always the same error, in any order of the answers: an invalid name comes before an image that cannot be
 * resolved
 */
export async function resolveBaseImages(context: LowerContext, target: StageState): Promise<Set<StageState>> {
  const reachable = reachableStages(target);
  const open: StageState[] = [];
  for (const stage of context.table.states) {
    if (stage.base || stage.dispatched || stage.resolved) continue;
    stage.resolved = context.options.allStages || reachable.has(stage);
    if (stage.baseName === emptyImageName && !stage.namedContext) useScratch(stage, context.platforms.target);
    else open.push(stage);
  }
  // The order in which the reference runs them, so that the same one of several errors is reported.
  const stages = [...open.slice(-1), ...open.slice(0, -1)];
  const bases = stages.map((stage) => locating(stage, () => identifyBase(context, stage)));
  let names: string[] | undefined;
  const loads = await Promise.allSettled(startLoads(context, bases, () => (names ??= suggestedNames(context.table))));
  for (const [index, base] of bases.entries()) {
    const load = loads[index]!;
    if (load.status === 'rejected') throw failedLoads(loads, bases, index);
    locating(base.stage, load.value);
  }
  for (const stage of stages) if (stage.external) stage.dispatched = true;
  return reachable;
}

/** Asks for all bases. @throws an error that needs no answer at once, before all errors in answers */
function startLoads(
  context: LowerContext,
  bases: readonly IdentifiedBase[],
  names: () => readonly string[],
): Promise<() => void>[] {
  const loads: Promise<() => void>[] = [];
  try {
    for (const base of bases) loads.push(locating(base.stage, () => loadBase(context, base, names)));
    return loads;
  } catch (error) {
    for (const load of loads) load.catch(() => {}); // marks their rejections as handled: the error is thrown instead
    throw error;
  }
}

/** The error of the base at `first`, with those of further bases: each name once. */
function failedLoads(
  loads: readonly PromiseSettledResult<unknown>[],
  bases: readonly IdentifiedBase[],
  first: number,
): Error {
  const waiting = lastToWait(bases);
  const failures = new Map<string, { readonly base: IdentifiedBase; readonly reason: unknown }>();
  for (const [at, load] of loads.entries())
    if (load.status === 'rejected' && at >= first && !failures.has(bases[at]!.name))
      failures.set(bases[at]!.name, { base: waiting.get(imageKey(bases[at]!)) ?? bases[at]!, reason: load.reason });
  const [primary, ...others] = [...failures.values()];
  const error = locate(primary!.reason, primary!.base.stage);
  if (others.length === 0) return error;
  const further = others.map(({ base, reason }): Diagnostic => locate(reason, base.stage).diagnostics[0]);
  return new DiagnosticError([error.diagnostics[0], ...further], {
    cause: error,
    others: others.map(({ reason }) => reason),
  });
}

/**
 * Gives an error of a base its place. The reference gives none to a base that a mount names; only code frames show it.
 */
function locate(error: unknown, { lines, range }: StageState, code: ErrorCode = 'unresolved-image'): DiagnosticError {
  return withLocation(describeError(error, code, { range }), lines);
}

/** For each image, the last stage that waits for it: the reference wakes that one first, with one answer for all. */
function lastToWait(bases: readonly IdentifiedBase[]): Map<string | undefined, IdentifiedBase> {
  const last = new Map<string | undefined, IdentifiedBase>();
  for (const base of bases) if (base.stage.resolved && !base.stage.namedContext) last.set(imageKey(base), base);
  return last;
}

/**
 * A key of the image that a stage waits for; undefined for a stage with a context of its name, which waits for none.
 */
function imageKey({ stage, platform }: IdentifiedBase): string | undefined {
  return stage.namedContext ? undefined : `${stage.baseName} ${formatPlatform(platform)}`;
}

/** Runs a function for a stage; its errors get the place of the FROM. */
function locating<T>(stage: StageState, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw locate(error, stage);
  }
}

/** Reads the name of the base. */
function identifyBase({ platforms }: LowerContext, stage: StageState): IdentifiedBase {
  const name = stage.baseName;
  let reference: ImageReference;
  try {
    reference = parseNormalizedNamed(name);
  } catch (error) {
    throw describeError(wrapError(error, `failed to parse stage name ${quote(name)}`), 'bad-image-name');
  }
  stage.baseName = formatReference(tagNameOnly(reference));
  return { stage, name, reference, platform: stage.result.platform ?? platforms.target };
}

/** Asks for the image or context of the name; the function in the answer gives it to the stage. */
function loadBase(context: LowerContext, base: IdentifiedBase, names: () => readonly string[]): Promise<() => void> {
  const { stage, platform } = base;
  if (!stage.resolved) return Promise.resolve(() => useSource(context, stage, platform));
  if (stage.namedContext) return stage.namedContext.load().then((loaded) => () => useStageContext(stage, loaded));
  const replacement = namedContext(context, stage.baseName, {
    platform,
    followPaths: () => followPaths(stage.result.paths),
  });
  if (replacement) return replacement.load().then((loaded) => () => useImageContext(stage, loaded, platform));
  return pull(context, base, names);
}

function useScratch(stage: StageState, platform: Platform): void {
  stage.result.state = scratch();
  stage.result.image = emptyImage(platform);
  stage.result.platform = platform;
  if (stage.external) stage.dispatched = true;
}

interface LoadedContext {
  readonly state: State;
  readonly image: ImageConfig | undefined;
}

/** Replaces a stage and all its instructions by the context with its name. */
function useStageContext(stage: StageState, { state, image }: LoadedContext): void {
  stage.dispatched = true;
  stage.result.state = state;
  if (!image) return;
  stage.result.image = withoutDate(image);
  if (image.architecture !== '' && image.os !== '') stage.result.platform = imagePlatform(image);
}

/** Replaces a base image by the context with its name. */
function useImageContext(stage: StageState, loaded: LoadedContext, platform: Platform): void {
  stage.result.baseImage = loaded.image ?? emptyImage(platform);
  stage.result.image = withoutDate(stage.result.baseImage);
  stage.result.state = loaded.state.platform(platform);
  stage.result.platform = platform;
}

type ResolvedConfig = Awaited<ReturnType<LowerEnvironment['resolveImageConfig']>>;

async function pull(context: LowerContext, named: IdentifiedBase, names: () => readonly string[]): Promise<() => void> {
  const base = pinned(context, named);
  const resolved = await resolve(context, base);
  return () => useImage(context, base, resolved, names);
}

/** The base with the digest that a lock gives it, as if the Dockerfile had it. */
function pinned({ options: { pins } }: LowerContext, base: IdentifiedBase): IdentifiedBase {
  if (!pins) return base;
  const reference = pins.image(tagNameOnly(base.reference));
  base.stage.baseName = formatReference(reference);
  return { ...base, reference };
}

async function resolve(context: LowerContext, { stage, name, platform }: IdentifiedBase): Promise<ResolvedConfig> {
  const { options, environment, table } = context;
  const place = options.multiPlatformRequested ? `${formatPlatform(platform)} internal` : 'internal';
  try {
    return await environment.resolveImageConfig(stage.baseName, {
      platform,
      resolveMode: options.imageResolveMode,
      logName: `[${place}] load metadata for ${stage.baseName}`,
    });
  } catch (error) {
    throw suggestName(wrapError(error, name), name, () => suggestedNames(table), context.linter);
  }
}

const suggestedNames = (table: StageTable) => [...stageNames(table), ...commonImageNames];

function useImage(
  context: LowerContext,
  base: IdentifiedBase,
  resolved: ResolvedConfig,
  names: () => readonly string[],
): void {
  const { platforms, linter } = context;
  if (resolved.unknown)
    context.unknownImages.push({
      name: base.name,
      similar: linter.suggest(base.name, names) || undefined,
      range: base.stage.range,
    });
  const { stage } = base;
  const reference = resolvedReference(base.reference, resolved.ref);
  const config = parseConfig(resolved.config);
  stage.result.baseImage = config;
  stage.result.image = withoutDate(config);
  const platform =
    !stage.result.platform && platforms.implicitTarget
      ? detectPlatform(config, base.platform, platforms.build)
      : base.platform;
  stage.baseName = formatReference(resolved.digest === '' ? reference : withDigest(reference, resolved.digest));
  if (isEmpty(config)) {
    stage.result.state = scratch();
    stage.result.platform = platform;
    return;
  }
  useSource(context, stage, platform);
  checkInvalidBaseImagePlatform(linter, stage, base.name, {
    expected: platform,
    actual: imagePlatform(config),
    format: (it) => formatPlatform(normalizePlatform(it)),
  });
}

/** The source op of an image. */
function useSource({ options }: LowerContext, stage: StageState, platform: Platform): void {
  stage.result.state = imageSource(stage.baseName, {
    resolveMode: options.imageResolveMode,
    platform,
    description: commandDescription(stage.code),
    customName: nextStepName(
      stage,
      `FROM ${stage.baseName}`,
      options.multiPlatformRequested ? platform : undefined,
      emptyEnv,
    ),
    locations: options.locations?.(stage.lines),
  });
  stage.result.platform = platform;
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
    throw describeError(wrapError(error, 'failed to parse image config'), 'bad-image-config');
  }
}

/** Whether an image has no layers; schema 1 lists none, but has a history. */
function isEmpty({ rootfs, history }: ImageConfig): boolean {
  return (rootfs.diffIds?.length ?? 0) === 0 && history.every(({ emptyLayer }) => emptyLayer);
}

function withoutDate(config: ImageConfig): ImageConfig {
  return { ...cloneImageConfig(config), created: undefined };
}

/** The reference writes them like this, without a slash after `library`, and the suggestions must be the same. */
const commonImageNames = ['alpine', 'busybox', 'centos', 'debian', 'golang', 'ubuntu', 'fedora'].flatMap((name) => [
  name,
  `docker.io/library${name}`,
  `${name}:latest`,
  `docker.io/library${name}:latest`,
]);
