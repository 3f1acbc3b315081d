/** The model of a graph for people, which all drawings show. */
import { anything, listOf, objectWith } from '../text/arguments.ts';

/**
 * The graph of a build. It is plain data: `JSON.stringify` of it is what `tsfront graph --format json` writes.
 *
 * Addresses in its texts have no credentials, and its texts have no control characters. References between its parts
 * are indexes, which count from 0.
 */
export interface BuildGraph {
  /** Version of this form. It grows if a member is removed or changes its meaning; new members may come at any time. */
  readonly version: 1;
  /** The files that the build was made of: a Dockerfile, or the modules of a build program. */
  readonly files: readonly GraphFile[];
  /** One graph, or one for each platform if several were asked for. */
  readonly platforms: readonly PlatformGraph[];
}

/** A source file. */
export interface GraphFile {
  /** Its name, as the build knows it. */
  readonly name: string;
  /** Its language, such as `Dockerfile` or `TypeScript`. */
  readonly language: string;
  /** The whole text. */
  readonly text: string;
}

/** The graph for one platform. */
export interface PlatformGraph {
  /** `os/architecture[/variant]`; '' if it is unknown. */
  readonly platform: string;
  /** The stages that are built, in the order in which they begin. */
  readonly stages: readonly GraphStage[];
  /** The steps, in the order of their first ops. */
  readonly steps: readonly GraphStep[];
  /** The ops, each after those that it needs. */
  readonly ops: readonly GraphOp[];
  /** The op whose result is the result of the build; absent for scratch. */
  readonly result?: number;
  /** How long a recorded build took; absent without a record. */
  readonly record?: RecordSummary;
}

/** A stage. */
export interface GraphStage {
  /** Its name; `stage-2` and the like for a stage without one, '' for the only stage of a file. */
  readonly name: string;
  /** The platform that its steps name, such as `linux/amd64->arm64`; '' if they name none. */
  readonly platform: string;
  /** Its steps, in their order. */
  readonly steps: readonly number[];
  /** Whether it makes the result. */
  readonly target: boolean;
}

/** A step: the ops of one instruction, or a source that several stages use. */
export interface GraphStep {
  /** Its stage; absent for sources that belong to none, such as the build context. */
  readonly stage?: number;
  /** Its number in the stage, such as `2/7`; '' if it has none. */
  readonly place: string;
  /** The instruction, or a description of the source. */
  readonly text: string;
  /** Its ops. */
  readonly ops: readonly number[];
  /** The steps that it needs. */
  readonly inputs: readonly number[];
}

/** An op of the graph that BuildKit solves. */
export interface GraphOp {
  /** Digest of the op. It is also its key in the build cache, unless the daemon finds the result by its content. */
  readonly digest: string;
  /** A word for the kind of op: image, oci, local, git, http, blob, run, file, merge, diff, build, pass. */
  readonly kind: string;
  /** Its name as the progress of a build shows it. */
  readonly name: string;
  /** Summary of the op in one line. */
  readonly summary: string;
  /** Mounts, settings and file actions, a line for each. */
  readonly details: readonly string[];
  /** The step that it belongs to. */
  readonly step: number;
  /** What it needs. */
  readonly inputs: readonly GraphInput[];
  /** The lines that it was made of. */
  readonly lines: readonly GraphLines[];
  /** The platform that it is for; absent if it is the same on all. */
  readonly platform?: string;
  /** What a recorded build did; absent without a record, and for an op that the record does not have. */
  readonly record?: OpRecord;
  /** Why it runs again, or not; absent if nobody has said. */
  readonly explanation?: OpExplanation;
}

/** An input of an op. */
export interface GraphInput {
  /** The op that makes it. */
  readonly op: number;
  /** Which of its results is used. */
  readonly output: number;
}

/** Lines of a file. */
export interface GraphLines {
  /** The file. */
  readonly file: number;
  /** The first line; lines count from 1. */
  readonly start: number;
  /** The last line. */
  readonly end: number;
}

/** Why an op runs again. */
export interface OpExplanation {
  /** `same`: nothing has changed; `cause`: something of its own has changed; `follows`: something that it needs has. */
  readonly change: 'same' | 'cause' | 'follows';
  /** What has changed, in one line; '' if there is nothing to say. */
  readonly text: string;
}

/** What a recorded build did for an op. Times are milliseconds since the build began. */
export interface OpRecord {
  /** When it began. */
  readonly startedMs: number;
  /** When it ended. */
  readonly completedMs: number;
  /** How long it ran; less than the time between both if it paused. */
  readonly ranMs: number;
  /** Whether its result came from the cache. */
  readonly cached: boolean;
  /** Its error; '' if it did not fail. */
  readonly error: string;
  /** Bytes that it transferred: layers that were pulled, files of a context. 0 if none were reported. */
  readonly bytes: number;
  /** Whether the end of the build waited for it: it is on the critical path. */
  readonly critical: boolean;
}

/** A recorded build as a whole. */
export interface RecordSummary {
  /** From its first step to its last, in milliseconds. */
  readonly totalMs: number;
  /** The time of all steps together, in milliseconds. */
  readonly workMs: number;
  /** The largest number of steps that ran at the same time. */
  readonly mostAtOnce: number;
  /** Number of ops that ran. */
  readonly ran: number;
  /** Number of ops that came from the cache. */
  readonly cached: number;
  /** Number of ops that the record does not have: they were not needed, or it is of another build. */
  readonly unknown: number;
  /** What the build did besides the ops, such as `exporting to image`. */
  readonly others: readonly { readonly name: string; readonly startedMs: number; readonly completedMs: number }[];
}

/** Checks the argument of functions that take a graph. */
export const aGraph = objectWith(
  { version: anything, files: listOf(anything), platforms: listOf(anything) },
  'what buildGraph() gives',
);
