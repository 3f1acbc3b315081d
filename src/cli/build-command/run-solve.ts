/** Runs `tsfront solve`. */
import { exporterOf } from '../../client/exporter-table.ts';
import {
  type Connection,
  compiledFrontend,
  connect,
  createDisplay,
  dockerPush,
  hasImageStore,
  listWorkers,
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
import { requirePlaces } from './output-places.ts';
import { requireOutputs } from './outputs.ts';
import { readSourcePolicy } from './source-policy-file.ts';

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
  const { env, signal } = io;
  let connection: Connection | undefined;
  let opened: CompiledInput | undefined;
  const onWarning = warnOnce(io);
  try {
    const mode = progressMode(flags, env);
    const { allowUnknown } = flags;
    requireAddress('--builder', flags.builder);
    const secrets = parseSecrets(flags.secret, env);
    await requireSsh(flags.ssh);
    const allowed = entitlements(flags);
    const auth = authHosts(flags.authHost);
    const cacheFrom = parseCaches('--cache-from', flags.cacheFrom, allowUnknown);
    const cacheTo = parseCaches('--cache-to', flags.cacheTo, allowUnknown);
    const sourcePolicy = await readSourcePolicy(env);
    requireWritable('--metadata-file', flags.metadataFile);
    const allowDelete = isLocalDeleteAllowed(flags);
    const outputs = {
      output: flags.output,
      tag: [],
      annotation: [],
      allowUnknown,
      allowDelete,
    };
    requirePlaces(flags.output.length > 0 ? requireOutputs(outputs) : [], cacheTo, flags);
    opened = await openCompiled(input, flags, compileFlags, io);
    const { compiled, name, localDirs, ociLayouts } = opened;
    connection = await connect(flags.builder, { signal, env, onWarning });
    const pushes = flags.output.length > 0 && hasImageStore(await untilAborted(listWorkers(connection), signal));
    const { exports, pushByEngine, prefersImageDigest } =
      flags.output.length > 0
        ? await openOutputs(outputs, { kind: connection.kind, pushes, env, onWarning })
        : { exports: [], pushByEngine: [], prefersImageDigest: false };
    const makesImage = exports.some(
      (entry) => exporterOf(entry.type === 'custom' ? entry.name : entry.type)?.makesImage,
    );
    if (makesImage && compiled.metadata.size === 0)
      warn(
        `${name} has no image config, so the image has no entry point, environment and labels: compile to JSON, or give the file of \`tsfront compile --image-config\` with --image-config`,
        io,
      );
    const build = solve(connection, {
      frontend: compiledFrontend(compiled),
      localDirs,
      ociLayouts,
      exports,
      secrets,
      ssh: parseSsh(flags.ssh),
      auth,
      entitlements: allowed,
      cacheFrom,
      cacheTo,
      sourcePolicy,
      onWarning,
      signal,
    });
    const warnings = await showProgress(build.status, await createDisplay(mode, io.stderr, env), signal);
    const result = await build.result;
    for (const image of pushByEngine) await dockerPush(image, { address: connection.address, signal, onWarning });
    if (flags.metadataFile) {
      const reportedResult = prefersImageDigest ? withoutConfigDigest(result) : result;
      await writeOutput(flags.metadataFile, await formatMetadata(connection, reportedResult, warnings, env), io);
    }
    return 0;
  } catch (error) {
    return reportFailure(error, io, { asked: 'build', shown: opened?.shown ?? asNamed });
  } finally {
    connection?.close();
  }
}
