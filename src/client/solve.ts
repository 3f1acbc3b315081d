/** Runs a build on a daemon: the call, the session that serves it, and its progress. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { requireCapability } from '../gateway/caps.ts';
import type { SolveRequestSchema } from '../gen/moby/buildkit/v1/control_pb.ts';
import type { PolicySchema } from '../gen/moby/buildkit/v1/sourcepolicy/policy_pb.ts';
import type { SourceInfo } from '../gen/pb/ops_pb.ts';
import type { Definition } from '../llb/definition.ts';
import { Code, RpcError } from '../rpc/status.ts';
import { refuseEndless } from '../system/endless-files.ts';
import { explainMissing, requireSeveralExporters } from './abilities.ts';
import { type CacheEntry, type PreparedCaches, prepareCaches } from './cache.ts';
import { type Connection, createId } from './connect.ts';
import { type Export, type PreparedExports, prepareExports, refuseMirrored } from './exporters.ts';
import type { InProcessFrontend } from './in-process-frontend.ts';
import { type AuthOptions, auth } from './session/auth.ts';
import { type ChooseExports, type ChosenExports, chosenExports } from './session/chosen-exports.ts';
import { type ContentStore, type ContentStores, contentStores } from './session/content.ts';
import { fileSend, type ReceivedExports } from './session/file-send.ts';
import { fileSync } from './session/file-sync.ts';
import { type SecretSource, secrets } from './session/secrets.ts';
import { type Attachable, openSession, type Session } from './session/session.ts';
import { explainDenied, type SourcePolicyCheck, sourcePolicy } from './session/source-policy.ts';
import { type SshSource, ssh } from './session/ssh.ts';
import { SolveError } from './solve-error.ts';
import { fromStatusResponse, type StatusUpdate } from './status.ts';

/** Contents by path, with slashes: `{ 'Dockerfile': 'FROM alpine' }`. */
export type MemoryFiles = Readonly<Record<string, string | Uint8Array>>;

export interface SolveOptions {
  /** The graph to build. Either this or a frontend. */
  readonly definition?: Definition | undefined;
  /**
   * A frontend: one the daemon runs (`dockerfile.v0`, or `gateway.v0` with the option `source`), or a function that runs
   * here, such as tsfront's own `dockerfileFrontend`.
   */
  readonly frontend?: string | InProcessFrontend | undefined;
  readonly frontendAttrs?: Readonly<Record<string, string>> | undefined;
  readonly frontendInputs?: Readonly<Record<string, Definition>> | undefined;
  /**
   * Directories by the name of their local source: a path, or files held in memory by their paths, which are written to
   * a temporary folder while the build runs. A Dockerfile frontend reads `context` and `dockerfile`.
   */
  readonly localDirs?: Readonly<Record<string, string | MemoryFiles>> | undefined;
  /** Directories with OCI layouts, by the name of their store. */
  readonly ociLayouts?: Readonly<Record<string, string>> | undefined;
  readonly exports?: readonly Export[] | undefined;
  /** Chooses further outputs once the result is known. Daemons before BuildKit 0.22 do not ask: there the build fails. */
  readonly chooseExports?: ChooseExports | undefined;
  readonly cacheFrom?: readonly CacheEntry[] | undefined;
  readonly cacheTo?: readonly CacheEntry[] | undefined;
  readonly secrets?: Readonly<Record<string, SecretSource>> | undefined;
  readonly ssh?: readonly SshSource[] | undefined;
  /** Registry credentials: Docker's by default, none with `false`. */
  readonly auth?: AuthOptions | false | undefined;
  /** What the build may do beyond the usual: `network.host`, `security.insecure`, `device=…`. */
  readonly entitlements?: readonly string[] | undefined;
  /** Rules that allow, deny or rewrite sources, applied by the daemon. */
  readonly sourcePolicy?: MessageInitShape<typeof PolicySchema> | undefined;
  /**
   * Decides on each source when the daemon asks. Daemons before BuildKit 0.27 do not ask: there the build is refused.
   */
  readonly sourcePolicyCheck?: SourcePolicyCheck | undefined;
  /**
   * Makes images to the byte as an older BuildKit made them: 10 as 0.13 and 0.14, 20 as 0.15 to 0.31, 30 as newer ones.
   * Daemons before BuildKit 0.30 have no choice: they are refused.
   */
  readonly compatibilityVersion?: number | undefined;
  /**
   * Leads what RUN steps ask of the network through a proxy of the daemon, which notes it in the provenance. Daemons
   * before BuildKit 0.31 have none: they are refused.
   */
  readonly proxyNetwork?: boolean | undefined;
  /** Told what is left out of the build: a local cache to read that is not there, `gha` outside of GitHub Actions, credentials whose helper failed. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Keeps the build out of the daemon's history. */
  readonly internal?: boolean | undefined;
  /** Further services for the session. */
  readonly attachables?: readonly Attachable[] | undefined;
  /**
   * Contexts of builds with the same key are sent incrementally: the daemon asks only for files whose size or time has
   * changed. By default builds of the same directories have the same key, and others never take one context for another.
   */
  readonly sharedKey?: string | undefined;
  /** Names the build; random by default. */
  readonly ref?: string | undefined;
  /** Stops the build, on the daemon too. */
  readonly signal?: AbortSignal | undefined;
}

