/** The progress of a build: what the daemon reports, and its state at any moment as a pure function of the reports. */
import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';
import type {
  StatusResponse,
  Vertex as VertexMessage,
  VertexStatus as VertexStatusMessage,
} from '../gen/moby/buildkit/v1/control_pb.ts';
import type { ProgressGroup, Range, SourceInfo } from '../gen/pb/ops_pb.ts';
import { decodeText } from '../go/text.ts';
import { VersionedList, VersionedMap } from './versioned-collections.ts';

/** A step. Times are milliseconds since the epoch. */
export interface Vertex {
  /** Digest of its op. */
  readonly digest: string;
  /** Name for people, from the frontend or the daemon. */
  readonly name: string;
  /** Digests of the vertexes that it needs. */
  readonly inputs: readonly string[];
  /** Whether its result is from the cache. */
  readonly cached: boolean;
  /** Milliseconds since the epoch; undefined before it starts. */
  readonly started: number | undefined;
  /** Milliseconds since the epoch; undefined before it ends. */
  readonly completed: number | undefined;
  /** Error message; '' if the step has not failed. */
  readonly error: string;
  /** The group that shows it as one step with others. */
  readonly progressGroup: ProgressGroup | undefined;
}

/** Progress inside a step, such as one layer that is pulled. */
export interface VertexStatus {
  /** Names the status within its vertex. */
  readonly id: string;
  /** Digest of the vertex. */
  readonly vertex: string;
  /** The current activity, such as `extracting`. */
  readonly name: string;
  /** Progress, in the unit of `total`. */
  readonly current: number;
  /** 0 if it is unknown. */
  readonly total: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** Milliseconds since the epoch; undefined before it starts. */
  readonly started: number | undefined;
  /** Milliseconds since the epoch; undefined before it ends. */
  readonly completed: number | undefined;
}

/** Output of a step. */
export interface VertexLog {
  /** Digest of the vertex. */
  readonly vertex: string;
  /** The stream that it was written to. */
  readonly stream: 'stdout' | 'stderr';
  /** Bytes as received; lines may be split between messages. */
  readonly data: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
}

/** A warning, of a lint rule for example. In its texts a byte that is not UTF-8 is U+DC00 and that byte. */
export interface VertexWarning {
  /** Digest of the vertex. */
  readonly vertex: string;
  /** 1 for lint rules. */
  readonly level: number;
  /** One line. */
  readonly short: string;
  /** Further lines. */
  readonly detail: readonly string[];
  /** The address of a page about it, or ''. */
  readonly url: string;
  /** The file that it is about. */
  readonly source: SourceInfo | undefined;
  /** The places in that file. */
  readonly ranges: readonly Range[];
}

/** The changes since the last report. */
export interface StatusUpdate {
  /** Steps that are new or have changed. */
  readonly vertexes: readonly Vertex[];
  /** Progress within steps. */
  readonly statuses: readonly VertexStatus[];
  /** Output of steps. */
  readonly logs: readonly VertexLog[];
  /** New warnings. */
  readonly warnings: readonly VertexWarning[];
}

/**
 * A report as the daemon sends it.
 *
 * @param sources those of earlier reports of the build: each warning brings its whole file along, which is kept once
 */
export function fromStatusResponse(response: StatusResponse, sources: SourceInfo[] = []): StatusUpdate {
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
      short: decodeText(warning.short),
      detail: warning.detail.map(decodeText),
      url: warning.url,
      source: warning.info && shared(warning.info, sources),
      ranges: warning.ranges,
    })),
  };
}

function shared(source: SourceInfo, sources: SourceInfo[]): SourceInfo {
  const same = sources.find(
    ({ filename, data }) => filename === source.filename && Buffer.compare(data, source.data) === 0,
  );
  if (same) return same;
  if (sources.length < maxSources) sources.push(source);
  return source;
}

/** More files are not looked through. */
const maxSources = 16;

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
const endOfTime = 8.64e15;

/** The largest time in milliseconds that a Date supports; daemons may send larger ones. */
export function toMs(timestamp: Timestamp | undefined): number | undefined {
  return timestamp && Math.max(-endOfTime, Math.min(endOfTime, timestampMs(timestamp)));
}

/** A step with all that is known of it. */
export interface VertexState {
  /** The step as it was last reported. */
  readonly vertex: Vertex;
  /** By id, in the order in which they appeared. */
  readonly statuses: ReadonlyMap<string, VertexStatus>;
  /** All warnings of the step. */
  readonly warnings: readonly VertexWarning[];
  /** The latest output, at most `maxLogLines` lines; the last one may be without its end. Long lines are cut. */
  readonly logs: readonly string[];
}

/** A build's state. Steps are in the order in which they were first reported. */
export interface BuildState {
  /** By digest, in the order in which they were reported. */
  readonly vertexes: ReadonlyMap<string, VertexState>;
  /** All warnings of the build. */
  readonly warnings: readonly VertexWarning[];
}

