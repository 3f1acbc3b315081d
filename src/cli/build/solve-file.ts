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
import { UsageError } from '../../offline/usage-error.ts';
import { systemErrorsInWords } from '../../text/system-error.ts';
import { untilAborted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { writeOutput } from '../output.ts';
import { progressMode } from '../progress-option.ts';
import type { SolveFlags } from '../solve.ts';
import { cutPair } from './fields.ts';
import { formatMetadata } from './metadata.ts';
import { entitlements, parseCaches, parseSecrets, parseSsh } from './options.ts';
import { openOutputs } from './outputs.ts';
import { reportFailure, warn } from './report.ts';
import { readSourcePolicy } from './source-policy.ts';

function readDefinition(file: string): Promise<Uint8Array> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    const why =
      error.code === 'EISDIR' ? 'it is a folder' : systemErrorsInWords(error.message).replace(`${file}: `, '');
    throw new UsageError(`cannot read ${file}: ${why}`, { cause: error });
  });
}

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
    const bytes = file === '-' ? await io.readStdin() : await untilAborted(readDefinition(file), signal);
    const definition = unbindSessions(decodeLlb(file, bytes));
    connection = await connect(flags.builder, { signal });
    const localDirs: Record<string, string> = Object.create(null);
    for (const local of flags.local) {
      const [name, dir] = cutPair(local);
      if (!dir) throw new UsageError(`invalid value ${JSON.stringify(local)} for --local: expected name=folder`);
      localDirs[name] = dir;
    }
    const outputs = { output: flags.output, push: false, load: false, tag: [], annotation: [] };
    const pushes = flags.output.length > 0 && hasImageStore(await untilAborted(listWorkers(connection), signal));
    const { exports, pushByEngine } =
      flags.output.length > 0
        ? await openOutputs(outputs, { kind: connection.kind, pushes })
        : { exports: [], pushByEngine: [] };
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
    if (flags.metadataFile)
      await writeOutput(flags.metadataFile, await formatMetadata(connection, result, warnings, env), io);
    return 0;
  } catch (error) {
    return reportFailure(error, io);
  } finally {
    connection?.close();
  }
}
