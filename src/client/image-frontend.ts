/** An in-process frontend for graphs of one's own that shall become images. */
import type { Reference, Result } from '../gateway/bridge.ts';
import { marshalPlatforms } from '../gateway/platforms.ts';
import { emptyImage, type ImageConfig, marshalImageConfig } from '../image/config.ts';
import { defaultPlatform, formatPlatform, normalizePlatform, type Platform, parsePlatform } from '../image/platform.ts';
import type { ResolveImage } from '../llb/resolve.ts';
import type { State } from '../llb/state.ts';
import { createId } from './connect.ts';
import type { InProcessBridge, InProcessFrontend } from './in-process-frontend.ts';

/** What a container of the image starts with. */
export interface ImageSettings {
  readonly entrypoint?: readonly string[] | undefined;
  readonly cmd?: readonly string[] | undefined;
  /** Added to PATH. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly workingDir?: string | undefined;
  readonly user?: string | undefined;
  /** `8080/tcp` */
  readonly exposedPorts?: readonly string[] | undefined;
  readonly volumes?: readonly string[] | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly stopSignal?: string | undefined;
}

/** A filesystem and its image config: all of it, or the settings that differ from an empty one's. */
export interface ImageBuild {
  readonly state: State;
  readonly image: ImageConfig | ImageSettings;
}

/**
 * Builds a graph for each platform and returns them as one image.
 *
 * @example
 * const frontend = imageFrontend(['linux/amd64', 'linux/arm64'], async (platform) => ({
 *   state: image('alpine', { platform }).file(copy(local('context'), 'app', '/bin/app')),
 *   image: { entrypoint: ['/bin/app'] },
 * }));
 * const build = solve(connection, { frontend, localDirs: { context: '.' }, exports: [{ type: 'image', attrs: { name: 'app' } }] });
 * @param platforms [] for the daemon's own
 */
export function imageFrontend(
  platforms: readonly string[],
  build: (platform: Platform, bridge: InProcessBridge) => Promise<ImageBuild> | ImageBuild,
): InProcessFrontend {
  const frontend = async (bridge: InProcessBridge): Promise<Result> => {
    const own = bridge.options.workers[0]?.platforms[0] ?? defaultPlatform();
    // several nodes get their share of the platforms by the option
    const named = bridge.options.opts['platform']?.split(',') ?? platforms;
    const wanted = named.length > 0 ? named.map(parsePlatform) : [normalizePlatform(own)];
    const localUniqueId = createId(); // what several platforms copy is sent once
    const built = await Promise.all(
      wanted.map(async (platform) => {
        const { state, image } = await build(platform, bridge);
        const definition = state.marshal({ platform, localUniqueId });
        const { ref } = await bridge.solve({ definition });
        const config = 'rootfs' in image ? image : applySettings(emptyImage(platform), image);
        return { id: formatPlatform(platform), platform, ref, config: marshalImageConfig(config) };
      }),
    );
    if (built.length === 1) {
      const [{ ref, config }] = built as [(typeof built)[0]];
      return { ref, metadata: new Map([['containerimage.config', config]]) };
    }
    const metadata = new Map(built.map(({ id, config }) => [`containerimage.config/${id}`, config]));
    metadata.set('refs.platforms', Buffer.from(marshalPlatforms(built)));
    return { refs: new Map(built.map(({ id, ref }): [string, Reference] => [id, ref ?? { id: '' }])), metadata };
  };
  return Object.assign(frontend, { attrs: platforms.length > 0 ? { platform: platforms.join(',') } : {} });
}

/** Asks the daemon that builds for images, for `resolveImage` and `resolveImages` of `tsfront/llb`. */
export function imageResolver(bridge: Pick<InProcessBridge, 'resolveImageConfig'>): ResolveImage {
  return (ref, request) => bridge.resolveImageConfig(ref, { ...request, logName: `resolve image config for ${ref}` });
}

function applySettings(image: ImageConfig, settings: ImageSettings): ImageConfig {
  const { config } = image;
  config.entrypoint = settings.entrypoint && [...settings.entrypoint];
  config.cmd = settings.cmd && [...settings.cmd];
  config.exposedPorts = settings.exposedPorts && new Set(settings.exposedPorts);
  config.volumes = settings.volumes && new Set(settings.volumes);
  config.labels = settings.labels && new Map(Object.entries(settings.labels));
  config.workingDir = settings.workingDir ?? config.workingDir;
  config.user = settings.user ?? '';
  config.stopSignal = settings.stopSignal ?? '';
  for (const [name, value] of Object.entries(settings.env ?? {})) {
    config.env = config.env.filter((entry) => !entry.startsWith(`${name}=`));
    config.env.push(`${name}=${value}`);
  }
  return image;
}
