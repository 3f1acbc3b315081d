/** An in-process frontend for graphs of one's own that shall become images. */
import { type Reference, ResolvedToOtherSource, type Result } from '../gateway/bridge.ts';
import { marshalPlatforms } from '../gateway/export-platforms.ts';
import { isAbs, join } from '../go/path.ts';
import { splitAtFirst } from '../go/split-at-first.ts';
import {
  cloneImageConfig,
  emptyImage,
  type ImageConfig,
  marshalImageConfig,
  parseImageConfig,
} from '../image/config.ts';
import { defaultPlatform, formatPlatform, normalizePlatform, type Platform, parsePlatform } from '../image/platform.ts';
import type { ResolveImage } from '../llb/resolve.ts';
import type { State } from '../llb/state.ts';
import { aFunction, aString, checkArgument, having, listOf, objectWith, optional } from '../text/arguments.ts';
import { anObjectOfStrings } from './client-arguments.ts';
import { createId } from './create-id.ts';
import type { InProcessBridge, InProcessFrontend } from './in-process-frontend.ts';

/**
 * Settings of the image config. As in a stage of a Dockerfile, an absent setting is taken from the state and from the
 * base image's config; an empty string or list clears it.
 */
export interface ImageSettings {
  /** Without `cmd`, it drops that of the base image. */
  readonly entrypoint?: readonly string[] | undefined;
  /** Default arguments of the entry point. The base's if absent. */
  readonly cmd?: readonly string[] | undefined;
  /** Added to the variables of the base image and of the state; scratch has PATH. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** A relative path is one below that of the state. */
  readonly workingDir?: string | undefined;
  /** `USER[:GROUP]`. That of the state, or else of the base, if absent. */
  readonly user?: string | undefined;
  /** `8080/tcp`; added. */
  readonly exposedPorts?: readonly string[] | undefined;
  /** Added. */
  readonly volumes?: readonly string[] | undefined;
  /** Added. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** The base's if absent. */
  readonly stopSignal?: string | undefined;
}

/** A filesystem and what its image config has beyond what state and base image say; or all of the config. */
export interface ImageBuild {
  /** The files of the image. */
  readonly state: State;
  /** Its config, or settings over what base and state say. */
  readonly image?: ImageConfig | ImageSettings | undefined;
}

const anImageBuild = objectWith({
  state: having("a state, such as image('alpine') (of a run: its `root`)", 'isScratch', 'marshal'),
  image: optional(
    objectWith({
      entrypoint: optional(listOf(aString)),
      cmd: optional(listOf(aString)),
      env: optional(anObjectOfStrings),
      workingDir: optional(aString),
      user: optional(aString),
      exposedPorts: optional(listOf(aString)),
      volumes: optional(listOf(aString)),
      labels: optional(anObjectOfStrings),
      stopSignal: optional(aString),
    }),
  ),
});

/**
 * Builds a graph for each platform and returns them as one image. Its config is that of the image that the state began
 * with (the daemon is asked for it if need be), with the environment, working directory and user of the state, with the
 * settings.
 *
 * @example
 * const frontend = imageFrontend(['linux/amd64', 'linux/arm64'], async (platform) => ({
 *   state: image('alpine', { platform }).file(copy(local('context'), 'app', '/bin/app')),
 *   image: { entrypoint: ['/bin/app'] },
 * }));
 * const exports = [{ type: 'image', attrs: { name: 'app' } }] as const;
 * const build = solve(connection, { frontend, localDirs: { context: '.' }, exports });
 * @param platforms [] for the daemon's own
 */
export function imageFrontend(
  platforms: readonly string[],
  build: (platform: Platform, bridge: InProcessBridge) => Promise<ImageBuild> | ImageBuild,
): InProcessFrontend {
  checkArgument('imageFrontend', 'platforms', platforms, listOf(aString, "an array of platforms, as ['linux/arm64']"));
  checkArgument('imageFrontend', 'build', build, aFunction);
  const frontend = async (bridge: InProcessBridge): Promise<Result> => {
    const daemonPlatform = bridge.options.workers[0]?.platforms[0] ?? defaultPlatform();
    // Several nodes get their share of the platforms by the option.
    const named = bridge.options.opts['platform']?.split(',') ?? platforms;
    const requested = named.length > 0 ? named.map(parsePlatform) : [normalizePlatform(daemonPlatform)];
    const localUniqueId = createId(); // what several platforms copy is sent once
    const built = await Promise.all(
      requested.map(async (platform) => {
        const imageBuild = await build(platform, bridge);
        checkArgument('imageFrontend', 'the result of build', imageBuild, anImageBuild);
        const { state, image } = imageBuild;
        const definition = state.marshal({ platform, localUniqueId });
        const { ref } = await bridge.solve({ definition });
        const whole = image && 'rootfs' in image ? image : undefined;
        const base = whole ? undefined : await baseConfig(state, platform, bridge);
        const config = whole ?? applySettings(inherit(base, state, platform), image as ImageSettings | undefined);
        return {
          id: formatPlatform(platform),
          platform,
          ref,
          config: marshalImageConfig(config),
          base: base && marshalImageConfig(base),
        };
      }),
    );
    if (built.length === 1) {
      const [{ ref, config, base }] = built as [(typeof built)[0]];
      const metadata = new Map([['containerimage.config', config]]);
      if (base) metadata.set('containerimage.base.config', base);
      return { ref, metadata };
    }
    const metadata = new Map(built.map(({ id, config }) => [`containerimage.config/${id}`, config]));
    for (const { id, base } of built) if (base) metadata.set(`containerimage.base.config/${id}`, base);
    metadata.set('refs.platforms', Buffer.from(marshalPlatforms(built)));
    return { refs: new Map(built.map(({ id, ref }): [string, Reference] => [id, ref ?? { id: '' }])), metadata };
  };
  return Object.assign(frontend, { attrs: platforms.length > 0 ? { platform: platforms.join(',') } : {} });
}

