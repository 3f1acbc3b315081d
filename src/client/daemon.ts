/** Information about a daemon: its workers, build cache and history. */
import { createHash } from 'node:crypto';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { UsageRecord } from '../gen/moby/buildkit/v1/control_pb.ts';
import { BuildHistoryEventType, type BuildHistoryRecord } from '../gen/moby/buildkit/v1/control_pb.ts';
import type { SourceInfo } from '../gen/pb/ops_pb.ts';
import { formatPlatform } from '../image/platform.ts';
import { platformFromPb } from '../llb/platform-message.ts';
import { Code, RpcError } from '../rpc/rpc-error.ts';
import { checkArgument } from '../text/arguments.ts';
import { aConnection } from './client-arguments.ts';
import type { Connection } from './connection.ts';
import { fromStatusResponse, type StatusUpdate, toMs } from './status.ts';

/** A worker of the daemon: what runs the steps of builds. */
export interface Worker {
  /** Given by the daemon. */
  readonly id: string;
  /** Labels that the daemon reports. */
  readonly labels: Readonly<Record<string, string>>;
  /** Such as `linux/amd64`; the worker's own platform first. */
  readonly platforms: readonly string[];
  /** '' when the daemon does not tell. */
  readonly version: string;
}

/**
 * The workers of the daemon.
 *
 * @throws Error if the daemon does not answer
 */
export async function listWorkers(connection: Connection): Promise<readonly Worker[]> {
  checkArgument('listWorkers', 'connection', connection, aConnection);
  const { record } = await connection.control.listWorkers({});
  return record.map((worker) => ({
    id: worker.ID,
    labels: worker.Labels,
    platforms: worker.platforms.map((platform) => formatPlatform(platformFromPb(platform))),
    version: worker.BuildkitVersion?.version ?? '',
  }));
}

/**
 * Whether the daemon has a store for whole images, with indices and attestations, which it can push from. Docker
 * engines without the containerd image store have none.
 */
export function hasImageStore(workers: readonly Worker[]): boolean {
  return workers.some(({ labels }) => labels['org.mobyproject.buildkit.worker.snapshotter'] !== undefined);
}

/** The daemon's version; undefined before BuildKit 0.11, which does not tell. */
export async function daemonVersion(connection: Connection): Promise<string | undefined> {
  checkArgument('daemonVersion', 'connection', connection, aConnection);
  try {
    return (await connection.control.info({})).buildkitVersion?.version;
  } catch (error) {
    if (error instanceof RpcError && error.code === Code.unimplemented) return undefined;
    throw error;
  }
}

/** A record of the build cache. */
export interface CacheRecord {
  /** Given by the daemon. */
  readonly id: string;
  /** Ids of the records that it is based on. */
  readonly parents: readonly string[];
  /** `regular`, `source.local`, `exec.cachemount`, `frontend`, `internal`, … */
  readonly type: string;
  /** Description of the step that made it. */
  readonly description: string;
  /** Bytes. */
  readonly size: number;
  /** Whether a build may still change it. */
  readonly mutable: boolean;
  /** Whether a build uses it now. */
  readonly inUse: boolean;
  /** Whether an image or another record uses it too. */
  readonly shared: boolean;
  /** Number of times that builds have used it. */
  readonly usageCount: number;
  /** undefined if the daemon does not say. */
  readonly createdAt: Date | undefined;
  /** undefined if nothing has used it. */
  readonly lastUsedAt: Date | undefined;
}

/**
 * Lists the records of the build cache.
 * @param filters containerd filters such as `type==exec.cachemount`; a record has to match one of them
 */
export async function diskUsage(
  connection: Connection,
  filters: readonly string[] = [],
): Promise<readonly CacheRecord[]> {
  checkArgument('diskUsage', 'connection', connection, aConnection);
  const { record } = await connection.control.diskUsage({ filter: [...filters] });
  return record.map(toCacheRecord);
}

/** Which records of the build cache are removed. */
export interface PruneOptions {
  /** containerd filters such as `type==exec.cachemount`; a record has to match one of them. All records if absent. */
  readonly filters?: readonly string[] | undefined;
  /** Also what the daemon keeps for itself: frontends, internal records. */
  readonly all?: boolean | undefined;
  /** Keeps records that were used within this time in milliseconds. */
  readonly keepDuration?: number | undefined;
  /** Bytes to keep in any case. */
  readonly reservedSpace?: number | undefined;
  /** Bytes the cache may have afterwards. */
  readonly maxUsedSpace?: number | undefined;
  /** Bytes the disk shall have free afterwards. */
  readonly minFreeSpace?: number | undefined;
}

/** Removes cache records and reports each. */
export async function* prune(connection: Connection, options: PruneOptions = {}): AsyncIterable<CacheRecord> {
  checkArgument('prune', 'connection', connection, aConnection);
  const records = connection.control.prune({
    filter: [...(options.filters ?? [])],
    all: options.all ?? false,
    keepDuration: BigInt(Math.round((options.keepDuration ?? 0) * 1e6)),
    reservedSpace: BigInt(options.reservedSpace ?? 0),
    maxUsedSpace: BigInt(options.maxUsedSpace ?? 0),
    minFreeSpace: BigInt(options.minFreeSpace ?? 0),
  });
  for await (const record of records) yield toCacheRecord(record);
}

function toCacheRecord(record: UsageRecord): CacheRecord {
  return {
    id: record.ID,
    parents: record.Parents.length > 0 ? record.Parents : record.Parent ? [record.Parent] : [],
    type: record.RecordType,
    description: record.Description,
    size: Number(record.Size),
    mutable: record.Mutable,
    inUse: record.InUse,
    shared: record.Shared,
    usageCount: Number(record.UsageCount),
    createdAt: toDate(record.CreatedAt),
    lastUsedAt: toDate(record.LastUsedAt),
  };
}

