import { Readable } from 'node:stream';
import { type Io, ioWriters } from '../../src/cli/io.ts';
import { main } from '../../src/cli/main.ts';
import type { Engine } from '../engine/engine.ts';

export interface CliRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Whether standard output and error are terminals, with colours. */
  readonly terminal?: boolean;
  readonly signal?: AbortSignal;
}

/** Runs `tsfront ARGS` in this process. */
export async function runCli(
  args: readonly string[],
  { stdin = '', env: given = {}, terminal = false, signal = new AbortController().signal }: CliOptions = {},
): Promise<CliRun> {
  // Builds keep no records in the home directory of who runs the tests.
  const env = 'HOME' in given ? given : { TSFRONT_RECORD: '0', ...given };
  const stdout: Uint8Array[] = [];
  let stderr = '';
  const screen = terminal ? { isTTY: true, columns: 100, rows: 40 } : {};
  const io: Io = {
    ...ioWriters(
      {
        stdout: { ...screen, write: (text) => void stdout.push(Buffer.from(text)) },
        stderr: {
          ...screen,
          write(text) {
            stderr += text;
          },
        },
        stdoutHasColor: terminal,
        stderrHasColor: terminal,
        writeStdout: async (data) => void stdout.push(Buffer.from(data)),
      },
      env,
    ),
    env,
    signal,
    stdin: Readable.from([Buffer.from(stdin)]),
    readStdin: async () => Buffer.from(stdin),
    readLine: async () => (stdin === '' ? undefined : stdin.split('\n', 1)[0]),
  };
  const code = await main(args, io);
  return { code, stdout: Buffer.concat(stdout).toString(), stderr };
}

/**
 * Makes a function that runs `tsfront ARGS` in this process, with the environment of an engine and what is added to it.
 * What comes of it has the names that {@link Engine.run} gives.
 */
export function cliOn(engine: Engine) {
  return async (args: readonly string[], stdin = '', more: NodeJS.ProcessEnv = {}) => {
    const env = { ...engine.env, BUILDKIT_HOST: engine.buildkitHost, ...more };
    const { code: status, stdout, stderr } = await runCli(args, { stdin, env });
    return { status, stdout, stderr };
  };
}