/** Asks the daemon that builds for images, for `resolveImage` and `resolveImages` of `tsfront/llb`. */
export function imageResolver(bridge: Pick<InProcessBridge, 'resolveImageConfig'>): ResolveImage {
  return (ref, request) => bridge.resolveImageConfig(ref, { ...request, logName: `resolve image config for ${ref}` });
}

/** The config of the image that a state began with. */
async function baseConfig(state: State, platform: Platform, bridge: InProcessBridge): Promise<ImageConfig | undefined> {
  const base = state.baseImage();
  if (!base) return undefined;
  if (base.config instanceof Uint8Array) return parseImageConfig(base.config);
  if (base.config) {
    const { healthcheck, onBuild, shell } = base.config.config as Partial<ImageConfig['config']>;
    return { ...base.config, config: { ...base.config.config, healthcheck, onBuild, shell } };
  }
  if (base.ref === undefined) return undefined;
  try {
    const { config } = await bridge.resolveImageConfig(base.ref, {
      platform: base.platform ?? platform,
      resolveMode: base.resolveMode,
      ociLayout: base.ociLayout,
      logName: `resolve image config for ${base.ref}`,
    });
    return parseImageConfig(config);
  } catch (error) {
    if (error instanceof ResolvedToOtherSource) return undefined; // a source policy took the image away
    throw error;
  }
}

/** The image config after FROM, with the state's environment, working directory and user. */
function inherit(base: ImageConfig | undefined, state: State, platform: Platform): ImageConfig {
  const { os, architecture, variant, osVersion, osFeatures } = platform;
  const empty = emptyImage(platform);
  const image: ImageConfig = base
    ? {
        ...cloneImageConfig(base),
        created: undefined,
        os,
        architecture,
        variant,
        osVersion: osVersion || base.osVersion,
        osFeatures: osFeatures.length > 0 ? [...osFeatures] : base.osFeatures,
      }
    : empty;
  const { config } = image;
  config.onBuild = undefined; // triggers are for whoever builds on the base image by a Dockerfile
  const env = state.env();
  for (const name of env.keys()) setVariable(config, name, env.get(name) ?? '');
  for (const line of empty.config.env) {
    const name = nameOf(line);
    if (!config.env.some((entry) => nameOf(entry) === name)) config.env.push(line);
  }
  if (state.hasOwnDir()) config.workingDir = state.getDir();
  config.user = state.getUser() || config.user;
  return image;
}

/** Sets a variable; one that is set again keeps its place. */
function setVariable(config: ImageConfig['config'], name: string, value: string): void {
  const place = config.env.findIndex((entry) => nameOf(entry) === name);
  config.env[place < 0 ? config.env.length : place] = `${name}=${value}`;
}

/** The name of a variable `NAME=value`. */
const nameOf = (entry: string) => splitAtFirst(entry, '=')[0];

function applySettings(image: ImageConfig, settings: ImageSettings = {}): ImageConfig {
  const { config } = image;
  const { entrypoint, cmd, env, workingDir, user, exposedPorts, volumes, labels, stopSignal } = settings;
  if (entrypoint) {
    config.entrypoint = [...entrypoint];
    config.cmd = undefined;
  }
  if (cmd) config.cmd = [...cmd];
  if (exposedPorts) config.exposedPorts = new Set([...(config.exposedPorts ?? []), ...exposedPorts]);
  if (volumes) config.volumes = new Set([...(config.volumes ?? []), ...volumes]);
  if (labels) config.labels = new Map([...(config.labels ?? []), ...Object.entries(labels)]);
  if (workingDir !== undefined)
    config.workingDir =
      workingDir === '' || isAbs(workingDir) ? workingDir : join(config.workingDir || '/', workingDir);
  config.user = user ?? config.user;
  config.stopSignal = stopSignal ?? config.stopSignal;
  for (const [name, value] of Object.entries(env ?? {})) setVariable(config, name, value);
  return image;
}
