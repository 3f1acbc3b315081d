/** Runs a build on a daemon: the call, the session that serves it, and its progress. */
import { rm } from 'node:fs/promises';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { requireCapability } from '../gateway/capabilities.ts';
import type { SolveRequestSchema } from '../gen/moby/buildkit/v1/control_pb.ts';
import type { SourceInfo } from '../gen/pb/ops_pb.ts';
import { Code, RpcError } from '../rpc/rpc-error.ts';
import { checkArgument } from '../text/arguments.ts';
import { callerOf, hideCause, showCaller } from '../text/short-error.ts';
import { aConnection } from './client-arguments.ts';
import type { Connection } from './connection.ts';
import { createId } from './create-id.ts';
import { explainUnsupported, requireSeveralExporters } from './explain-unsupported.ts';
import { attrsOf, type Prepared, prepareSolve } from './prepare-solve.ts';
import { openSession, type Session } from './session/session.ts';
import { explainDenied } from './session/source-policy.ts';
import { SolveError } from './solve-error.ts';
import { type SolveOptions, solveOptions } from './solve-options.ts';
import { fromStatusResponse, type StatusUpdate } from './status.ts';

/** The result of a successful build. */
export interface SolveResult {
  /** Names the build in the daemon's history. */
  readonly ref: string;
  /** Responses of the exporters: `containerimage.digest`, `image.name`, … */
  readonly exporterResponse: Readonly<Record<string, string>>;
}

/** A build that was started. */
export interface Build {
  /** Names the build in the daemon's history. */
  readonly ref: string;
  /** Progress of the whole build. It can be iterated once; it is discarded if nobody iterates. */
  readonly status: AsyncIterable<StatusUpdate>;
  /** Rejects when the build fails: with a {@link SolveError} for what the daemon reports. */
  readonly result: Promise<SolveResult>;
}

/** Maximum wait in milliseconds for the next status report after the build has ended. */
const statusGraceMs = 3000;
/** Maximum total of these waits in milliseconds. */
const statusLimitMs = 30_000;
/** Maximum part of the reader's time for one report that counts towards the total, in milliseconds. */
const maxReaderMs = 100;
/** The same as `statusGraceMs`, for a build that the caller has aborted. */
const stoppedGraceMs = 500;
/** Maximum time in milliseconds for the answer to a build whose session has ended. */
const sessionGraceMs = 2000;

/**
 * Starts a build.
 *
 * @example
 * const build = solve(connection, { frontend: 'dockerfile.v0', localDirs: { context: '.' } });
 * for await (const update of build.status) for (const vertex of update.vertexes) console.log(vertex.name);
 * console.log((await build.result).exporterResponse);
 */
export function solve(connection: Connection, options: SolveOptions): Build {
  checkArgument('solve', 'connection', connection, aConnection);
  checkArgument('solve', 'options', options, solveOptions);
  const ref = options.ref ?? createId();
  const started = Promise.withResolvers<void>();
  const ended = new AbortController();
  const caller = callerOf(solve);
  const result = solveWithTemporaryDirs({ connection, ref, options, onStart: started.resolve })
    .catch((error: unknown) => {
      // Errors of the caller's own frontend, and the caller's reason to stop, are passed on unchanged.
      const isOfFrontend = typeof options.frontend === 'function' && !(error instanceof RpcError);
      if (!(error instanceof Error) || isOfFrontend || error === options.signal?.reason) throw error;
      throw showCaller(error instanceof RpcError ? error : hideCause(error), caller);
    })
    .finally(() => {
      started.resolve();
      ended.abort();
    });
  result.catch(() => {}); // it is the caller's to handle, at a time of their choice
  const watch = new StatusWatch(connection, ref, ended.signal, options.signal);
  return { ref, result, status: watch.updates(started.promise) };
}

/** What a build is started with. */
interface SolveCall {
  readonly connection: Connection;
  readonly ref: string;
  readonly options: SolveOptions;
  /** Called when the daemon has been asked. */
  readonly onStart: () => void;
}

async function solveWithTemporaryDirs(call: SolveCall): Promise<SolveResult> {
  const temporary: string[] = [];
  try {
    return await prepareAndSolve(call, temporary);
  } finally {
    for (const dir of temporary) await rm(dir, { recursive: true, force: true });
  }
}

