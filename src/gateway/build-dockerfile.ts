/** Builds a Dockerfile for all platforms that are asked for, and puts the result together. */
import { describeError } from '../diagnostic/diagnostic.ts';
import { encodeText } from '../go/text.ts';
import { createTurns } from '../host/turns.ts';
import { marshalImageConfig } from '../image/config.ts';
import { defaultPlatform, formatPlatform, normalizePlatform, type Platform } from '../image/platform.ts';
import type { Lowered } from '../lower/lower.ts';
import { wrapError } from '../text/error-message.ts';
import type { Attestation, Bridge, Reference, Result } from './bridge.ts';
import type { BuildFile, LowerRequest } from './build-file.ts';
import { withSource } from './error-status.ts';
import { type ExportPlatform, exportPlatform, marshalPlatforms } from './export-platforms.ts';
import { singleRef } from './main-context.ts';
import type { SourceCheck } from './missing-source.ts';
import type { FrontendOptions } from './options.ts';
import { createScanner, type Scanned } from './sbom.ts';
import type { Warner } from './warner.ts';

interface PlatformBuild {
  /** ID of the requested platform; the image config may name another one. */
  readonly id: string;
  readonly ref: Reference | undefined;
  readonly platform: ExportPlatform;
  readonly image: Lowered['image'];
  readonly baseImage: Lowered['baseImage'];
  readonly epoch: Lowered['epoch'];
  /** What a scan needs; undefined without a scan. */
  readonly scanned: Scanned | undefined;
}

/** Settings of {@link buildDockerfile}. */
export interface DockerfileBuildSettings {
  /** Whether stages that the target does not need are read, too; false by default. */
  readonly allStages?: boolean | undefined;
  /** Explains sources that are missing; absent if nothing does. */
  readonly checkSources?: SourceCheck | undefined;
}

/** Lowers and solves all platforms in parallel. Errors point into the Dockerfile. */
export async function buildDockerfile(
  bridge: Bridge,
  options: FrontendOptions,
  file: BuildFile,
  warner: Warner,
  { allStages = false, checkSources }: DockerfileBuildSettings = {},
): Promise<Result> {
  try {
    const scan = options.sbom && (await createScanner(bridge, options.sbom, options));
    const targets: readonly (Platform | undefined)[] =
      options.targetPlatforms.length > 0 ? options.targetPlatforms : [undefined];
    const builds = await Promise.all(
      startLastFirst(targets, (platform, index) =>
        buildPlatform(bridge, options, file, {
          platform,
          allStages,
          warn: index === 0 ? warner.warn : undefined,
          checkSources,
        }),
      ),
    );
    const attestations = new Map<string, Attestation[]>();
    if (scan) {
      const buildsById = new Map(builds.map((result) => [result.id, result]));
      const found = await Promise.all(
        builds.map(async ({ platform: { id } }) => {
          const target = buildsById.get(id)?.scanned;
          if (!target) throw new Error(`no scan targets for ${id}`);
          return [id, await scan(id, target)] as const;
        }),
      );
      for (const [id, attestation] of found) attestations.set(id, [...(attestations.get(id) ?? []), attestation]);
    }
    return { ...assemble(builds, options.multiPlatformRequested), ...(attestations.size > 0 && { attestations }) };
  } catch (error) {
    throw withSource(error, file.source);
  }
}

/**
 * Starts the last item first. If several builds fail in the same way, the first to fail is reported, and Go's
 * scheduler, which runs the newest goroutine first, makes that the last one.
 */
function startLastFirst<T, R>(items: readonly T[], start: (item: T, index: number) => R): R[] {
  const last = items.slice(-1).map((item) => start(item, items.length - 1));
  return [...items.slice(0, -1).map(start), ...last];
}

async function buildPlatform(
  bridge: Bridge,
  options: FrontendOptions,
  file: BuildFile,
  { checkSources, ...request }: LowerRequest & Pick<DockerfileBuildSettings, 'checkSources'>,
): Promise<PlatformBuild> {
  const { definition, contextPaths, ...lowered } = await compile(bridge, options, file, request);
  const result = await bridge.solve({ definition, cacheImports: options.cacheImports });
  await checkSources?.(contextPaths, singleRef(result));
  const target = request.platform ?? defaultPlatform();
  return {
    ...lowered,
    id: formatPlatform(normalizePlatform(target)),
    ref: singleRef(result),
    platform: exportPlatform(target, lowered.image),
  };
}

/** Lowers for a platform, and drops the graph, which is many times as large as its definition, unless it is scanned. */
async function compile(bridge: Bridge, options: FrontendOptions, file: BuildFile, request: LowerRequest) {
  const lowered = await file.lower({ ...request, log: request.warn });
  const definition = await lowered.state.marshalInTurns(createTurns(bridge.signal)).catch((error) => {
    bridge.signal?.throwIfAborted();
    throw describeError(wrapError(error, 'failed to marshal LLB definition'), 'build');
  });
  const { image, baseImage, epoch, sbom, ignoreCache, contextPaths } = lowered;
  return { definition, contextPaths, image, baseImage, epoch, scanned: options.sbom && { sbom, ignoreCache } };
}

/** Runs a function; its error becomes a diagnostic that begins with what was being done. */
function describeErrors<T>(doing: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw describeError(wrapError(error, doing), 'build');
  }
}

/** The result with the metadata that exporters read. */
function assemble(builds: readonly PlatformBuild[], multiPlatform: boolean): Result {
  const metadata = new Map<string, Uint8Array>();
  const refs = new Map<string, Reference>();
  for (const { ref, platform, image, baseImage, epoch } of builds) {
    const suffix = multiPlatform ? `/${platform.id}` : '';
    if (multiPlatform) refs.set(platform.id, ref ?? { id: '' });
    const config = describeErrors('failed to marshal image config', () => marshalImageConfig(image));
    metadata.set(`containerimage.config${suffix}`, config);
    if (baseImage) {
      const base = describeErrors('failed to marshal source image config', () => marshalImageConfig(baseImage));
      metadata.set(`containerimage.base.config${suffix}`, base);
    }
    if (epoch) metadata.set(`source.date.epoch${suffix}`, encodeText(epoch.seconds.toString()));
  }
  metadata.set('refs.platforms', encodeText(marshalPlatforms(builds.map(({ platform }) => platform))));
  return multiPlatform ? { refs, metadata } : { ref: builds.at(-1)?.ref, metadata };
}