export interface SolveResult {
  readonly ref: string;
  /** What the exporters reported: `containerimage.digest`, `image.name`, … */
  readonly exporterResponse: Readonly<Record<string, string>>;
}

/** A build that was started. */
export interface Build {
  readonly ref: string;
  /** Progress from the start to the end. Can be iterated once; nothing is kept if nobody does. */
  readonly status: AsyncIterable<StatusUpdate>;
  /** Rejects when the build fails: with a {@link SolveError} for what the daemon reports. */
  readonly result: Promise<SolveResult>;
}

/** After the end of a build its last reports may still be on the way; each may take this long, */
const STATUS_GRACE_MS = 3000;
/** and all of them this long. */
const STATUS_LIMIT_MS = 30_000;
/** Nobody waits long for reports of a build they have stopped. */
const STOPPED_GRACE_MS = 500;
/** How long a build whose session ended may take to answer. */
const SESSION_GRACE_MS = 2000;

/**
 * Starts a build.
 *
 * @example
 * const build = solve(connection, { frontend: 'dockerfile.v0', localDirs: { context: '.', dockerfile: '.' } });
 * for await (const update of build.status) for (const vertex of update.vertexes) console.log(vertex.name);
 * console.log((await build.result).exporterResponse);
 */
export function solve(connection: Connection, options: SolveOptions): Build {
  const ref = options.ref ?? createId();
  const started = Promise.withResolvers<void>();
  const ended = new AbortController();
  const result = run(connection, ref, options, started.resolve).finally(() => {
    started.resolve();
    ended.abort();
  });
  result.catch(() => {}); // it is the caller's to handle, at a time of their choice
  return { ref, result, status: watch(connection, ref, started.promise, ended.signal, options.signal) };
}

async function run(
  connection: Connection,
  ref: string,
  options: SolveOptions,
  onStart: () => void,
): Promise<SolveResult> {
  const temporary: string[] = [];
  try {
    return await runWith(connection, ref, options, onStart, temporary);
  } finally {
    for (const dir of temporary) await rm(dir, { recursive: true, force: true });
  }
}

async function runWith(
  connection: Connection,
  ref: string,
  options: SolveOptions,
  onStart: () => void,
  temporary: string[],
): Promise<SolveResult> {
  const { signal } = options;
  signal?.throwIfAborted();
  const prepared = await prepare(options, connection.kind, temporary);
  const { attachables, exports, layouts } = prepared;
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
    const result = await runOn(session, connection, ref, options, prepared, onStart);
    failed = false;
    return result;
  } catch (error) {
    const explained = attachables.reduce((known, { explain }) => explain?.(known) ?? known, error);
    const known = explainMissing(explainDenied(explained), connection.kind);
    throw known instanceof RpcError ? new SolveError(known) : known;
  } finally {
    session?.close();
    for (const attachable of attachables) await attachable.close?.();
    // why the build failed counts more than what could not be taken back
    if (failed) await layouts.discard().catch((error: Error) => options.onWarning?.(error.message));
  }
}

