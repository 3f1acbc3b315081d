/** Runs `tsfront solve`. */
import { readFile } from 'node:fs/promises';
import {
  type Connection,
  connect,
  createDisplay,
  dockerPush,
  hasImageStore,
  listWorkers,
  showProgress,
  solve,
} from '../../client/index.ts';
import { unbindSessions } from '../../client/unbind-sessions.ts';
import { Definition } from '../../llb/index.ts';
import { untilAborted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { writeOutput } from '../output.ts';
import { progressMode } from '../progress-option.ts';
import type { SolveFlags } from '../solve.ts';
import { cutPair } from './fields.ts';
import { formatMetadata, withoutConfigDigest } from './metadata.ts';
import { entitlements, parseCaches, parseSecrets, parseSsh } from './options.ts';
import { openOutputs } from './outputs.ts';
import { reportFailure, warn } from './report.ts';
import { readSourcePolicy } from './source-policy.ts';

function decodeLlb(file: string, bytes: Uint8Array): Definition {
  try {
    return Definition.decode(bytes);
  } catch (error) {
    throw new Error(
      `${file} is no LLB definition, as \`tsfront compile --format=pb\` writes it: ${(error as Error).message}`,
    );
  }
}

/** @returns the exit code */
export async function solveFile(file: string, flags: SolveFlags, io: Io): Promise<number> {
  const { env, signal } = io;
  let connection: Connection | undefined;
  try {
    const mode = progressMode(flags, env);
    const bytes = file === '-' ? await io.readStdin() : await untilAborted(readFile(file), signal);
    const definition = unbindSessions(decodeLlb(file, bytes));
    connection = await connect(flags.builder, { signal });
    const localDirs: Record<string, string> = Object.create(null);
    for (const local of flags.local) {
      const [name, dir] = cutPair(local);
      if (!dir) throw new Error(`invalid value ${JSON.stringify(local)} for --local: expected name=folder`);
      localDirs[name] = dir;
    }
    const outputs = { output: flags.output, push: false, load: false, tag: [], annotation: [] };
    const pushes = flags.output.length > 0 && hasImageStore(await untilAborted(listWorkers(connection), signal));
    const { exports, pushByEngine, prefersImageDigest } =
      flags.output.length > 0
        ? await openOutputs(outputs, { kind: connection.kind, pushes })
        : { exports: [], pushByEngine: [], prefersImageDigest: false };
    const build = solve(connection, {
      definition,
      localDirs,
      exports,
      secrets: parseSecrets(flags.secret, env),
      ssh: parseSsh(flags.ssh),
      auth: flags.authHost.length > 0 ? { hosts: flags.authHost } : undefined,
      entitlements: entitlements(flags),
      cacheFrom: parseCaches('--cache-from', flags.cacheFrom),
      cacheTo: parseCaches('--cache-to', flags.cacheTo),
      sourcePolicy: await readSourcePolicy(env),
      onWarning: (message) => warn(message, io),
      signal,
    });
    const warnings = await showProgress(build.status, await createDisplay(mode, io.stderr, env));
    const result = await build.result;
    for (const name of pushByEngine) await dockerPush(name, { address: connection.address, signal });
    if (flags.metadataFile) {
      const told = prefersImageDigest ? withoutConfigDigest(result) : result;
      await writeOutput(flags.metadataFile, await formatMetadata(connection, told, warnings, env), io);
    }
    return 0;
  } catch (error) {
    return reportFailure(error, io);
  } finally {
    connection?.close();
  }
}
