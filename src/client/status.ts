/** The progress of a build: what the daemon reports, and its state at any moment as a pure function of the reports. */
import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';
import type {
  StatusResponse,
  Vertex as VertexMessage,
  VertexStatus as VertexStatusMessage,
} from '../gen/moby/buildkit/v1/control_pb.ts';
import type { ProgressGroup, Range, SourceInfo } from '../gen/pb/ops_pb.ts';

/** A step. Times are milliseconds since the epoch. */
export interface Vertex {
  readonly digest: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly cached: boolean;
  readonly started: number | undefined;
  readonly completed: number | undefined;
  /** '' while all is well. */
  readonly error: string;
  readonly progressGroup: ProgressGroup | undefined;
}

/** Progress inside a step, such as one layer that is pulled. */
export interface VertexStatus {
  readonly id: string;
  readonly vertex: string;
  readonly name: string;
  readonly current: number;
  /** 0 when it is not known. */
  readonly total: number;
  readonly timestamp: number;
  readonly started: number | undefined;
  readonly completed: number | undefined;
}

/** Output of a step. */
export interface VertexLog {
  readonly vertex: string;
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
  readonly timestamp: number;
}

/** A warning, of a lint rule for example. */
export interface VertexWarning {
  readonly vertex: string;
  readonly level: number;
  readonly short: string;
  readonly detail: readonly string[];
  readonly url: string;
  readonly source: SourceInfo | undefined;
  readonly ranges: readonly Range[];
}

/** What has changed since the last report. */
export interface StatusUpdate {
  readonly vertexes: readonly Vertex[];
  readonly statuses: readonly VertexStatus[];
  readonly logs: readonly VertexLog[];
  readonly warnings: readonly VertexWarning[];
}

export function fromStatusResponse(response: StatusResponse): StatusUpdate {
  const text = new TextDecoder();
  return {
    vertexes: response.vertexes.map(fromVertex),
    statuses: response.statuses.map(fromStatus),
    logs: response.logs.map((log) => ({
      vertex: log.vertex,
      stream: log.stream === 2n ? 'stderr' : 'stdout',
      data: log.msg,
      timestamp: toMs(log.timestamp) ?? 0,
    })),
    warnings: response.warnings.map((warning) => ({
      vertex: warning.vertex,
      level: Number(warning.level),
      short: text.decode(warning.short),
      detail: warning.detail.map((line) => text.decode(line)),
      url: warning.url,
      source: warning.info,
      ranges: warning.ranges,
    })),
  };
}

function fromVertex(vertex: VertexMessage): Vertex {
  const { digest, name, inputs, cached, error, progressGroup } = vertex;
  const [started, completed] = [toMs(vertex.started), toMs(vertex.completed)];
  return { digest, name, inputs, cached, error, progressGroup, started, completed };
}

function fromStatus(status: VertexStatusMessage): VertexStatus {
  return {
    id: status.ID,
    vertex: status.vertex,
    name: status.name,
    current: Number(status.current),
    total: Number(status.total),
    timestamp: toMs(status.timestamp) ?? 0,
    started: toMs(status.started),
    completed: toMs(status.completed),
  };
}

/** The last millisecond that a date can have. */
const END_OF_TIME = 8.64e15;

/** Milliseconds since the epoch that a date can have, whatever a daemon says. */
export function toMs(timestamp: Timestamp | undefined): number | undefined {
  return timestamp && Math.max(-END_OF_TIME, Math.min(END_OF_TIME, timestampMs(timestamp)));
}

/** A step with all that is known of it. */
export interface VertexState {
  readonly vertex: Vertex;
  /** By id, in the order in which they appeared. */
  readonly statuses: ReadonlyMap<string, VertexStatus>;
  readonly warnings: readonly VertexWarning[];
  /** The latest output, at most `LOG_LINES` lines; the last one may be without its end. */
  readonly logs: readonly string[];
}

/** A build's state. Steps are in the order in which they were first reported. */
export interface BuildState {
  readonly vertexes: ReadonlyMap<string, VertexState>;
  readonly warnings: readonly VertexWarning[];
}

export const emptyBuildState: BuildState = { vertexes: new Map(), warnings: [] };

/** How many lines of output the state keeps for each step. */
export const LOG_LINES = 10;

/** The state after an update. Neither is changed; what the update leaves alone is shared. */
export function reduceStatus(state: BuildState, update: StatusUpdate): BuildState {
  const vertexes = new Map(state.vertexes);
  const change = (digest: string, act: (vertex: VertexState) => VertexState) => {
    const known = vertexes.get(digest);
    if (known) vertexes.set(digest, act(known));
  };
  for (const vertex of update.vertexes) {
    const known = vertexes.get(vertex.digest);
    vertexes.set(vertex.digest, known ? { ...known, vertex } : { vertex, statuses: new Map(), warnings: [], logs: [] });
  }
  for (const status of update.statuses)
    change(status.vertex, (known) => ({ ...known, statuses: new Map(known.statuses).set(status.id, status) }));
  for (const warning of update.warnings)
    change(warning.vertex, (known) => ({ ...known, warnings: [...known.warnings, warning] }));
  for (const log of update.logs) change(log.vertex, (known) => ({ ...known, logs: appendLog(known.logs, log.data) }));
  return { vertexes, warnings: [...state.warnings, ...update.warnings] };
}

function appendLog(logs: readonly string[], data: Uint8Array): readonly string[] {
  const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString('utf8');
  const lines = ((logs.at(-1) ?? '') + text).split('\n');
  return [...logs.slice(0, -1), ...lines].slice(-LOG_LINES - 1);
}
