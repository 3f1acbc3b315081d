/**
 * The gateway API as the frontend sees it: what BuildKit's LLBBridge service offers. The frontend is one function over
 * this interface; inside BuildKit it is gRPC on stdin/stdout, without a daemon it is answered from files, and an
 * application that drives a daemon can run the same frontend in its own process.
 */
import type { Diagnostic } from '../diagnostic/diagnostic.ts';
import type { Timestamp } from '../go/time.ts';
import type { Platform } from '../image/platform.ts';
import type { Definition } from '../llb/definition.ts';
import type { Range, ResolveMode } from '../llb/index.ts';
import type { State } from '../llb/state.ts';
import type { ResolvedImage } from '../lower/environment.ts';
import { ShortError } from '../text/short-error.ts';
import type { CapabilitySet } from './capabilities.ts';

/** The options of the build and the capabilities of the daemon. They do not change during a build. */
export interface BridgeOptions {
  /** Frontend options (`target`, `build-arg:K`, `context:N`, …). */
  readonly opts: Readonly<Record<string, string>>;
  /** The session of the client that asked for the build. */
  readonly sessionId: string;
  /** The daemon's product, `buildkit` or `docker`; '' if the daemon does not report it. */
  readonly product: string;
  /** The workers of the daemon; the first one is the default. */
  readonly workers: readonly { readonly id: string; readonly platforms: readonly Platform[] }[];
  /** Capabilities of the daemon's gateway API. */
  readonly frontendCapabilities: CapabilitySet;
  /** Capabilities of the daemon's LLB solver. */
  readonly llbCapabilities: CapabilitySet;
}

/** A solved result that files can be read from. `id` is '' for an empty result. */
export interface Reference {
  /** Given by the daemon. */
  readonly id: string;
}

/** A cache to read from. */
export interface CacheOptionsEntry {
  /** `registry`, `local`, `gha`, … */
  readonly type: string;
  /** The attributes of that type. */
  readonly attrs: Readonly<Record<string, string>>;
}

/** A request to solve a graph, or to run another frontend with inputs. */
export interface SolveRequest {
  /** A graph to solve; undefined if a frontend makes it. */
  readonly definition?: Definition | undefined;
  /** The name of a frontend in the daemon: `dockerfile.v0` or `gateway.v0`. */
  readonly frontend?: string | undefined;
  /** Its options. */
  readonly frontendOpt?: Readonly<Record<string, string>> | undefined;
  /** Graphs that it reads as inputs, by name. */
  readonly frontendInputs?: Readonly<Record<string, Definition>> | undefined;
  /** Caches that the daemon imports. */
  readonly cacheImports?: readonly CacheOptionsEntry[] | undefined;
  /** Whether the graph is built at once. Otherwise it is built when something reads the result. */
  readonly evaluate?: boolean | undefined;
}

/** Statements about a result, such as its SBOM. */
export interface Attestation {
  /** Whether `ref` has one statement, or a bundle of them. */
  readonly kind: 'in-toto' | 'bundle';
  /** For exporters, by key. */
  readonly metadata: Readonly<Record<string, Uint8Array>>;
  /** The result with the file; undefined if the daemon makes the statement. */
  readonly ref: Reference | undefined;
  /** The file in `ref`. */
  readonly path: string;
  /** The type of an in-toto predicate, a URL. */
  readonly inTotoPredicateType: string;
  /** The subject of the statement: the image itself, or a name with digests. */
  readonly inTotoSubjects: readonly {
    readonly kind: 'self' | 'raw';
    readonly digest: readonly string[];
    readonly name: string;
  }[];
}

/** The result of a frontend: one reference, or one for each platform ID. */
export interface Result {
  /** The only result; undefined for one with no files. */
  readonly ref?: Reference | undefined;
  /** Results by platform id. */
  readonly refs?: ReadonlyMap<string, Reference> | undefined;
  /** For exporters, by key: the image config, the platforms, … */
  readonly metadata: ReadonlyMap<string, Uint8Array>;
  /** By platform id. */
  readonly attestations?: ReadonlyMap<string, readonly Attestation[]> | undefined;
}

/** Options for resolving the config of an image. */
export interface ResolveImageRequest {
  /** The daemon's platform if absent. */
  readonly platform?: Platform | undefined;
  /** `default` if absent. */
  readonly resolveMode?: ResolveMode | undefined;
  /** Shown as the name of the step. */
  readonly logName: string;
  /** Resolve from an OCI layout of the client instead of a registry. */
  readonly ociLayout?: { readonly sessionId: string; readonly storeId: string } | undefined;
}

/** Thrown by `resolveImageConfig` when a source policy turned the image into another kind of source. */
export class ResolvedToOtherSource extends ShortError {
  override readonly name = 'ResolvedToOtherSource';
  /** The identifier of the other source. */
  readonly updated: string;
  constructor(ref: string, updated: string) {
    super(`ref mutated by policy to non-image: docker-image://${ref} -> ${updated}`);
    this.updated = updated;
  }
}

