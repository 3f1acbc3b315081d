/** Commands as tests run them: to the end, with all they print. */
import { spawn } from 'node:child_process';

export interface CommandResult {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
  /** Milliseconds, after which the command gets SIGKILL. */
  readonly timeout?: number;
  /** Interrupts the command and all it started, as Ctrl-C in a terminal does. */
  readonly signal?: AbortSignal;
  /** Told what the command has printed to stderr so far, whenever that grows. */
  readonly onStderr?: (text: string) => void;
}

/** Runs a command to its end. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env,
      detached: options.signal !== undefined, // a process group of its own
      timeout: options.timeout ?? 300_000,
      killSignal: 'SIGKILL',
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk) => stdout.push(chunk));
    child.stderr.on('data', (chunk) => {
      stderr.push(chunk);
      options.onStderr?.(Buffer.concat(stderr).toString());
    });
    child.stdin.on('error', () => {}); // a command may end without reading its input
    child.stdin.end(options.input);
    options.signal?.addEventListener('abort', () => child.pid && process.kill(-child.pid, 'SIGINT'));
    child.on('error', reject);
    child.on('close', (status, signal) =>
      resolve({ status, signal, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    );
  });
}
