/** Lowers Dockerfiles in an environment that is made of plain objects. */
import { type CheckConfig, noCheckConfig } from '../../src/buildkit-rules/check-options.ts';
import { createLinter } from '../../src/buildkit-rules/linter.ts';
import type { Timestamp } from '../../src/go/time.ts';
import { parsePlatform } from '../../src/image/platform.ts';
import { familiarString, parseNormalizedNamed } from '../../src/image/reference.ts';
import { type Definition, local, type State } from '../../src/llb/index.ts';
import type { LowerEnvironment, LowerOptions, NamedContextRequest } from '../../src/lower/environment.ts';
import { type Lowered, lowerDockerfile } from '../../src/lower/lower.ts';
import type { Dockerfile } from '../../src/parser/ast.ts';
import { parseDockerfile } from '../../src/parser/index.ts';

export interface Setting {
  readonly options?: Partial<LowerOptions>;
  /** Configs by normalized name; other names are not found. Every image is for linux/amd64 unless it says otherwise. */
  readonly images?: Readonly<Record<string, object>>;
  /** States by the name of the context. */
  readonly contexts?: Readonly<Record<string, (request: NamedContextRequest) => State>>;
  readonly dockerignore?: readonly string[];
  readonly epoch?: Timestamp;
  readonly check?: CheckConfig;
  /** Called before an image is answered. */
  readonly beforeAnswer?: (ref: string) => Promise<void>;
}

export interface Result extends Lowered {
  readonly definition: Definition;
  readonly warnings: readonly string[];
  /** Images that were asked for, in order. */
  readonly asked: readonly string[];
  /** What was asked of the main context; undefined is all of it. */
  readonly followed: readonly string[] | undefined;
}

export const digest = `sha256:${'a'.repeat(64)}`;
const layer = `sha256:${'b'.repeat(64)}`;

/** An image with one layer. */
export function imageConfig(config: object = {}, more: object = {}): object {
  return { architecture: 'amd64', os: 'linux', config, rootfs: { type: 'layers', diff_ids: [layer] }, ...more };
}

export const defaultOptions: LowerOptions = {
  buildArgs: new Map(),
  labels: new Map(),
  target: '',
  targetPlatform: undefined,
  buildPlatforms: [parsePlatform('linux/amd64')],
  multiPlatformRequested: false,
  cacheIdNamespace: '',
  cgroupParent: '',
  extraHosts: [],
  hostname: '',
  imageResolveMode: 'default',
  networkMode: 'sandbox',
  shmSize: 0n,
  ulimits: [],
  linuxResources: undefined,
  devices: [],
  noCache: undefined,
  llbCapabilities: { supports: () => true },
  locations: undefined,
  allStages: false,
};

export async function lower(source: string | Dockerfile, setting: Setting = {}): Promise<Result> {
  const images: Readonly<Record<string, object>> = {
    'docker.io/library/alpine:latest': imageConfig(),
    ...setting.images,
  };
  const asked: string[] = [];
  const warnings: string[] = [];
  let followed: readonly string[] | undefined;
  const environment: LowerEnvironment = {
    async resolveImageConfig(ref) {
      asked.push(ref);
      await setting.beforeAnswer?.(ref);
      const config = images[ref];
      if (!config) throw new Error(`${ref}: not found`);
      return { ref, digest, config: new TextEncoder().encode(JSON.stringify(config)) };
    },
    namedContext(name, request) {
      const context = setting.contexts?.[familiarString(parseNormalizedNamed(name)).replace(/:latest$/, '')];
      return context && { load: async () => ({ state: context(request), image: undefined }) };
    },
    dockerIgnorePatterns: async () => setting.dockerignore ?? [],
    async mainContext(paths) {
      followed = paths;
      return local('context', { sessionId: 'session', followPaths: paths });
    },
    sourceDateEpoch: async () => setting.epoch,
  };
  const linter = createLinter(setting.check ?? noCheckConfig, ({ code, lines: [lines], message }) =>
    warnings.push(`${code} ${lines?.start}: ${message}`),
  );
  const dockerfile = typeof source === 'string' ? parseDockerfile(source) : source;
  const lowered = await lowerDockerfile(dockerfile, { ...defaultOptions, ...setting.options }, environment, linter);
  return { ...lowered, definition: lowered.state.marshal(), warnings, asked, followed };
}

/** Names of the steps, in the order of the graph. */
export function stepNames({ definition }: Pick<Result, 'definition'>): string[] {
  return definition
    .ops()
    .map(({ metadata }) => metadata?.description['llb.customname'])
    .filter((name) => name !== undefined);
}

export function history({ image }: Pick<Result, 'image'>): string[] {
  return image.history.map(({ createdBy }) => createdBy);
}
