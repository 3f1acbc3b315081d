/** The interface through which lowering gets images, contexts and times: `lower` does no I/O. */
import type { LineRange } from '../diagnostic/source-file.ts';
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
  SourceLocation,
  Ulimit,
} from '../llb/index.ts';
import type { State } from '../llb/state.ts';
import type { SourcePins } from '../lock/source-pins.ts';
import type { ReadPastErrors } from '../parser/past-errors.ts';

/** The build's settings, from the frontend options (`src/gateway/options.ts`). */
export interface BuildSettings {
  /** Build arguments by name. */
  readonly buildArgs: ReadonlyMap<string, string>;
  /** Labels to add to the image, by name. */
  readonly labels: ReadonlyMap<string, string>;
  /** Name of the target stage; '' for the last stage. */
  readonly target: string;
  /** The platforms that the builder runs, its own first. */
  readonly buildPlatforms: readonly Platform[];
  /** Whether the build names several platforms, so that step names show them. */
  readonly multiPlatformRequested: boolean;
  /** A prefix of the ids of cache mounts; '' if absent. */
  readonly cacheIdNamespace: string;
  /** The parent of the control groups of runs; '' for the daemon's default. */
  readonly cgroupParent: string;
  /** Lines to add to /etc/hosts in runs. */
  readonly extraHosts: readonly ExtraHost[];
  /** The hostname in runs; '' for the daemon's default. */
  readonly hostname: string;
  /** The mode in which images are resolved. */
  readonly imageResolveMode: ResolveMode;
  /** The network of runs. */
  readonly networkMode: NetworkMode;
  /** Size of /dev/shm in bytes; 0 for the daemon's default. */
  readonly shmSize: bigint;
  /** Resource limits of runs. */
  readonly ulimits: readonly Ulimit[];
  /** Limits of the control groups of runs; undefined if absent. */
  readonly linuxResources: LinuxResources | undefined;
  /** Stages whose RUN, COPY and ADD are not cached; [] is all stages, undefined none. */
  readonly noCache: readonly string[] | undefined;
  /** What the sources are pinned to by a lock file; undefined if the build uses none. */
  readonly pins?: SourcePins | undefined;
}

/** The options of lowering a build for one platform. */
export interface LowerOptions extends BuildSettings {
  /** undefined if the build names no platform: the first build platform counts, and images may bring their own. */
  readonly targetPlatform: Platform | undefined;
  /** Devices that every RUN gets. */
  readonly devices: readonly CdiDevice[];
  /** The capabilities of the daemon; undefined if they are not known. */
  readonly llbCapabilities: Capabilities | undefined;
  /** Gives the locations of ops of these lines; undefined to make ops without locations. */
  readonly locations: ((lines: LineRange | undefined) => readonly SourceLocation[]) | undefined;
  /** Whether every stage is dispatched, not only those that the target needs (for lint). */
  readonly allStages: boolean;
  /** How a check continues after errors; undefined for a build, which fails at the first phase with an error. */
  readonly pastErrors?: PastErrors | undefined;
}

/** Lowering continues after errors: it leaves out what has one, and reports nothing about what depends on that. */
export interface PastErrors extends Pick<ReadPastErrors, 'standIns' | 'shellText' | 'mayLackNames'> {
  /** Takes an error. */
  onError(error: unknown): void;
}

/** A named context that replaces an image or stage in FROM, COPY --from or RUN --mount. */
export interface NamedContext {
  /** Throws at once, without a promise, if the definition of the context is not valid. */
  load(): Promise<LoadedContext>;
}

/** What a named context stands for. */
export interface LoadedContext {
  readonly state: State;
  readonly image: ImageConfig | undefined;
  /** The patterns of the context's own ignore file, which its state applies; absent if it has none. */
  readonly ignorePatterns?: readonly string[];
}

/** The use of a named context. */
export interface NamedContextRequest {
  /** The platform of the stage; undefined for the target's. */
  readonly platform: Platform | undefined;
  /** The mode in which the image of a context is resolved; undefined for the build's mode. */
  readonly resolveMode: ResolveMode | undefined;
  /** Gives the paths of a local context that the stages read, when they are lowered; undefined means everything. */
  readonly followPaths: () => readonly string[] | undefined;
  /** Patterns of what is taken from a local context; everything if absent. */
  readonly includePatterns?: readonly string[] | undefined;
}

/** An image that was resolved: its reference, digest and config. */
export interface ResolvedImage {
  /** The reference after source policies, which may differ from the one asked for. */
  readonly ref: string;
  /** '' if the resolver does not report it. */
  readonly digest: string;
  /** The image config, JSON. */
  readonly config: Uint8Array;
  /** Whether the image is unknown; digest and config are then placeholders. */
  readonly unknown?: boolean;
}

/** Gives lowering its images, contexts and times. */
export interface LowerEnvironment {
  /** Aborted when the result is no longer needed. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Resolves a normalized reference with tag or digest to its digest and config. The implementation asks for each
   * only once.
   */
  resolveImageConfig(
    ref: string,
    request: { readonly platform: Platform; readonly resolveMode: ResolveMode; readonly logName: string },
  ): Promise<ResolvedImage>;
  /** Returns a named context; undefined if it does not exist. @throws Error for a name that is not a reference */
  namedContext(name: string, request: NamedContextRequest): NamedContext | undefined;
  /**
   * Patterns of the .dockerignore file in effect for the main context; [] if it does not exist or the context is
   * remote.
   */
  dockerIgnorePatterns(): Promise<readonly string[]>;
  /** The main context. Only the given paths are needed; undefined means everything. */
  mainContext(followPaths: readonly string[] | undefined): Promise<State>;
  /**
   * The time of a source (commit time, Last-Modified, newest file of an archive) for SOURCE_DATE_EPOCH; undefined if
   * it has none.
   */
  sourceDateEpoch(source: State, logName: string): Promise<Timestamp | undefined>;
}
