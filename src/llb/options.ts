/** The options of the LLB library: what may be said about an op, in plain objects. */
import type { Platform } from '../image/platform.ts';
import type { Definition } from './definition.ts';
import type { State } from './state.ts';

/** A source file that ops point into. One object per file: identity decides whether two locations share an entry. */
export interface SourceMap {
  readonly filename: string;
  /** As in GitHub's linguist, e.g. `Dockerfile`. */
  readonly language: string;
  readonly data: Uint8Array;
  /** Where the file came from: a definition, or a state to marshal with the same constraints. */
  readonly definition?: Definition | undefined;
  readonly state?: State | undefined;
}

/** Lines count from 1, characters from 0. */
export interface Range {
  readonly start: { readonly line: number; readonly character: number };
  readonly end: { readonly line: number; readonly character: number };
}

export interface SourceLocation {
  readonly sourceMap: SourceMap;
  readonly ranges: readonly Range[];
}

export interface ProgressGroup {
  readonly id: string;
  readonly name: string;
  readonly weak?: boolean;
}

/** Sizes in bytes, periods and quotas in microseconds; 0 or absent is unlimited. */
export interface LinuxResources {
  readonly memory?: bigint;
  readonly memorySwap?: bigint;
  readonly cpuShares?: bigint;
  readonly cpuPeriod?: bigint;
  readonly cpuQuota?: bigint;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
}

/** The capabilities a daemon offers; absent where everything is assumed. */
export interface Capabilities {
  supports(id: string): boolean;
}

/** What any op takes besides its own options. */
export interface Constraints {
  readonly platform?: Platform | undefined;
  /** Shown instead of the op's generated name (`llb.customname`). */
  readonly customName?: string | undefined;
  readonly description?: Readonly<Record<string, string>> | undefined;
  readonly ignoreCache?: boolean | undefined;
  readonly exportCache?: boolean | undefined;
  readonly progressGroup?: ProgressGroup | undefined;
  readonly linuxResources?: LinuxResources | undefined;
  readonly locations?: readonly SourceLocation[] | undefined;
  /** Filters that a worker must meet. */
  readonly workerConstraints?: readonly string[] | undefined;
}

/** Defaults for a whole graph, given when it is marshalled. */
export interface MarshalOptions extends Constraints {
  /** Without it, no capability is checked: as if the daemon had them all but is asked to set no default PATH. */
  readonly caps?: Capabilities | undefined;
  /** Overrides the random id that makes local sources of one marshalling differ from another's. */
  readonly localUniqueId?: string | undefined;
}

export type ResolveMode = 'default' | 'pull' | 'local';

export interface ImageOptions extends Constraints {
  readonly resolveMode?: ResolveMode | undefined;
  readonly layerLimit?: number | undefined;
  readonly checksum?: string | undefined;
  readonly recordType?: string | undefined;
}

export interface LocalOptions extends Constraints {
  readonly sessionId?: string | undefined;
  /** Overrides the graph's `localUniqueId`; of no account with a session id. */
  readonly uniqueId?: string | undefined;
  readonly includePatterns?: readonly string[] | undefined;
  readonly excludePatterns?: readonly string[] | undefined;
  readonly followPaths?: readonly string[] | undefined;
  readonly sharedKeyHint?: string | undefined;
  readonly differ?: { readonly type: 'none' | 'metadata'; readonly required?: boolean } | undefined;
  /** Transfer metadata only, but for these paths. */
  readonly metadataOnly?: readonly string[] | undefined;
}

export interface GitOptions extends Constraints {
  readonly ref?: string | undefined;
  readonly subDir?: string | undefined;
  readonly keepGitDir?: boolean | undefined;
  readonly skipSubmodules?: boolean | undefined;
  readonly authTokenSecret?: string | undefined;
  readonly authHeaderSecret?: string | undefined;
  readonly knownSshHosts?: string | undefined;
  readonly mountSshSock?: string | undefined;
  readonly checksum?: string | undefined;
  /** File times: `commit`, or as the git source understands them. */
  readonly mtime?: string | undefined;
  /** Trust `checksum` as the commit to fetch, without asking the remote what the ref points to. */
  readonly fetchByCommit?: boolean | undefined;
  /** Import the history from a git bundle kept as a blob instead of fetching it; needs `checksum`. */
  readonly bundle?: GitBundle | undefined;
  /** Check out a single file `bundle` that holds the commit, instead of a work tree. */
  readonly checkoutBundle?: boolean | undefined;
}