function toDate(timestamp: Timestamp | undefined): Date | undefined {
  return timestamp && new Date(toMs(timestamp)!);
}

/** A build the daemon remembers. */
export interface HistoryRecord {
  /** Names the build. */
  readonly ref: string;
  /** Whether the build succeeded, failed, was canceled or is running. */
  readonly status: 'running' | 'completed' | 'error' | 'canceled';
  /** The frontend that made the graph. */
  readonly frontend: string;
  /** Its options. */
  readonly frontendAttrs: Readonly<Record<string, string>>;
  /** Responses of the exporters, by key. */
  readonly exporterResponse: Readonly<Record<string, string>>;
  /** '' unless it failed. */
  readonly error: string;
  /** When the build started. */
  readonly createdAt: Date | undefined;
  /** undefined while it is going on. */
  readonly completedAt: Date | undefined;
  /** Steps of the build. */
  readonly totalSteps: number;
  /** Steps that have ended. */
  readonly completedSteps: number;
  /** Steps whose result came out of the cache. */
  readonly cachedSteps: number;
  /** Number of warnings. */
  readonly warnings: number;
  /** Whether the daemon keeps it for good. */
  readonly pinned: boolean;
  /** Descriptors of the stored results and attestations. */
  readonly blobs: readonly { readonly mediaType: string; readonly digest: string; readonly size: number }[];
}

/** The most records of builds that are read. */
const maxRecords = 1_000_000;
/** Maximum time in milliseconds without progress for a list of builds or a blob. */
const listMs = 600_000;
/** The longest blob that is read. */
const maxBlobBytes = 256 << 20;

/** The builds that the daemon remembers, newest first. @throws RpcError from daemons before BuildKit 0.11 */
export async function listHistory(connection: Connection, ref = ''): Promise<readonly HistoryRecord[]> {
  checkArgument('listHistory', 'connection', connection, aConnection);
  const records = new Map<string, HistoryRecord>();
  let events = 0;
  const listing = connection.control.listenBuildHistory({ Ref: ref, EarlyExit: true }, { timeout: listMs });
  for await (const { type, record } of listing) {
    if (++events > maxRecords)
      throw new Error(`${connection.address} lists more than ${maxRecords} builds: name one of them`);
    if (!record) continue;
    if (type === BuildHistoryEventType.DELETED) records.delete(record.Ref);
    else records.set(record.Ref, toHistoryRecord(record));
  }
  return [...records.values()].sort((a, b) => (b.createdAt?.getTime() ?? 0) - (a.createdAt?.getTime() ?? 0));
}

/** Progress of a build of the past, as it was reported then. */
export async function* historyLogs(connection: Connection, ref: string): AsyncIterable<StatusUpdate> {
  checkArgument('historyLogs', 'connection', connection, aConnection);
  const sources: SourceInfo[] = [];
  for await (const response of connection.control.status({ Ref: ref })) yield fromStatusResponse(response, sources);
}

/**
 * Reads a stored blob: an attestation, a result's manifest.
 * @throws Error for one of more than 256 MiB, and for bytes that are not those of the digest
 */
export async function readBlob(connection: Connection, digest: string): Promise<Uint8Array> {
  checkArgument('readBlob', 'connection', connection, aConnection);
  const chunks: Uint8Array[] = [];
  const hash = createHash('sha256');
  let size = 0;
  for await (const { data } of connection.content.read({ digest }, { timeout: listMs })) {
    size += data.length;
    if (size > maxBlobBytes)
      throw new Error(`${digest} is longer than ${maxBlobBytes} bytes, which is too long to read`);
    chunks.push(data);
    hash.update(data);
  }
  if (digest.startsWith('sha256:') && `sha256:${hash.digest('hex')}` !== digest)
    throw new Error(`${connection.address} has sent other bytes than those of ${digest}`);
  return Buffer.concat(chunks);
}

/** Forgets a build. */
export async function deleteHistory(connection: Connection, ref: string): Promise<void> {
  checkArgument('deleteHistory', 'connection', connection, aConnection);
  await connection.control.updateBuildHistory({ Ref: ref, Delete: true });
}

function toHistoryRecord(record: BuildHistoryRecord): HistoryRecord {
  const results = [record.Result, ...Object.values(record.Results)].filter((result) => result !== undefined);
  const descriptors = results.flatMap(({ ResultDeprecated, Results, Attestations }) => [
    ...(ResultDeprecated ? [ResultDeprecated] : []),
    ...Object.values(Results),
    ...Attestations,
  ]);
  const blobs = new Map(
    descriptors.map(({ mediaType, digest, size }) => [digest, { mediaType, digest, size: Number(size) }]),
  );
  const { error, CompletedAt } = record;
  return {
    ref: record.Ref,
    status: !CompletedAt ? 'running' : !error ? 'completed' : error.code === Code.canceled ? 'canceled' : 'error',
    frontend: record.Frontend,
    frontendAttrs: record.FrontendAttrs,
    exporterResponse: record.ExporterResponse,
    error: error?.message ?? '',
    createdAt: toDate(record.CreatedAt),
    completedAt: toDate(CompletedAt),
    totalSteps: record.numTotalSteps,
    completedSteps: record.numCompletedSteps,
    cachedSteps: record.numCachedSteps,
    warnings: record.numWarnings,
    pinned: record.pinned,
    blobs: [...blobs.values()],
  };
}