async function prepareAndSolve(call: SolveCall, temporary: string[]): Promise<SolveResult> {
  const { connection, options } = call;
  const { signal } = options;
  signal?.throwIfAborted();
  const prepared = await prepareSolve(options, connection.kind, temporary);
  const { attachables, exports, contentStores } = prepared;
  let session: Session | undefined;
  let failed = true;
  try {
    if (exports.exporters.length > 1) await requireSeveralExporters(connection, signal);
    const needed = [
      ...(options.sourcePolicyCheck ? ['source.policy.session'] : []),
      ...(options.proxyNetwork ? ['exec.meta.network.proxy'] : []),
    ];
    if (needed.length > 0) await requireCapabilities(connection, needed, signal);
    if (options.compatibilityVersion) await requireCompatibilityVersions(connection, signal);
    session = await openSession(connection, attachables, { sharedKey: prepared.sharedKey });
    const result = await solveInSession(call, session, prepared);
    failed = false;
    return result;
  } catch (error) {
    const explained = attachables.reduce((known, attachable) => attachable.explain?.(known) ?? known, error);
    const hinted = explainUnsupported(explainDenied(explained), connection.kind);
    throw hinted instanceof RpcError ? new SolveError(hinted) : hinted;
  } finally {
    session?.close();
    for (const attachable of attachables) await attachable.close?.();
    // Why the build failed counts more than what could not be taken back.
    if (failed) await contentStores.discard().catch((error: Error) => options.onWarning?.(error.message));
  }
}

/** The message that asks the daemon for a build. */
function solveRequest(
  { ref, options }: SolveCall,
  sessionId: string,
  { exports, caches }: Prepared,
  frontendAttrs: Readonly<Record<string, string>>,
): MessageInitShape<typeof SolveRequestSchema> {
  const [exporter] = exports.exporters;
  return {
    Ref: ref,
    Session: sessionId,
    ...(options.definition ? { Definition: options.definition.toPb() } : {}),
    Frontend: typeof options.frontend === 'string' ? options.frontend : '',
    FrontendAttrs: frontendAttrs,
    FrontendInputs: Object.fromEntries(
      Object.entries(options.frontendInputs ?? {}).map(([name, input]) => [name, input.toPb()]),
    ),
    Exporters: [...exports.exporters],
    // Daemons before BuildKit 0.13 know only one exporter.
    ...(exporter ? { ExporterDeprecated: exporter.Type, ExporterAttrsDeprecated: exporter.Attrs } : {}),
    Cache: { Exports: [...caches.exports], Imports: [...caches.imports] },
    Entitlements: [...(options.entitlements ?? [])],
    ...(options.sourcePolicy ? { SourcePolicy: options.sourcePolicy } : {}),
    SourcePolicySession: options.sourcePolicyCheck ? sessionId : '',
    Internal: options.internal ?? false,
    EnableSessionExporter: options.chooseExports !== undefined,
    CompatibilityVersion: BigInt(options.compatibilityVersion ?? 0),
    ProxyNetwork: options.proxyNetwork ?? false,
  };
}

async function solveInSession(call: SolveCall, session: Session, prepared: Prepared): Promise<SolveResult> {
  const { connection, ref, options, onStart } = call;
  const { exports, chosen, caches, contentStores, received } = prepared;
  const { signal } = options;
  const frontendAttrs = { ...attrsOf(options), ...caches.frontendAttrs };
  const cut = new AbortController();
  let done = false;
  void session.closed.then(async () => {
    await new Promise((resolve) => setTimeout(resolve, sessionGraceMs).unref());
    if (!done) cut.abort(new RpcError(Code.unavailable, 'the session with the daemon was cut'));
  });
  try {
    const solving = connection.control.solve(solveRequest(call, session.id, prepared, frontendAttrs), {
      signal: signal ? AbortSignal.any([signal, cut.signal]) : cut.signal,
    });
    onStart();
    if (typeof options.frontend === 'function') {
      const { runInProcess } = await import('./in-process-frontend.ts');
      const build = { connection, ref, sessionId: session.id, opts: frontendAttrs, signal: signal ?? cut.signal };
      await runInProcess(options.frontend, build, solving);
    }
    const response = await solving;
    await contentStores.publish();
    await received?.publish();
    // A cache and a layout in one directory may have one name there: as with buildx, it is the image's.
    await caches.finish(response.ExporterResponse, contentStores.nameContent);
    await exports.finish(response.ExporterResponse, contentStores.nameContent);
    await chosen?.finish(response.ExporterResponse, contentStores.nameContent);
    signal?.throwIfAborted(); // from here on nothing is taken back
    await received?.keep();
    await caches.reset(options.onWarning);
    return { ref, exporterResponse: response.ExporterResponse };
  } finally {
    done = true;
  }
}

