/** Resolves what the stages are based on: images, named contexts or nothing. */
import { checkInvalidBaseImagePlatform } from '../buildkit-rules/rules/invalid-base-image-platform.ts';
import type { ErrorCode } from '../diagnostic/codes.ts';
import { type Diagnostic, DiagnosticError, describeError, withLocation } from '../diagnostic/diagnostic.ts';
import { quote } from '../go/quote.ts';
import { cloneImageConfig, emptyImage, type ImageConfig, parseImageConfig, unknownImage } from '../image/config.ts';
import { formatPlatform, normalizePlatform, type Platform } from '../image/platform.ts';
import {
  formatReference,
  type ImageReference,
  parseNormalizedNamed,
  tagNameOnly,
  withDigest,
} from '../image/reference.ts';
import { image as imageSource, scratch } from '../llb/index.ts';
import { emptyEnv } from '../parser/words.ts';
import { wrapError, wrapErrors } from '../text/error-message.ts';
import { detectPlatform, imagePlatform } from './build-platforms.ts';
import { failOrReport, tryOrReport } from './collect-errors.ts';
import { followPaths } from './context-paths.ts';
import type { LoadedContext, ResolvedImage } from './environment.ts';
import { type Lowering, namedContext } from './lowering.ts';
import { commandDescription } from './source-location.ts';
import type { StageBase } from './stage-base.ts';
import { type BuildStage, emptyImageName, type StageTable, stageNames, stageNamesBefore } from './stages.ts';
import { nextStepName } from './step-name.ts';
import { suggestName } from './suggest-names.ts';

/** A base that is not a stage, with its name read. */
interface IdentifiedBase {
  readonly stage: BuildStage;
  /** Its name as in the Dockerfile. */
  readonly name: string;
  readonly reference: ImageReference;
  /** The reference as text, with a tag. */
  readonly fullName: string;
  readonly platform: Platform;
  /** Whether the build needs the stage. */
  readonly needed: boolean;
}

/**
 * Resolves the base images of the stages that the target needs, in parallel. Other stages only need a valid name.
 * Resolved stages are skipped, so that it can be called again when triggers have added sources.
 *
 * @param needed the stages that the target needs
 * @param bases the bases so far, to which it adds
 * @throws always the same error, in any order of the answers: an invalid name comes before an image that cannot be
 * resolved
 */
export async function resolveBaseImages(
  lowering: Lowering,
  needed: ReadonlySet<BuildStage>,
  bases: Map<BuildStage, StageBase>,
): Promise<void> {
  const open: BuildStage[] = [];
  const isNeeded = (stage: BuildStage) => lowering.options.allStages || needed.has(stage);
  for (const stage of lowering.table.stages) {
    const base = bases.get(stage);
    if (stage.parent || (base && (base.needed || stage.external))) continue;
    if (stage.baseName === emptyImageName && !stage.namedContext)
      bases.set(stage, emptyBase(isNeeded(stage), lowering.platforms.target));
    else open.push(stage);
  }
  const leaveInDoubt = (stage: BuildStage) => {
    lowering.inDoubt.add(stage);
    bases.set(stage, emptyBase(true, lowering.platforms.target));
  };
  // The order in which the reference runs them, so that the same one of several errors is reported.
  const stages = [...open.slice(-1), ...open.slice(0, -1)];
  const identified = stages.flatMap((stage) => {
    const base = tryOrReport(lowering, () =>
      locating(stage, () => {
        const name = bases.get(stage)?.name ?? stage.baseName;
        return identifyBase(lowering, stage, name, isNeeded(stage));
      }),
    );
    if (!base) leaveInDoubt(stage);
    return base ?? [];
  });
  let names: string[] | undefined;
  const suggested = () => (names ??= suggestedNames(lowering.table));
  const loads = await Promise.allSettled(startLoads(lowering, identified, suggested));
  let hasFailed = false;
  for (const [index, base] of identified.entries()) {
    const load = loads[index]!;
    if (load.status === 'rejected' && !hasFailed) {
      hasFailed = true;
      failOrReport(lowering, failedLoads(loads, identified, index));
    }
    const stageBase = load.status === 'fulfilled' && tryOrReport(lowering, () => locating(base.stage, load.value));
    if (stageBase) bases.set(base.stage, stageBase);
    else leaveInDoubt(base.stage);
  }
}

