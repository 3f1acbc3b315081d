/** Runs `tsfront solve`. */
import { exporterOf } from '../../client/exporter-table.ts';
import {
  type Connection,
  compiledFrontend,
  connect,
  createDisplay,
  dockerPush,
  type Export,
  hasImageStore,
  listWorkers,
  type ProgressMode,
  type SolveOptions,
  showProgress,
  solve,
} from '../../client/index.ts';
import { reportFailure } from '../failure.ts';
import { untilAborted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { entitlements, isLocalDeleteAllowed } from '../options/allow.ts';
import { authHosts } from '../options/auth-host.ts';
import { parseCaches } from '../options/caches.ts';
import { parseSsh, requireSsh } from '../options/check-ssh.ts';
import { requireAddress } from '../options/daemon-address.ts';
import type { SolveFlags } from '../options/declare-solve.ts';
import { progressMode } from '../options/progress-mode.ts';
import { parseSecrets } from '../options/secrets.ts';
import { requireWritable, writeOutput } from '../output.ts';
import { asNamed } from '../shown-path.ts';
import { warn, warnOnce } from '../warn.ts';
import { type CompiledInput, openCompiled } from './compiled-input.ts';
import { formatMetadata, withoutConfigDigest } from './metadata-file.ts';
import { openOutputs } from './open-outputs.ts';
import type { OutputFlags } from './output-entries.ts';
import { requirePlaces } from './output-places.ts';
import { requireOutputs } from './outputs.ts';
import { readSourcePolicy } from './source-policy-file.ts';

/** What the flags say about a build, checked before anything is compiled or a daemon is asked. */
interface SolveRequest {
  readonly flags: SolveFlags;
  readonly mode: ProgressMode;
  /** What is written where; undefined if nothing is. */
  readonly outputs: OutputFlags | undefined;
  /** Options of the build that do not depend on what is built. */
  readonly options: Omit<SolveOptions, 'frontend' | 'exports' | 'localDirs' | 'ociLayouts'>;
}

/**
 * Solves what is compiled and writes the outputs.
 * @param input the compiled file, or with `--file` the build context
 * @param compileFlags the flags that were given and that only a compilation has
 * @returns the exit code
 */
export async function runSolve(
  input: string | undefined,
  flags: SolveFlags,
  compileFlags: readonly string[],
  io: Io,
): Promise<number> {
  let connection: Connection | undefined;
  let opened: CompiledInput | undefined;
  try {
    const request = await readRequest(flags, io);
    opened = await openCompiled(input, flags, compileFlags, io);
    connection = await connect(flags.builder, { signal: io.signal, env: io.env, onWarning: request.options.onWarning });
    await buildAndWrite(opened, connection, request, io);
    return 0;
  } catch (error) {
    return reportFailure(error, io, { asked: 'build', shown: opened?.shown ?? asNamed });
  } finally {
    connection?.close();
  }
}

/** @throws UsageError for what contradicts, and for outputs that cannot be written */
async function readRequest(flags: SolveFlags, io: Io): Promise<SolveRequest> {
  const { env, signal } = io;
  const { allowUnknown } = flags;
  const mode = progressMode(flags, env);
  requireAddress('--builder', flags.builder);
  const secrets = parseSecrets(flags.secret, env);
  await requireSsh(flags.ssh);
  const options = {
    secrets,
    ssh: parseSsh(flags.ssh),
    entitlements: entitlements(flags),
    auth: authHosts(flags.authHost),
    cacheFrom: parseCaches('--cache-from', flags.cacheFrom, allowUnknown),
    cacheTo: parseCaches('--cache-to', flags.cacheTo, allowUnknown),
    sourcePolicy: await readSourcePolicy(env),
    onWarning: warnOnce(io),
    signal,
  };
  requireWritable('--metadata-file', flags.metadataFile);
  const { output } = flags;
  const outputs =
    output.length > 0
      ? { output, tag: [], annotation: [], allowUnknown, allowDelete: isLocalDeleteAllowed(flags) }
      : undefined;
  requirePlaces(outputs ? requireOutputs(outputs) : [], options.cacheTo, flags);
  return { flags, mode, outputs, options };
}

async function buildAndWrite(
  { compiled, name, localDirs, ociLayouts }: CompiledInput,
  connection: Connection,
  { flags, mode, outputs, options }: SolveRequest,
  io: Io,
): Promise<void> {
  const { env, signal } = io;
  const { onWarning } = options;
  const { exports, pushByEngine, prefersImageDigest } = outputs
    ? await openOutputs(outputs, {
        kind: connection.kind,
        pushes: hasImageStore(await untilAborted(listWorkers(connection), signal)),
        env,
        onWarning,
      })
    : { exports: [], pushByEngine: [], prefersImageDigest: false };
  if (exports.some(makesImage) && compiled.metadata.size === 0)
    warn(
      `${name} has no image config, so the image has no entry point, environment and labels: compile to JSON, or give the file of \`tsfront compile --image-config\` with --image-config`,
      io,
    );
  const frontend = compiledFrontend(compiled);
  const build = solve(connection, { ...options, frontend, localDirs, ociLayouts, exports });
  const warnings = await showProgress(build.status, await createDisplay(mode, io.stderr, env), signal);
  const result = await build.result;
  for (const image of pushByEngine) await dockerPush(image, { address: connection.address, signal, onWarning });
  if (!flags.metadataFile) return;
  const reportedResult = prefersImageDigest ? withoutConfigDigest(result) : result;
  await writeOutput(flags.metadataFile, await formatMetadata(connection, reportedResult, warnings, env), io);
}

const makesImage = (entry: Export) => exporterOf(entry.type === 'custom' ? entry.name : entry.type)?.makesImage;