/** A source as the op in the graph names it. */
export interface SourceOp {
  /** Such as `docker-image://docker.io/library/alpine:latest`. */
  readonly identifier: string;
  /** Attributes of the source op. */
  readonly attrs: Readonly<Record<string, string>>;
}

/** Options for resolving the metadata of a source. */
export interface ResolveSourceRequest {
  /** Shown as the name of the step. */
  readonly logName: string;
  /** The daemon's platform if absent. */
  readonly platform?: Platform | undefined;
  /** `default` if absent. */
  readonly resolveMode?: ResolveMode | undefined;
  /** Ask for the commit object of a git source. */
  readonly gitObject?: boolean | undefined;
}

/** The metadata of a source, available before it is fetched. */
export interface SourceMetadata {
  /** The source after source policies. */
  readonly source: SourceOp;
  /** Set for an image: its digest and config. */
  readonly image?: { readonly digest: string; readonly config: Uint8Array } | undefined;
  /** Set for a git repository: what its reference names, and the objects that were asked for. */
  readonly git?:
    | {
        readonly checksum: string;
        readonly ref: string;
        readonly commitChecksum: string;
        readonly commitObject: Uint8Array;
        readonly tagObject: Uint8Array;
      }
    | undefined;
  /** Set for a web address: the digest of the file, its name and its time. */
  readonly http?:
    | { readonly checksum: string; readonly filename: string; readonly lastModified: Timestamp | undefined }
    | undefined;
}

/** A warning of the build, with the place that it is about. */
export interface Warning {
  /** 1 for lint rules. */
  readonly level: number;
  /** One line. */
  readonly short: string;
  /** The code and the message that `short` is made of; undefined if it is not a finding of this frontend. */
  readonly finding?: Pick<Diagnostic, 'code' | 'message'> | undefined;
  /** Further lines. */
  readonly detail: readonly string[];
  /** The address of a page about it, or ''. */
  readonly url: string;
  /** The file that it is about. */
  readonly source?:
    | {
        readonly filename: string;
        readonly language: string;
        readonly data: Uint8Array;
        readonly definition: Definition | undefined;
      }
    | undefined;
  /** The places in that file. */
  readonly ranges?: readonly Range[] | undefined;
}

/** A file of a result. */
export interface FileStat {
  /** The name, or the path of a listing. */
  readonly path: string;
  /** Go's FileMode: permission bits, directory is bit 31, symlink bit 27. */
  readonly mode: number;
  /** Owner. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
  /** Bytes. */
  readonly size: bigint;
  /** Nanoseconds since the epoch. */
  readonly modTime: bigint;
  /** Target of a symbolic link; '' for others. */
  readonly linkname: string;
}

/** A file is larger than a frontend may read. */
export class FileTooLarge extends ShortError {
  override readonly name = 'FileTooLarge';
}

/** BuildKit's gateway API, as the frontend uses it. */
export interface Bridge {
  /** Aborted when the build is canceled. */
  readonly signal?: AbortSignal | undefined;
  /** The options and capabilities of the build. */
  readonly options: BridgeOptions;
  /** Solves a graph, or has a frontend make one. @throws the daemon's error */
  solve(request: SolveRequest): Promise<Result>;
  /**
   * Reads a file of a result, or a range of it in bytes.
   * @throws {@link FileTooLarge} or, from a daemon, an RpcError `ResourceExhausted` for a file larger than a message;
   * Error if it does not exist
   */
  readFile(
    ref: Reference,
    path: string,
    range?: { readonly offset: number; readonly length: number },
  ): Promise<Uint8Array>;
  /** Lists a directory of a result; `includePattern` selects names. @throws Error if it does not exist */
  readDir(ref: Reference, path: string, includePattern?: string): Promise<readonly FileStat[]>;
  /** Describes a file of a result. @throws Error if it does not exist */
  statFile(ref: Reference, path: string): Promise<FileStat>;
  /**
   * Asks for the config of an image.
   *
   * @throws Error if it cannot be resolved; ResolvedToOtherSource if a source policy replaces the image with something
   * else
   */
  resolveImageConfig(ref: string, request: ResolveImageRequest): Promise<ResolvedImage>;
  /** Asks what a source is at this moment. */
  resolveSourceMetadata(source: SourceOp, request: ResolveSourceRequest): Promise<SourceMetadata>;
  /** Builds a result that was solved without `evaluate`. */
  evaluate(ref: Reference): Promise<void>;
  /** Shows a warning beside a vertex, which is given by its digest. */
  warn(vertex: string, warning: Warning): Promise<void>;
  /** The states given as frontend inputs, by name. */
  inputs(): Promise<ReadonlyMap<string, State>>;
}