/** Asks for all bases. @throws an error that needs no answer at once, before all errors in answers */
function startLoads(
  lowering: Lowering,
  bases: readonly IdentifiedBase[],
  names: () => readonly string[],
): Promise<() => StageBase>[] {
  const loads: Promise<() => StageBase>[] = [];
  for (const base of bases)
    try {
      loads.push(locating(base.stage, () => loadBase(lowering, base, names)));
    } catch (error) {
      if (lowering.options.pastErrors) {
        loads.push(Promise.reject(error));
        continue;
      }
      for (const load of loads) load.catch(() => {}); // marks their rejections as handled: the error is thrown instead
      throw error;
    }
  return loads;
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
function locate(error: unknown, { lines, range }: BuildStage, code: ErrorCode = 'unresolved-image'): DiagnosticError {
  return withLocation(describeError(error, code, { range }), lines);
}

/** For each image, the last stage that waits for it: the reference wakes that one first, with one answer for all. */
function lastToWait(bases: readonly IdentifiedBase[]): Map<string | undefined, IdentifiedBase> {
  const last = new Map<string | undefined, IdentifiedBase>();
  for (const base of bases) if (base.needed && !base.stage.namedContext) last.set(imageKey(base), base);
  return last;
}

/**
 * A key of the image that a stage waits for; undefined for a stage with a context of its name, which waits for none.
 */
function imageKey({ stage, fullName, platform }: IdentifiedBase): string | undefined {
  return stage.namedContext ? undefined : `${fullName} ${formatPlatform(platform)}`;
}

/** Runs a function for a stage; its errors get the place of the FROM. */
function locating<T>(stage: BuildStage, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw locate(error, stage);
  }
}

/** Reads the name of the base. */
function identifyBase({ platforms }: Lowering, stage: BuildStage, name: string, needed: boolean): IdentifiedBase {
  let reference: ImageReference;
  try {
    reference = parseNormalizedNamed(name);
  } catch (error) {
    throw describeError(wrapError(error, `failed to parse stage name ${quote(name)}`), 'bad-image-name');
  }
  const fullName = formatReference(tagNameOnly(reference));
  return { stage, name, reference, fullName, platform: stage.platform ?? platforms.target, needed };
}

/** Asks for the image or context of the name; the function in the answer makes the base of it. */
function loadBase(lowering: Lowering, base: IdentifiedBase, names: () => readonly string[]): Promise<() => StageBase> {
  const { stage, fullName, platform } = base;
  if (!base.needed) return Promise.resolve(() => ({ ...unknownBase(base), ...imageState(lowering, base, fullName) }));
  if (stage.namedContext) return stage.namedContext.load().then((loaded) => () => stageContextBase(base, loaded));
  const replacement = namedContext(lowering, fullName, { platform, followPaths: () => followPaths(stage.paths) });
  if (replacement) return replacement.load().then((loaded) => () => imageContextBase(base, loaded));
  return loadImage(lowering, base, names);
}

function emptyBase(needed: boolean, platform: Platform): StageBase {
  return {
    name: emptyImageName,
    needed,
    state: scratch(),
    image: emptyImage(platform),
    baseImage: undefined,
    platform,
    triggers: [],
  };
}

/** A base of which nothing is known. */
function unknownBase({ stage, fullName, needed }: IdentifiedBase): StageBase {
  return {
    name: fullName,
    needed,
    state: scratch(),
    image: unknownImage(),
    baseImage: undefined,
    platform: stage.platform,
    triggers: [],
  };
}

/** The context that replaces a stage and all its instructions. */
function stageContextBase(base: IdentifiedBase, { state, image }: LoadedContext): StageBase {
  const unknown = { ...unknownBase(base), state };
  if (!image) return unknown;
  const platform = image.architecture !== '' && image.os !== '' ? imagePlatform(image) : unknown.platform;
  return { ...unknown, ...configOf(image), platform };
}

/** The context that replaces a base image. */
function imageContextBase(base: IdentifiedBase, { state, image }: LoadedContext): StageBase {
  const { platform } = base;
  const baseImage = image ?? emptyImage(platform);
  return { ...unknownBase(base), ...configOf(baseImage), baseImage, state: state.platform(platform), platform };
}

/** The config that instructions change, and the triggers that it brings. */
function configOf(config: ImageConfig): Pick<StageBase, 'image' | 'triggers'> {
  const image = { ...cloneImageConfig(config), created: undefined };
  const triggers = image.config.onBuild ?? [];
  image.config.onBuild = undefined; // they do not run again in stages that derive from this one
  return { image, triggers };
}

