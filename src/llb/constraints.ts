/**
 * Options of every op. Source maps are here because the types are recursive: constraints have locations, a location has
 * a source map, and the state of a source map is marshalled with constraints.
 */
import type { Platform } from '../image/platform.ts';
import type { Definition } from './definition.ts';

/** Options that every op takes. */
export interface Constraints {
  /** Platform of the op; if absent, the platform of the state for a run, else the one that `marshal` uses. */
  readonly platform?: Platform | undefined;
  /** Name that progress output shows (`llb.customname`); if absent, the daemon makes one of the op. */
  readonly customName?: string | undefined;
  /** Free text by key; the daemon passes it on to progress output and does not interpret it. */
  readonly description?: Readonly<Record<string, string>> | undefined;
  /** Runs the op even if the cache has its result; false if absent. */
  readonly ignoreCache?: boolean | undefined;
  /** Whether a cache export includes the result of the op; if absent, the mode of the export decides. */
  readonly exportCache?: boolean | undefined;
  /** Group that the op belongs to in progress output; none if absent. */
  readonly progressGroup?: ProgressGroup | undefined;
  /** Limits for the processes of the op; unlimited if absent. They are not part of the op's digest. */
  readonly linuxResources?: LinuxResources | undefined;
  /** Places in source files that errors and progress output of the op refer to; none if absent. */
  readonly locations?: readonly SourceLocation[] | undefined;
  /** Filters in containerd's syntax that a worker has to match; every worker matches if absent. */
  readonly workerConstraints?: readonly string[] | undefined;
}

/** Options for a whole graph. Constraints apply to each op unless the op has its own. */
export interface MarshalOptions extends Constraints {
  /**
   * Capabilities of the daemon. If absent, none is checked, and runs do not set PATH: that is left to the daemon.
   */
  readonly capabilities?: Capabilities | undefined;
  /** Distinguishes the local sources of one graph from those of another; a random id if absent. */
  readonly localUniqueId?: string | undefined;
}

/** The capabilities that a daemon has. */
export interface Capabilities {
  /** Whether the daemon has the capability, e.g. `exec.meta.setsdefaultpath`. */
  supports(id: string): boolean;
}

/** Ops that progress output shows as one. */
export interface ProgressGroup {
  /** Ops with the same id are in the same group. */
  readonly id: string;
  /** Name of the group in progress output. */
  readonly name: string;
  /** Whether progress output hides the group until a member that is not weak has started; false if absent. */
  readonly weak?: boolean;
}

/** Limits of the control group that a process runs in. Each limit is absent by default: nothing is limited. */
export interface LinuxResources {
  /** Memory in bytes; unlimited if 0 or absent. */
  readonly memory?: bigint;
  /** Memory and swap together, in bytes; unlimited if 0 or absent. */
  readonly memorySwap?: bigint;
  /** Weight of the process relative to others; the kernel's default if 0 or absent. */
  readonly cpuShares?: bigint;
  /** Length of a scheduling period in microseconds; the kernel's default if 0 or absent. */
  readonly cpuPeriod?: bigint;
  /** CPU time in each period, in microseconds; unlimited if 0 or absent. */
  readonly cpuQuota?: bigint;
  /** CPUs that the process may use, e.g. `0-3`; all if absent. */
  readonly cpusetCpus?: string;
  /** Memory nodes that the process may use, e.g. `0,1`; all if absent. */
  readonly cpusetMems?: string;
}

/** Ranges in a source file. */
export interface SourceLocation {
  /** The file. */
  readonly sourceMap: SourceMap;
  /** Ranges in the file. */
  readonly ranges: readonly Range[];
}

/** A source file that locations refer to. Use the same object for all locations in a file. */
export interface SourceMap {
  /** Name of the file as errors show it. */
  readonly filename: string;
  /** Name of the language as in GitHub's linguist, e.g. `Dockerfile`. */
  readonly language: string;
  /** Content of the file. */
  readonly data: Uint8Array;
  /** Definition whose result contains the file; `state` if absent. */
  readonly definition?: Definition | undefined;
  /** State that contains the file. It is marshalled with the options of the graph. */
  readonly state?: { marshal(options?: MarshalOptions): Definition } | undefined;
}

/** A range of characters in a source file. Lines start at 1, characters at 0. */
export interface Range {
  /** First character of the range. */
  readonly start: { readonly line: number; readonly character: number };
  /** Last line of the range, and the character at which the range ends. */
  readonly end: { readonly line: number; readonly character: number };
}
