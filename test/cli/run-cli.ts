import type { Io } from '../../src/cli/io.ts';
import { main } from '../../src/cli/main.ts';

export interface CliRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `tsfront ARGS` in this process. */
export async function runCli(
  args: readonly string[],
  { stdin = '', env = {}, terminal = false }: { stdin?: string; env?: Record<string, string>; terminal?: boolean } = {},
): Promise<CliRun> {
  const stdout: Uint8Array[] = [];
  let stderr = '';
  const io: Io = {
    env,
    signal: new AbortController().signal,
    readStdin: async () => Buffer.from(stdin),
    writeStdout: async (data) => void stdout.push(Buffer.from(data)),
    writeStderr: (text) => {
      stderr += text;
    },
    stdoutIsTerminal: terminal,
    stderrHasColor: false,
  };
  const code = await main(args, io);
  return { code, stdout: Buffer.concat(stdout).toString(), stderr };
}
