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
import { suggestName, wrapError } from './errors.ts';
import { followPaths } from './paths.ts';
import { detectPlatform, imagePlatform } from './platforms.ts';
import { commandDescription, sourceLocations } from './source-location.ts';
import { emptyImageName, reachableStages, type StageState, stageNames } from './stages.ts';
import { nextStepName } from './step-name.ts';

/** Gives a stage its base; called in file order, so that names of steps and warnings do not depend on who answers first. */
type Apply = () => void;

/**
 * Resolves the base images of the stages that the target needs, in parallel; those of other stages only have to be
 * valid. Stages that are resolved stay as they are, so it can be called again when triggers brought new sources.
 *
 * @returns the stages that the target needs
 * @throws the error of the first stage of the file that has one
 */
export async function resolveBaseImages(context: LowerContext, target: StageState): Promise<Set<StageState>> {
  const reachable = reachableStages(target);
  const open = context.table.states.filter((stage) => !stage.base && !stage.dispatched && !stage.resolved);
  const bases = open.map((stage) => {
    stage.resolved = context.options.allStages || reachable.has(stage);
    return resolveBase(context, stage);
  });
  const results = await Promise.allSettled(bases);
  for (const [index, stage] of open.entries()) {
    const result = results[index]!;
    try {
      if (result.status === 'rejected') throw result.reason;
      result.value();
    } catch (error) {
      throw withLocation(error, stage.lines);
    }
    if (stage.external) stage.dispatched = true;
  }
  return reachable;
}

async function resolveBase(context: LowerContext, stage: StageState): Promise<Apply> {
  const { platforms } = context;
  if (stage.baseName === emptyImageName && !stage.namedContext) return () => useNothing(stage, platforms.target);

  const name = stage.baseName;
  let reference: ImageReference;
  try {
    reference = parseNormalizedNamed(name);
  } catch (error) {
    throw wrapError(error, `failed to parse stage name ${quote(name)}`);
  }
  const platform = stage.platform ?? platforms.target;
  stage.baseName = formatReference(tagNameOnly(reference));
  if (!stage.resolved) return () => useSource(context, stage, platform);

  if (stage.namedContext) {
    const loaded = await stage.namedContext.load();
    return () => useStageContext(stage, loaded);
  }
  const replacement = namedContext(context, stage.baseName, {
    platform,
    followPaths: () => followPaths(stage.paths),
  });
  if (replacement) {
    const loaded = await replacement.load();
    return () => useImageContext(stage, loaded, platform);
  }
  return pull(context, stage, { name, reference, platform });
}

function useNothing(stage: StageState, platform: Platform): void {
  stage.state = scratch();
  stage.image = emptyImage(platform);
  stage.platform = platform;
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

interface WantedImage {
  /** As the Dockerfile has it. */
  readonly name: string;
  readonly reference: ImageReference;
  readonly platform: Platform;
}

async function pull(context: LowerContext, stage: StageState, wanted: WantedImage): Promise<Apply> {
  const { options, environment, platforms, table, linter } = context;
  const place = options.multiPlatformRequested ? `${formatPlatform(wanted.platform)} internal` : 'internal';
  let resolved: Awaited<ReturnType<typeof environment.resolveImageConfig>>;
  try {
    resolved = await environment.resolveImageConfig(stage.baseName, {
      platform: wanted.platform,
      resolveMode: options.imageResolveMode,
      logName: `[${place}] load metadata for ${stage.baseName}`,
    });
  } catch (error) {
    throw suggestName(wrapError(error, wanted.name), wanted.name, [...stageNames(table), ...commonImageNames]);
  }
  return () => {
    const reference = resolvedReference(wanted.reference, resolved.ref);
    const config = parseConfig(resolved.config);
    stage.baseImage = config;
    stage.image = withoutDate(config);
    const platform =
      !stage.platform && platforms.implicitTarget
        ? detectPlatform(config, wanted.platform, platforms.build)
        : wanted.platform;
    stage.baseName = formatReference(resolved.digest === '' ? reference : withDigest(reference, resolved.digest));
    if (isEmpty(config)) {
      stage.state = scratch();
      stage.platform = platform;
      return;
    }
    useSource(context, stage, platform);
    check.baseImagePlatform(linter, stage.lines, wanted.name, platform, imagePlatform(config), (p) =>
      formatPlatform(normalizePlatform(p)),
    );
  };
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