/** Where a git bundle is kept. */
export interface GitBundle {
  /** `docker-image+blob://<ref>@sha256:…` or `oci-layout+blob://<ref>@sha256:…`. */
  readonly locator: string;
  /** The session and store of an OCI layout locator; by default the store is the locator's own name. */
  readonly sessionId?: string | undefined;
  readonly storeId?: string | undefined;
}

/** How a downloaded file is named and owned; the defaults are root's, mode 0600. */
export interface FileInfo {
  readonly filename?: string | undefined;
  readonly chmod?: number | undefined;
  readonly chown?: { readonly uid: number; readonly gid: number } | undefined;
}

/** Blobs are named by digest: `name@sha256:…`. */
export interface ImageBlobOptions extends Constraints, FileInfo {}

export interface OciLayoutBlobOptions extends ImageBlobOptions {
  readonly sessionId?: string | undefined;
  readonly storeId?: string | undefined;
}

export interface HttpOptions extends Constraints, FileInfo {
  readonly checksum?: string | undefined;
  readonly header?: { readonly accept?: string; readonly userAgent?: string } | undefined;
  readonly authHeaderSecret?: string | undefined;
  /** A detached, armored OpenPGP signature of the file and the public key to verify it with. */
  readonly signature?: { readonly pubKey: string; readonly signature: string } | undefined;
}

export interface OciLayoutOptions extends Constraints {
  readonly sessionId?: string | undefined;
  readonly storeId?: string | undefined;
  readonly layerLimit?: number | undefined;
}

/** Options of a build from a definition that a file of the state holds. */
export interface BuildOptions extends Constraints {
  /** The file's name; `buildkit.llb.definition` if absent. */
  readonly filename?: string | undefined;
}

export type NetworkMode = 'sandbox' | 'host' | 'none';
export type SecurityMode = 'sandbox' | 'insecure';
/** Whether a mount's cache key is its content. */
export type ContentCache = 'default' | 'on' | 'off';
export type CacheSharing = 'shared' | 'private' | 'locked';

/** A mount of a RUN. `bind` is the default kind; its source is any state. */
export type Mount =
  | ({
      readonly type?: 'bind';
      readonly target: string;
      readonly source: State;
      /** Path within the source. */
      readonly sourcePath?: string | undefined;
      readonly contentCache?: ContentCache | undefined;
    } & (
      | { readonly readonly?: boolean | undefined; readonly forceNoOutput?: undefined }
      | {
          readonly readonly?: undefined;
          /** A writable mount whose changes nobody may use afterwards. */
          readonly forceNoOutput: boolean;
        }
    ))
  | {
      readonly type: 'cache';
      readonly target: string;
      readonly id: string;
      readonly sharing?: CacheSharing | undefined;
      /** What an empty cache starts with. */
      readonly source?: State | undefined;
      readonly sourcePath?: string | undefined;
      readonly readonly?: boolean | undefined;
      readonly contentCache?: ContentCache | undefined;
    }
  | {
      readonly type: 'tmpfs';
      readonly target: string;
      /** Without effect on an empty filesystem, but part of the op. */
      readonly sourcePath?: string | undefined;
      /** Bytes; 0 or absent is unlimited. */
      readonly size?: bigint | undefined;
      readonly readonly?: boolean | undefined;
    };

/** A secret as a file, as an environment variable, or as both. */
export type Secret = SecretSettings &
  (
    | {
        /** Where the secret's file is mounted. */
        readonly target: string;
        /** Name of the environment variable that carries the secret. */
        readonly env?: string | undefined;
      }
    | { readonly target?: string | undefined; readonly env: string }
  );