async function runOn(
  session: Session,
  connection: Connection,
  ref: string,
  options: SolveOptions,
  { exports, chosen, caches, layouts, received }: Prepared,
  onStart: () => void,
): Promise<SolveResult> {
  const { signal } = options;
  const cut = new AbortController();
  const [exporter] = exports.exporters;
  const frontendAttrs = { ...attrsOf(options), ...caches.frontendAttrs };
  const request: MessageInitShape<typeof SolveRequestSchema> = {
    Ref: ref,
    Session: session.id,
    ...(options.definition ? { Definition: options.definition.toPb() } : {}),
    Frontend: typeof options.frontend === 'string' ? options.frontend : '',
    FrontendAttrs: frontendAttrs,
    FrontendInputs: Object.fromEntries(
      Object.entries(options.frontendInputs ?? {}).map(([name, input]) => [name, input.toPb()]),
    ),
    Exporters: [...exports.exporters],
    // daemons before BuildKit 0.13 know only one exporter
    ...(exporter ? { ExporterDeprecated: exporter.Type, ExporterAttrsDeprecated: exporter.Attrs } : {}),
    Cache: { Exports: [...caches.exports], Imports: [...caches.imports] },
    Entitlements: [...(options.entitlements ?? [])],
    ...(options.sourcePolicy ? { SourcePolicy: options.sourcePolicy } : {}),
    SourcePolicySession: options.sourcePolicyCheck ? session.id : '',
    Internal: options.internal ?? false,
    EnableSessionExporter: options.chooseExports !== undefined,
    CompatibilityVersion: BigInt(options.compatibilityVersion ?? 0),
    ProxyNetwork: options.proxyNetwork ?? false,
  };
  let done = false;
  void session.closed.then(async () => {
    await new Promise((resolve) => setTimeout(resolve, SESSION_GRACE_MS).unref());
    if (!done) cut.abort(new RpcError(Code.unavailable, 'the session with the daemon was cut'));
  });
  try {
    const solving = connection.control.solve(request, {
      signal: signal ? AbortSignal.any([signal, cut.signal]) : cut.signal,
    });
    onStart();
    if (typeof options.frontend === 'function') {
      const { runInProcess } = await import('./in-process-frontend.ts');
      const build = { connection, ref, sessionId: session.id, opts: frontendAttrs, signal: signal ?? cut.signal };
      await runInProcess(options.frontend, build, solving);
    }
    const response = await solving;
    await layouts.publish();
    await received?.publish();
    await exports.finish(response.ExporterResponse, layouts.name);
    await chosen?.finish(response.ExporterResponse, layouts.name);
    await caches.finish(response.ExporterResponse, layouts.name);
    signal?.throwIfAborted(); // from here on nothing is taken back
    await received?.keep();
    await caches.reset(options.onWarning);
    return { ref, exporterResponse: response.ExporterResponse };
  } finally {
    done = true;
  }
}

/** A daemon would ignore what it does not know, and build what a check forbids. @throws Error when this is one */
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
      for (const id of needed) requireCapability(options.llbCaps, id);
      return { metadata: new Map() };
    },
  });
  await probe.result;
}

/** No capability says it, but only a daemon that has versions refuses one that never was. @throws RpcError for others */
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

interface Prepared {
  readonly attachables: readonly Attachable[];
  readonly exports: PreparedExports;
  readonly sharedKey: string;
  readonly chosen: ChosenExports | undefined;
  readonly caches: PreparedCaches;
  readonly layouts: ContentStores;
  /** What comes as files and archives. */
  readonly received: ReceivedExports | undefined;
}

/** The options of the frontend: its own, and those of the caller. */
function attrsOf({ frontend, frontendAttrs }: SolveOptions): Readonly<Record<string, string>> {
  return { ...(typeof frontend === 'function' ? frontend.attrs : undefined), ...frontendAttrs };
}