/**
 * A daemon would ignore what it does not know, and build what a check forbids.
 * @throws Error if it lacks one of `needed`
 */
async function requireCapabilities(
  connection: Connection,
  needed: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const probe = solve(connection, {
    signal,
    auth: false,
    internal: true,
    frontend: async ({ options }) => {
      for (const id of needed) requireCapability(options.llbCapabilities, id);
      return { metadata: new Map() };
    },
  });
  await probe.result.catch((error: Error) => {
    throw hideCause(error);
  });
}

/**
 * No capability tells it, so this asks for a version that never existed: daemons that know versions refuse it, and the
 * others ignore it.
 * @throws RpcError for a daemon that does not know versions
 */
async function requireCompatibilityVersions(connection: Connection, signal: AbortSignal | undefined): Promise<void> {
  const nothing = { Ref: createId(), Definition: {}, Cache: {}, Internal: true };
  try {
    await connection.control.solve({ ...nothing, CompatibilityVersion: 1n }, { signal });
  } catch (error) {
    if (!(error instanceof RpcError) || !error.status.includes('compatibility-version')) throw error;
    return;
  }
  throw new RpcError(
    Code.unimplemented,
    'this daemon makes images in one way only: compatibility versions need BuildKit 0.30 or newer',
  );
}

/** Reads the progress of a build until its last report, but not for long after the build has ended. */
class StatusWatch {
  private readonly connection: Connection;
  private readonly ref: string;
  /** Aborted when the build has ended. */
  private readonly buildEnd: AbortSignal;
  /** Aborted when the caller gives up the build. */
  private readonly callerSignal: AbortSignal | undefined;
  /** Ends the call to the daemon. */
  private readonly callAbort = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  /** Milliseconds that may still be waited for reports after the end, all waits together. */
  private remainingMs = statusLimitMs;
  /** When the current wait has begun. */
  private since = 0;
  /** Whether the reader has a report, and nothing is waited for. */
  private isReading = false;

  constructor(connection: Connection, ref: string, buildEnd: AbortSignal, callerSignal: AbortSignal | undefined) {
    this.connection = connection;
    this.ref = ref;
    this.buildEnd = buildEnd;
    this.callerSignal = callerSignal;
  }

  /** The reports. @param started resolves when the daemon knows the build */
  async *updates(started: Promise<void>): AsyncGenerator<StatusUpdate, void> {
    await started;
    if (this.buildEnd.aborted) return;
    const sources: SourceInfo[] = [];
    const end = () => {
      if (!this.isReading) this.limitWait();
    };
    this.buildEnd.addEventListener('abort', end, { once: true });
    try {
      for await (const response of this.connection.control.status(
        { Ref: this.ref },
        { signal: this.callAbort.signal },
      )) {
        clearTimeout(this.timer);
        this.isReading = true;
        const yieldedAt = performance.now();
        if (this.buildEnd.aborted) this.remainingMs -= yieldedAt - this.since;
        yield fromStatusResponse(response, sources);
        this.isReading = false;
        if (!this.buildEnd.aborted) continue;
        this.remainingMs -= Math.min(maxReaderMs, performance.now() - yieldedAt);
        if (this.remainingMs <= 0) return;
        this.limitWait();
      }
    } catch (error) {
      // The build's own result says what went wrong.
      if (!this.buildEnd.aborted && !(error instanceof RpcError)) throw error;
    } finally {
      clearTimeout(this.timer);
      this.buildEnd.removeEventListener('abort', end);
    }
  }

  /** Limits the wait for the next report of a build that has ended. */
  private limitWait(): void {
    const isStopped = this.callerSignal?.aborted ?? false;
    if (isStopped) this.remainingMs = Math.min(this.remainingMs, statusGraceMs);
    this.since = performance.now();
    const ms = Math.min(this.remainingMs, isStopped ? stoppedGraceMs : statusGraceMs);
    this.timer = setTimeout(() => this.callAbort.abort(), ms);
  }
}