export interface SecretSettings {
  readonly id: string;
  readonly optional?: boolean | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Permission bits; 0400 if absent. */
  readonly mode?: number | undefined;
}

export interface Ssh {
  readonly id?: string | undefined;
  /** Where the agent's socket is mounted; numbered under /run/buildkit if absent. */
  readonly target?: string | undefined;
  readonly optional?: boolean | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Permission bits; 0600 if absent. */
  readonly mode?: number | undefined;
}

export interface ProxyEnv {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  readonly ftpProxy?: string;
  readonly noProxy?: string;
  readonly allProxy?: string;
}

export interface ExtraHost {
  readonly host: string;
  readonly ip: string;
}

export interface Ulimit {
  readonly name: string;
  readonly soft: bigint;
  readonly hard: bigint;
}

export interface CdiDevice {
  readonly name: string;
  readonly optional?: boolean | undefined;
}

/** What runs, and how; env, dir, user … override the state's for this run alone. */
export type RunOptions = RunSettings &
  (
    | { readonly args: readonly string[]; readonly shlex?: undefined }
    | {
        /** A command line split as a POSIX shell splits words. */
        readonly shlex: string;
        readonly args?: undefined;
      }
  );

export interface RunSettings extends Constraints {
  /** Added to the state's variables; pairs where the order of numeric names matters. */
  readonly env?: Readonly<Record<string, string>> | Iterable<readonly [string, string]> | undefined;
  readonly dir?: string | undefined;
  readonly user?: string | undefined;
  readonly hostname?: string | undefined;
  readonly network?: NetworkMode | undefined;
  readonly security?: SecurityMode | undefined;
  readonly mounts?: readonly Mount[] | undefined;
  readonly secrets?: readonly Secret[] | undefined;
  readonly ssh?: readonly Ssh[] | undefined;
  readonly extraHosts?: readonly ExtraHost[] | undefined;
  readonly ulimits?: readonly Ulimit[] | undefined;
  readonly cgroupParent?: string | undefined;
  readonly devices?: readonly CdiDevice[] | undefined;
  readonly validExitCodes?: readonly number[] | undefined;
  readonly proxy?: ProxyEnv | undefined;
  readonly readonlyRootFs?: boolean | undefined;
}

/** `user[:group]` by name or number, or both by number. */
export type Owner = string | { readonly uid: number; readonly gid: number };

/** A file time: a Date, or nanoseconds since the epoch. */
export type CreatedTime = Date | bigint;

export interface MkdirOptions {
  readonly makeParents?: boolean | undefined;
  readonly owner?: Owner | undefined;
  readonly createdTime?: CreatedTime | undefined;
}

export interface MkfileOptions {
  readonly owner?: Owner | undefined;
  readonly createdTime?: CreatedTime | undefined;
}

export interface SymlinkOptions {
  readonly owner?: Owner | undefined;
  readonly createdTime?: CreatedTime | undefined;
}

export interface RmOptions {
  readonly allowNotFound?: boolean | undefined;
  readonly allowWildcard?: boolean | undefined;
}

export interface CopyOptions {
  /** Permission bits, or a symbolic mode such as `u=rwX,go=rX`. */
  readonly mode?: number | string | undefined;
  readonly owner?: Owner | undefined;
  readonly followSymlinks?: boolean | undefined;
  readonly copyDirContentsOnly?: boolean | undefined;
  readonly includePatterns?: readonly string[] | undefined;
  readonly excludePatterns?: readonly string[] | undefined;
  readonly requiredPaths?: readonly string[] | undefined;
  readonly attemptUnpack?: boolean | undefined;
  readonly createDestPath?: boolean | undefined;
  readonly allowWildcard?: boolean | undefined;
  readonly allowEmptyWildcard?: boolean | undefined;
  readonly alwaysReplaceExistingDestPaths?: boolean | undefined;
  readonly createdTime?: CreatedTime | undefined;
}
