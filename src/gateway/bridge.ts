/**
 * The gateway API as the frontend sees it: what BuildKit's LLBBridge service offers. The frontend is one function over
 * this interface; inside BuildKit it is gRPC on stdin/stdout, offline it is answered from files, and an application that
 * drives a daemon can run the same frontend in its own process.
 */
import type { Timestamp } from '../go/time.ts';
import type { Platform } from '../image/platform.ts';
import type { Definition } from '../llb/definition.ts';
import type { Range, ResolveMode } from '../llb/options.ts';
import type { State } from '../llb/state.ts';
import type { Lowered } from '../lower/lower.ts';
import type { CapabilitySet } from './caps.ts';

export interface BridgeOptions {
  /** Frontend options (`target`, `build-arg:K`, `context:N`, …). */
  readonly opts: Readonly<Record<string, string>>;
  readonly sessionId: string;
  readonly product: string;
  readonly workers: readonly { readonly id: string; readonly platforms: readonly Platform[] }[];
  readonly frontendCaps: CapabilitySet;
  readonly llbCaps: CapabilitySet;
}

/** A solved result that files can be read from. `id` is '' for an empty result. */
export interface Reference {
  readonly id: string;
}

export interface CacheOptionsEntry {
  readonly type: string;
  readonly attrs: Readonly<Record<string, string>>;
}

export interface SolveRequest {
  readonly definition?: Definition | undefined;
  readonly frontend?: string | undefined;
  readonly frontendOpt?: Readonly<Record<string, string>> | undefined;
  readonly frontendInputs?: Readonly<Record<string, Definition>> | undefined;
  readonly cacheImports?: readonly CacheOptionsEntry[] | undefined;
  readonly evaluate?: boolean | undefined;
}

export interface Attestation {
  readonly kind: 'in-toto' | 'bundle';
  readonly metadata: Readonly<Record<string, Uint8Array>>;
  readonly ref: Reference | undefined;
  readonly path: string;
  readonly inTotoPredicateType: string;
  readonly inTotoSubjects: readonly {
    readonly kind: 'self' | 'raw';
    readonly digest: readonly string[];
    readonly name: string;
  }[];
}

/** What a frontend returns: one reference, or one for each platform id. */
export interface Result {
  readonly ref?: Reference | undefined;
  readonly refs?: ReadonlyMap<string, Reference> | undefined;
  readonly metadata: ReadonlyMap<string, Uint8Array>;
  readonly attestations?: ReadonlyMap<string, readonly Attestation[]> | undefined;
  /** The error behind the `buildError` of `frontend.lint`, for callers in this process. */
  readonly failure?: unknown;
  /** What `frontend.lint` has looked at, for callers in this process. */
  readonly linted?: Pick<Lowered, 'stages' | 'unknownImages'>;
}

export interface ResolveImageRequest {
  readonly platform?: Platform | undefined;
  readonly resolveMode?: ResolveMode | undefined;
  /** Shown as the name of the step. */
  readonly logName: string;
  /** Resolve from an OCI layout of the client instead of a registry. */
  readonly ociLayout?: { readonly sessionId: string; readonly storeId: string } | undefined;
}

export interface ResolvedImage {
  /** The reference after source policies, which may differ from the one asked for. */
  readonly ref: string;
  /** '' where the resolver gives none. */
  readonly digest: string;
  readonly config: Uint8Array;
  /** Nothing is known of the image: digest and config stand in for what it has. */
  readonly unknown?: boolean;
}

/** Thrown by `resolveImageConfig` when a source policy turned the image into another kind of source. */
export class ResolvedToOtherSource extends Error {
  override readonly name = 'ResolvedToOtherSource';
  readonly updated: string;
  constructor(ref: string, updated: string) {
    super(`ref mutated by policy to non-image: docker-image://${ref} -> ${updated}`);
    this.updated = updated;
  }
}

export interface SourceOp {
  readonly identifier: string;
  readonly attrs: Readonly<Record<string, string>>;
}

export interface ResolveSourceRequest {
  readonly logName: string;
  readonly platform?: Platform | undefined;
  readonly resolveMode?: ResolveMode | undefined;
  /** Ask for the commit object of a git source. */
  readonly gitObject?: boolean | undefined;
}

export interface SourceMetadata {
  readonly source: SourceOp;
  readonly image?: { readonly digest: string; readonly config: Uint8Array } | undefined;
  readonly git?:
    | {
        readonly checksum: string;
        readonly ref: string;
        readonly commitChecksum: string;
        readonly commitObject: Uint8Array;
        readonly tagObject: Uint8Array;
      }
    | undefined;
  readonly http?:
    | { readonly checksum: string; readonly filename: string; readonly lastModified: Timestamp | undefined }
    | undefined;
}

export interface Warning {
  readonly level: number;
  readonly short: string;
  readonly detail: readonly string[];
  readonly url: string;
  readonly source?:
    | {
        readonly filename: string;
        readonly language: string;
        readonly data: Uint8Array;
        readonly definition: Definition | undefined;
      }
    | undefined;
  readonly ranges?: readonly Range[] | undefined;
}

export interface FileStat {
  readonly path: string;
  /** Go's FileMode: permission bits, directory is bit 31, symlink bit 27. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: bigint;
  /** Nanoseconds since the epoch. */
  readonly modTime: bigint;
  readonly linkname: string;
}

export interface Bridge {
  /** Aborted when nobody wants the result any more: long work is given up. */
  readonly signal?: AbortSignal | undefined;
  readonly options: BridgeOptions;
  solve(request: SolveRequest): Promise<Result>;
  readFile(
    ref: Reference,
    path: string,
    range?: { readonly offset: number; readonly length: number },
  ): Promise<Uint8Array>;
  readDir(ref: Reference, path: string, includePattern?: string): Promise<readonly FileStat[]>;
  statFile(ref: Reference, path: string): Promise<FileStat>;
  resolveImageConfig(ref: string, request: ResolveImageRequest): Promise<ResolvedImage>;
  resolveSourceMetadata(source: SourceOp, request: ResolveSourceRequest): Promise<SourceMetadata>;
  evaluate(ref: Reference): Promise<void>;
  warn(vertex: string, warning: Warning): Promise<void>;
  /** The states given as frontend inputs, by name. */
  inputs(): Promise<ReadonlyMap<string, State>>;
}
