/** What lowering needs from outside, as an interface: `lower` does no I/O of its own. */
import type { Timestamp } from '../go/time.ts';
import type { ImageConfig } from '../image/config.ts';
import type { Platform } from '../image/platform.ts';
import type {
  Capabilities,
  CdiDevice,
  ExtraHost,
  LinuxResources,
  NetworkMode,
  ResolveMode,
  SourceMap,
  Ulimit,
} from '../llb/options.ts';
import type { State } from '../llb/state.ts';

/** The build's settings, from the frontend options (`src/gateway/options.ts`). */
export interface LowerOptions {
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly labels: ReadonlyMap<string, string>;
  /** '' for the last stage. */
  readonly target: string;
  /** undefined where the build names no platform: the first build platform counts, and images may bring their own. */
  readonly targetPlatform: Platform | undefined;
  readonly buildPlatforms: readonly Platform[];
  readonly multiPlatformRequested: boolean;
  readonly cacheIdNamespace: string;
  readonly cgroupParent: string;
  readonly extraHosts: readonly ExtraHost[];
  readonly hostname: string;
  readonly imageResolveMode: ResolveMode;
  readonly networkMode: NetworkMode;
  /** Bytes, 0 for none. */
  readonly shmSize: bigint;
  readonly ulimits: readonly Ulimit[];
  readonly linuxResources: LinuxResources | undefined;
  readonly devices: readonly CdiDevice[];
  /** Stages whose RUN, COPY and ADD are not cached; [] is all stages, undefined none. */
  readonly noCache: readonly string[] | undefined;
  readonly llbCaps: Capabilities | undefined;
  readonly sourceMap: SourceMap | undefined;
  /** Dispatch every stage, not only those the target needs (lint). */
  readonly allStages: boolean;
}

/** A build context that a name in FROM, COPY --from or RUN --mount stands for. */
export interface NamedContext {
  /** Throws at once, without a promise, where it can be no context whatever the answer. */
  load(): Promise<{ readonly state: State; readonly image: ImageConfig | undefined }>;
}

export interface NamedContextRequest {
  readonly platform: Platform | undefined;
  readonly resolveMode: ResolveMode | undefined;
  /** Paths of a local context that the stages read; known only once they are lowered (undefined: everything). */
  readonly followPaths: () => readonly string[] | undefined;
}

export interface LowerEnvironment {
  /** Aborted when nobody wants the result any more. */
  readonly signal?: AbortSignal | undefined;
  /** Resolves a normalized, tagged or digested reference to its digest and config; deduplicated by the implementation. */
  resolveImageConfig(
    ref: string,
    request: { readonly platform: Platform; readonly resolveMode: ResolveMode; readonly logName: string },
  ): Promise<{
    readonly ref: string;
    readonly digest: string;
    readonly config: Uint8Array;
    readonly unknown?: boolean;
  }>;
  /** undefined when no context of that name was given. Throws for a name that is no reference. */
  namedContext(name: string, request: NamedContextRequest): NamedContext | undefined;
  /** Patterns of the .dockerignore in effect for the main context; [] if there is none or the context is remote. */
  dockerIgnorePatterns(): Promise<readonly string[]>;
  /** The main context, of which only the given paths are needed (undefined: everything). */
  mainContext(followPaths: readonly string[] | undefined): Promise<State>;
  /** The time of a source (commit time, Last-Modified, newest file of an archive) for SOURCE_DATE_EPOCH; undefined if it has none. */
  sourceDateEpoch(source: State, logName: string): Promise<Timestamp | undefined>;
}