/** Maximum number of lines of output that the state keeps for each step. */
export const maxLogLines = 10;
/** Maximum number of characters that it keeps of a line. */
const lineLength = 16 << 10;

class ReducedVertex implements VertexState {
  readonly vertex: Vertex;
  readonly statuses: VersionedMap<string, VertexStatus>;
  readonly logs: readonly string[];
  /** Not yet whole characters of the output. */
  readonly rest: Uint8Array;
  private readonly list: VersionedList<VertexWarning>;

  constructor(
    vertex: Vertex,
    statuses: VersionedMap<string, VertexStatus> = new VersionedMap(),
    warnings: VersionedList<VertexWarning> = new VersionedList(),
    logs: readonly string[] = [],
    rest: Uint8Array = new Uint8Array(),
  ) {
    this.vertex = vertex;
    this.statuses = statuses;
    this.list = warnings;
    this.logs = logs;
    this.rest = rest;
  }

  get warnings(): readonly VertexWarning[] {
    return this.list.toArray();
  }

  with(change: Change): ReducedVertex {
    const { vertex = this.vertex, statuses, warnings, logs } = change;
    let log: Pick<ReducedVertex, 'logs' | 'rest'> = this;
    for (const data of logs) log = appendLog(log, data);
    return new ReducedVertex(vertex, this.statuses.with(statuses), this.list.with(warnings), log.logs, log.rest);
  }
}

/** The changes of one step in an update. */
interface Change {
  vertex: Vertex | undefined;
  readonly statuses: [string, VertexStatus][];
  readonly warnings: VertexWarning[];
  readonly logs: Uint8Array[];
}

class ReducedState implements BuildState {
  readonly vertexes: VersionedMap<string, ReducedVertex>;
  readonly list: VersionedList<VertexWarning>;

  constructor(vertexes: VersionedMap<string, ReducedVertex>, warnings: VersionedList<VertexWarning>) {
    this.vertexes = vertexes;
    this.list = warnings;
  }

  get warnings(): readonly VertexWarning[] {
    return this.list.toArray();
  }
}

/** The state before the first update. */
export const emptyBuildState: BuildState = new ReducedState(new VersionedMap(), new VersionedList());

/**
 * The state after an update. Neither is changed, and what the update leaves alone is shared: the states of a whole
 * build take time and room in proportion to its reports. What is said of a step that was never reported is dropped.
 *
 * @param state `emptyBuildState`, or what an earlier call returned
 */
export function reduceStatus(state: BuildState, update: StatusUpdate): BuildState {
  const { vertexes, list } = state as ReducedState;
  const changes = new Map<string, Change>();
  const changeOf = (digest: string): Change | undefined => {
    let change = changes.get(digest);
    if (!change && vertexes.has(digest)) {
      change = { vertex: undefined, statuses: [], warnings: [], logs: [] };
      changes.set(digest, change);
    }
    return change;
  };
  for (const vertex of update.vertexes) {
    const change = changeOf(vertex.digest) ?? { vertex, statuses: [], warnings: [], logs: [] };
    change.vertex = vertex;
    changes.set(vertex.digest, change);
  }
  for (const status of update.statuses) changeOf(status.vertex)?.statuses.push([status.id, status]);
  for (const warning of update.warnings) changeOf(warning.vertex)?.warnings.push(warning);
  for (const log of update.logs) changeOf(log.vertex)?.logs.push(log.data);
  const changed = [...changes].map(([digest, change]): [string, ReducedVertex] => {
    const step = vertexes.get(digest) ?? new ReducedVertex(change.vertex!);
    return [digest, step.with(change)];
  });
  return new ReducedState(vertexes.with(changed), list.with(update.warnings));
}

function appendLog(
  { logs, rest }: Pick<ReducedVertex, 'logs' | 'rest'>,
  data: Uint8Array,
): Pick<ReducedVertex, 'logs' | 'rest'> {
  const bytes = rest.length > 0 ? Buffer.concat([rest, data]) : data;
  const whole = bytes.length - unfinished(bytes);
  let start = whole;
  for (let lines = 0; lines <= maxLogLines && start > 0; lines++) start = bytes.lastIndexOf(newline, start - 1);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, whole).toString('utf8', Math.max(0, start));
  const [first = '', ...others] = text.split('\n');
  const last = logs.at(-1) ?? '';
  // A line that is full stays the same string: each state would have a copy of its own.
  const all = [...logs.slice(0, -1), last.length < lineLength ? last + first : last, ...others];
  return {
    logs: all.slice(-maxLogLines - 1).map((line) => (line.length > lineLength ? line.slice(0, lineLength) : line)),
    rest: Uint8Array.from(bytes.subarray(whole)),
  };
}

const newline = 0x0a;

/** The number of bytes at the end that begin a character which continues in the next message. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}
