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
import type { Io } from '../io.ts';
import { writeOutput } from '../output.ts';
import { progressMode } from '../progress-option.ts';
import type { SolveFlags } from '../solve.ts';
import { cutPair } from './fields.ts';
import { formatMetadata } from './metadata.ts';
import { entitlements, parseCaches, parseSecrets, parseSsh } from './options.ts';
import { openOutputs } from './outputs.ts';
import { interruptSignal, reportFailure, warn } from './report.ts';
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
  const interrupt = interruptSignal();
  let connection: Connection | undefined;
  try {
    const mode = progressMode(flags, process.env);
    const bytes = file === '-' ? await io.readStdin() : await readFile(file);
    const definition = unbindSessions(decodeLlb(file, bytes));
    connection = await connect(flags.builder, { signal: interrupt.signal });
    const localDirs: Record<string, string> = {};
    for (const local of flags.local) {
      const [name, dir] = cutPair(local);
      if (!dir) throw new Error(`invalid value ${JSON.stringify(local)} for --local: expected name=folder`);
      localDirs[name] = dir;
    }
    const outputs = { output: flags.output, push: false, load: false, tag: [], annotation: [] };
    const pushes = flags.output.length > 0 && hasImageStore(await listWorkers(connection));
    const { exports, pushByEngine } =
      flags.output.length > 0
        ? await openOutputs(outputs, { kind: connection.kind, pushes })
        : { exports: [], pushByEngine: [] };
    const build = solve(connection, {
      definition,
      localDirs,
      exports,
      secrets: parseSecrets(flags.secret, process.env),
      ssh: parseSsh(flags.ssh),
      auth: flags.authHost.length > 0 ? { hosts: flags.authHost } : undefined,
      entitlements: entitlements(flags),
      cacheFrom: parseCaches('--cache-from', flags.cacheFrom),
      cacheTo: parseCaches('--cache-to', flags.cacheTo),
      sourcePolicy: await readSourcePolicy(process.env),
      onWarning: warn,
      signal: interrupt.signal,
    });
    const warnings = await showProgress(build.status, await createDisplay(mode, process.stderr));
    const result = await build.result;
    for (const name of pushByEngine) await dockerPush(name, { address: connection.address, signal: interrupt.signal });
    if (flags.metadataFile)
      await writeOutput(flags.metadataFile, await formatMetadata(connection, result, warnings, process.env), io);
    return 0;
  } catch (error) {
    return reportFailure(error, interrupt.signal);
  } finally {
    interrupt.release();
    connection?.close();
  }
}
