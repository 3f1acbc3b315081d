/**
 * Runs other programs of this machine: git, ssh, docker, kubectl, credential helpers, xz, cp, mknod, what opens a
 * browser. Each gets a clean environment and its own process group, so that its child processes end with it when it is
 * stopped.
 */
import type { ChildProcess, ChildProcessByStdio } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { redactCredentials } from '../text/redact.ts';
import { hideFields, ShortError } from '../text/short-error.ts';
import { subprocessEnvironment } from './subprocess-environment.ts';

/** Loaded on demand: most commands start no subprocess. */
const childProcess = () => process.getBuiltinModule('node:child_process');

/** Milliseconds between asking a program to end and killing it. */
const graceMs = 2000;
const defaultOutputBytes = 16 << 20;
/** Number of bytes at the end of standard error that are kept. */
const stderrBytes = 64 << 10;

/** Running process groups. They are killed when this process ends. */
const running = new Set<number>();

function killAll(): void {
  for (const pid of running) signalGroup(pid, 'SIGKILL');
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // The group has ended.
  }
}

/** Options of {@link startSubprocess}. */
export interface StartOptions {
  /** The working directory; that of this process if absent. */
  readonly cwd?: string | undefined;
  /** The environment from {@link subprocessEnvironment}. */
  readonly env?: Record<string, string> | undefined;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Starts a subprocess with pipes to its standard streams. It leads a process group and a session of its own: Ctrl-C in
 * the terminal does not reach it, and it cannot ask on the terminal.
 */
export function startSubprocess(program: string, args: readonly string[], options: StartOptions = {}): Child {
  const child = childProcess().spawn(program, args, {
    cwd: options.cwd,
    env: options.env ?? subprocessEnvironment(),
    stdio: 'pipe',
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  const { pid } = child;
  if (pid !== undefined) {
    if (running.size === 0) process.on('exit', killAll);
    running.add(pid);
    child.once('close', () => {
      running.delete(pid);
      if (running.size === 0) process.off('exit', killAll);
    });
  }
  return child;
}

/** Milliseconds after which a program that still runs has succeeded in what it was started for. */
const apartMs = 3000;

/**
 * Starts a program that outlives this process and is not stopped with it, such as a browser. Resolves when it has ended
 * well, or still runs after some seconds.
 *
 * @throws SubprocessError if it is missing or fails before
 */
export async function startApart(program: string, args: readonly string[]): Promise<void> {
  const child = childProcess().spawn(program, args, {
    env: subprocessEnvironment(),
    stdio: 'ignore',
    detached: true,
    windowsHide: true,
  });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, apartMs);
    child.once('error', (error) => reject(startError(program, undefined, error)));
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(failure(program, code, signal, Buffer.alloc(0), ''));
    });
    child.once('close', () => clearTimeout(timer));
  });
  child.unref();
}

/** Ends a subprocess and its child processes: asks them to end, and kills them after {@link graceMs}. */
export function endSubprocess(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined || !running.has(pid)) return;
  signalGroup(pid, 'SIGTERM');
  const timer = setTimeout(() => {
    signalGroup(pid, 'SIGKILL');
    for (const stream of child.stdio) stream?.destroy(); // a process that has left the group may hold the streams
  }, graceMs);
  child.once('close', () => clearTimeout(timer));
}

/** Options of {@link runSubprocess}. */
export interface SubprocessOptions extends StartOptions {
  /** The standard input of the program; empty if absent. */
  readonly stdin?: string | Uint8Array | undefined;
  /** Ends the program when aborted; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Time limit of the whole run in milliseconds; no limit if absent. */
  readonly timeoutMs?: number | undefined;
  /** Maximum size of standard output in bytes; 16 MiB if absent. */
  readonly maxOutputBytes?: number | undefined;
}

/** The output of a subprocess. */
export interface SubprocessOutput {
  /** Everything that it wrote to standard output. */
  readonly stdout: Buffer;
  /** The end of what it wrote to standard error. */
  readonly stderr: string;
}