/** Everything that can go wrong before the daemon is bothered. */
async function prepare(options: SolveOptions, kind: Connection['kind'], temporary: string[]): Promise<Prepared> {
  if (options.definition && options.frontend) throw new Error('a build has either a definition or a frontend');
  if (!options.definition && !options.frontend) throw new Error('a build needs a definition or a frontend');
  const dirs = new Map<string, string>();
  for (const [name, given] of Object.entries(options.localDirs ?? {})) {
    const dir = typeof given === 'string' ? given : await writeMemoryFiles(given, temporary);
    const stats = await stat(dir).catch(() => undefined);
    if (!stats?.isDirectory()) throw new Error(`local directory ${name}: ${dir} is not a directory`);
    dirs.set(name, dir);
  }
  if (options.frontend) await refuseEndless(dirs, attrsOf(options)['filename'] ?? 'Dockerfile');
  const exports = await prepareExports(options.exports ?? [], kind);
  const caches = await prepareCaches(options.cacheFrom, options.cacheTo);
  const stores = new Map<string, ContentStore>([...exports.stores, ...caches.stores]);
  for (const [name, dir] of Object.entries(options.ociLayouts ?? {}))
    stores.set(`oci:${name}`, { dir: path.resolve(dir), writable: false });
  const layouts = contentStores(stores);
  if (options.onWarning) for (const warning of caches.warnings) options.onWarning(warning);
  const targets = new Map(exports.targets);
  refuseMirrored(targets, stores);
  const chosen =
    options.chooseExports && chosenExports(options.chooseExports, kind, exports.exporters.length, targets, stores);
  const attachables: Attachable[] = [fileSync(dirs), ...(options.attachables ?? [])];
  if (chosen) attachables.push(chosen);
  const received = chosen || targets.size > 0 ? fileSend(targets, options.onWarning) : undefined;
  if (received) attachables.push(received);
  if (chosen || stores.size > 0) attachables.push(layouts);
  if (options.secrets) attachables.push(await secrets(new Map(Object.entries(options.secrets))));
  if (options.ssh?.length) attachables.push(await ssh(options.ssh));
  if (options.sourcePolicyCheck) attachables.push(sourcePolicy(options.sourcePolicyCheck));
  if (options.auth !== false) attachables.push(auth({ onWarning: options.onWarning, ...options.auth }));
  const sharedKey = options.sharedKey ?? keyOf(dirs);
  return { attachables, exports, sharedKey, chosen, caches, layouts, received };
}

/** Directories of this machine. Without a key the daemon would hold all of them for states of the same one. */
function keyOf(dirs: ReadonlyMap<string, string>): string {
  const all = [...dirs].map(([name, dir]) => [name, path.resolve(dir)]).sort();
  return createHash('sha256')
    .update(JSON.stringify([hostname(), all]))
    .digest('hex');
}

/** Files in memory are sent from a temporary directory, as all others are from theirs. */
async function writeMemoryFiles(files: MemoryFiles, temporary: string[]): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), 'tsfront-'));
  temporary.push(dir);
  for (const [name, contents] of Object.entries(files)) {
    const file = path.join(dir, name);
    if (!file.startsWith(dir + path.sep)) throw new Error(`file name leads out of its directory: ${name}`);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, contents);
  }
  return dir;
}

async function* watch(
  connection: Connection,
  ref: string,
  started: Promise<void>,
  ended: AbortSignal,
  stopped: AbortSignal | undefined,
) {
  await started;
  const sources: SourceInfo[] = [];
  const stop = new AbortController();
  let grace: NodeJS.Timeout | undefined;
  let limit: NodeJS.Timeout | undefined;
  let waiting = true; // for the daemon; whoever shows the reports may take their time
  const expectEnd = () => {
    const ms = stopped?.aborted ? STOPPED_GRACE_MS : STATUS_GRACE_MS;
    limit ??= setTimeout(() => stop.abort(), stopped?.aborted ? STATUS_GRACE_MS : STATUS_LIMIT_MS);
    if (waiting) grace = setTimeout(() => stop.abort(), ms);
  };
  if (ended.aborted) return;
  ended.addEventListener('abort', expectEnd, { once: true });
  try {
    for await (const response of connection.control.status({ Ref: ref }, { signal: stop.signal })) {
      waiting = false;
      clearTimeout(grace);
      yield fromStatusResponse(response, sources);
      if (stop.signal.aborted) return;
      waiting = true;
      if (ended.aborted) expectEnd();
    }
  } catch (error) {
    // the build's own result says what went wrong
    if (!ended.aborted && !(error instanceof RpcError)) throw error;
  } finally {
    clearTimeout(grace);
    clearTimeout(limit);
    ended.removeEventListener('abort', expectEnd);
  }
}