async function loadImage(
  lowering: Lowering,
  named: IdentifiedBase,
  names: () => readonly string[],
): Promise<() => StageBase> {
  const base = withPin(lowering, named);
  const resolved = await resolveConfig(lowering, base);
  return () => imageBase(lowering, base, resolved, names);
}

/** The base with the digest that a lock gives it, as if the Dockerfile had it. */
function withPin({ options: { pins } }: Lowering, base: IdentifiedBase): IdentifiedBase {
  if (!pins) return base;
  const reference = pins.image(tagNameOnly(base.reference));
  return { ...base, reference, fullName: formatReference(reference) };
}

async function resolveConfig(lowering: Lowering, { name, fullName, platform }: IdentifiedBase): Promise<ResolvedImage> {
  const { options, environment, table } = lowering;
  const place = options.multiPlatformRequested ? `${formatPlatform(platform)} internal` : 'internal';
  try {
    return await environment.resolveImageConfig(fullName, {
      platform,
      resolveMode: options.imageResolveMode,
      logName: `[${place}] load metadata for ${fullName}`,
    });
  } catch (error) {
    throw suggestName(wrapError(error, name), name, () => suggestedNames(table), lowering.linter);
  }
}

const suggestedNames = (table: StageTable) => [...stageNames(table), ...commonImageNames];

function imageBase(
  lowering: Lowering,
  base: IdentifiedBase,
  resolved: ResolvedImage,
  names: () => readonly string[],
): StageBase {
  const { platforms, linter } = lowering;
  const { stage } = base;
  if (resolved.unknown)
    lowering.unknownImages.push({
      name: base.name,
      similar: similarName(lowering, base, names),
      range: stage.range,
    });
  const reference = resolvedReference(base.reference, resolved.ref);
  const config = parseConfig(resolved.config);
  const platform =
    !stage.platform && platforms.implicitTarget
      ? detectPlatform(config, base.platform, platforms.build)
      : base.platform;
  const name = formatReference(resolved.digest === '' ? reference : withDigest(reference, resolved.digest));
  const image = { ...unknownBase(base), ...configOf(config), name, baseImage: config, platform };
  if (isEmpty(config)) return image;
  const state = imageState(lowering, { stage, platform }, name);
  checkInvalidBaseImagePlatform(linter, stage, base.name, {
    expected: platform,
    actual: imagePlatform(config),
    format: (it) => formatPlatform(normalizePlatform(it)),
  });
  return { ...image, ...state };
}

/** The common image, or the stage that can be meant, whose name is closest to that of a base. */
function similarName(
  { linter, table }: Lowering,
  { name, stage }: IdentifiedBase,
  names: () => readonly string[],
): string | undefined {
  const closest = linter.suggest(name, names);
  if (closest === '' || commonImageNames.includes(closest)) return closest || undefined;
  // A stage that begins later, or that the base is of, is not what its author means.
  const before = stageNamesBefore(table, stage.range);
  if (before.includes(closest)) return closest;
  return linter.suggest(name, () => [...before, ...commonImageNames]) || undefined;
}

/** The source op of an image. */
function imageState(
  { options }: Lowering,
  { stage, platform }: Pick<IdentifiedBase, 'stage' | 'platform'>,
  name: string,
): Pick<StageBase, 'state' | 'platform'> {
  const state = imageSource(name, {
    resolveMode: options.imageResolveMode,
    platform,
    description: commandDescription(stage.code),
    customName: nextStepName(
      stage.steps,
      `FROM ${name}`,
      options.multiPlatformRequested ? platform : undefined,
      emptyEnv,
    ),
    locations: options.locations?.(stage.lines),
  });
  return { state, platform };
}

function resolvedReference(reference: ImageReference, resolved: string): ImageReference {
  if (formatReference(reference) === resolved) return reference;
  return wrapErrors(`failed to parse ref ${quote(resolved)}`, () => parseNormalizedNamed(resolved));
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

/** The reference writes them like this, without a slash after `library`, and the suggestions must be the same. */
const commonImageNames = ['alpine', 'busybox', 'centos', 'debian', 'golang', 'ubuntu', 'fedora'].flatMap((name) => [
  name,
  `docker.io/library${name}`,
  `${name}:latest`,
  `docker.io/library${name}:latest`,
]);