/** The error of a subprocess: its program is missing, or it failed. */
export class SubprocessError extends ShortError {
  override readonly name = 'SubprocessError';
  /**
   * `missing`: it could not be started; `failed`: an exit code or a signal; `timeout`; `output`: more output than
   * allowed.
   */
  readonly reason: 'missing' | 'failed' | 'timeout' | 'output';
  /** The exit code; undefined if the program did not end by itself. */
  readonly exitCode: number | undefined;
  /** The standard output up to the failure. */
  readonly stdout: Buffer;
  /** The end of standard error, unchanged: it may have credentials. */
  readonly stderr: string;
  constructor(
    message: string,
    reason: SubprocessError['reason'],
    details: Partial<SubprocessOutput> & { readonly exitCode?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
    this.reason = reason;
    this.exitCode = details.exitCode;
    this.stdout = details.stdout ?? Buffer.alloc(0);
    this.stderr = details.stderr ?? '';
    hideFields(this, 'stdout', 'stderr');
  }
}

/**
 * Runs a program to its end. When this settles, the program has ended; if it was stopped, its child processes have
 * ended too.
 *
 * @throws SubprocessError `the command git is not installed`, `git ended with code 128: fatal: …`,
 *   `git did not end within 120 s`, `git wrote more than 16 MiB`; the reason of `signal`
 */
export async function runSubprocess(
  program: string,
  args: readonly string[],
  options: SubprocessOptions = {},
): Promise<SubprocessOutput> {
  const { signal, timeoutMs, maxOutputBytes = defaultOutputBytes } = options;
  signal?.throwIfAborted();
  let child: Child;
  try {
    child = startSubprocess(program, args, options);
  } catch (error) {
    throw startError(program, options.cwd, error as Error); // the list of arguments is too long, or one has a NUL
  }
  const stdout: Buffer[] = [];
  let stdoutBytes = 0;
  let stderr = Buffer.alloc(0);
  let stopped: unknown;
  const stop = (reason: unknown) => {
    if (stopped !== undefined) return;
    stopped = reason;
    endSubprocess(child);
  };
  const aborted = () => stop(signal!.reason);
  signal?.addEventListener('abort', aborted);
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(
          () => stop(new SubprocessError(`${program} did not end within ${timeoutMs / 1000} s`, 'timeout')),
          timeoutMs,
        );
  try {
    child.stdin.on('error', () => {}); // a program that does not read its input says why
    child.stdin.end(options.stdin ?? '');
    child.stdout.on('data', (chunk: Buffer) => {
      stdoutBytes += chunk.length;
      if (stdoutBytes <= maxOutputBytes) stdout.push(chunk);
      else stop(new SubprocessError(`${program} wrote more than ${maxOutputBytes} bytes`, 'output'));
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = Buffer.concat([stderr, chunk]).subarray(-stderrBytes);
    });
    const [code, killedBy] = await ended(child).catch((error: NodeJS.ErrnoException) => {
      throw startError(program, options.cwd, error);
    });
    if (stopped !== undefined) throw stopped;
    const output = { stdout: Buffer.concat(stdout), stderr: stderr.toString() };
    if (code === 0) return output;
    throw failure(program, code, killedBy, output.stdout, output.stderr);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', aborted);
  }
}

/**
 * Runs a program to its end with a blocking call: for threads that do nothing else. Its standard input is empty, and
 * its standard output is discarded.
 *
 * @throws SubprocessError as {@link runSubprocess}
 */
export function runSubprocessSync(program: string, args: readonly string[], options: StartOptions = {}): void {
  const { error, status, signal, stderr } = childProcess().spawnSync(program, args, {
    cwd: options.cwd,
    env: options.env ?? subprocessEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
    maxBuffer: defaultOutputBytes,
    windowsHide: true,
  });
  if (error && (error as NodeJS.ErrnoException).code !== 'ENOBUFS') throw startError(program, options.cwd, error);
  if (status !== 0) throw failure(program, status, signal, Buffer.alloc(0), stderr.subarray(-stderrBytes).toString());
}

/** The program's own message about its failure; otherwise the message of the error. */
export function complaintOf(error: unknown): string {
  return (error instanceof SubprocessError && error.stderr.trim()) || (error as Error).message;
}

function failure(
  program: string,
  code: number | null,
  killedBy: NodeJS.Signals | null,
  stdout: Buffer,
  stderr: string,
): SubprocessError {
  const stderrText = redactCredentials(stderr.trim());
  const how = code === null ? `was ended by ${killedBy}` : `ended with code ${code}`;
  const details = { stdout, stderr, exitCode: code ?? undefined };
  return new SubprocessError(`${program} ${how}${stderrText && `: ${stderrText}`}`, 'failed', details);
}

/** Resolves when the program has ended and all its output has been read. */
function ended(child: Child): Promise<[code: number | null, signal: NodeJS.Signals | null]> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve([code, signal]));
    child.once('exit', () => {
      // A process that it leaves running, such as an agent, may hold its streams for ever.
      const timer = setTimeout(() => {
        for (const stream of child.stdio) stream?.destroy();
      }, graceMs);
      child.once('close', () => clearTimeout(timer));
    });
  });
}

function startError(program: string, cwd: string | undefined, error: NodeJS.ErrnoException): SubprocessError {
  if (error.code === 'ENOENT' && cwd !== undefined && !existsSync(cwd))
    return new SubprocessError(`${program} cannot be run in ${cwd}: there is no such directory`, 'missing', {
      cause: error,
    });
  if (error.code === 'ENOENT')
    return new SubprocessError(`the command ${program} is not installed`, 'missing', { cause: error });
  return new SubprocessError(`the command ${program} cannot be run: ${error.message}`, 'missing', { cause: error });
}
