/**
 * Programs of this machine: git, ssh, docker, credential helpers, xz, cp, mknod. Each gets an environment that is made for it, and
 * a process group of its own, so that nothing it has started outlives it when it is stopped.
 */
import type { ChildProcess, ChildProcessByStdio } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { redactCredentials } from '../text/redact.ts';

/** Most processes run no program, and a heap snapshot of one that has loaded this cannot be taken. */
const childProcess = () => process.getBuiltinModule('node:child_process');

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Of the variables that git knows, those that programs get: they say how git reaches others, and where its own files are.
 * All others are about one repository or one command (`git rev-parse --local-env-vars`, and what hooks get besides). In a
 * hook they name the user's repository: with GIT_DIR or GIT_INDEX_FILE, a fetch into a folder of ours would write there.
 */
const ofGit: readonly (readonly [names: RegExp, why: string])[] = [
  [/^GIT_(SSH|SSH_COMMAND|SSH_VARIANT|PROXY_COMMAND|ASKPASS)$/, 'how to connect, and who asks for passwords'],
  [/^GIT_(SSL|PROXY_SSL|HTTP)_/, 'certificates, proxies and limits of HTTP'],
  [/^GIT_(ALLOW_PROTOCOL|PROTOCOL_FROM_USER)$/, 'protocols that the user does not allow'],
  [/^GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM)$/, "where the user's and the system's configuration is"],
  [/^GIT_CONFIG_(COUNT|KEY_\d+|VALUE_\d+)$/, 'configuration that CI systems give: credentials, other addresses'],
  [/^GIT_(CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM)$/, 'where repositories may be looked for'],
  [/^GIT_(EXEC_PATH|TRACE.*|CURL_VERBOSE|REDACT_COOKIES)$/, "git's own programs, and traces that the user asked for"],
];

/** Variables that no program gets. */
const dropped: readonly (readonly [names: RegExp, why: string])[] = [
  [/^NODE_(OPTIONS|V8_COVERAGE|CHANNEL_FD|CHANNEL_SERIALIZATION_MODE|UNIQUE_ID)$/, 'about this process of Node alone'],
  [/^npm_/, 'what npm tells the scripts that it runs'],
];

/**
 * The environment of a program: that of the user without what is about another repository or about this process.
 *
 * @param env by default the environment of this process
 * @param set variables to set besides; undefined takes one out
 */
export function programEnvironment(env: Environment = process.env, set: Environment = {}): Record<string, string> {
  const made = new Map<string, string>();
  const matches = (table: typeof ofGit, name: string) => table.some(([names]) => names.test(name));
  const keepsConfig = hasWholeConfig(env);
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || matches(dropped, name)) continue;
    if (name.startsWith('GIT_') && !matches(ofGit, name)) continue;
    if (/^GIT_CONFIG_(COUNT|KEY|VALUE)/.test(name) && !keepsConfig) continue;
    made.set(name, value);
  }
  for (const [name, value] of Object.entries(set)) {
    if (value === undefined) made.delete(name);
    else made.set(name, value);
  }
  return Object.fromEntries(made);
}

/** Git refuses to run with a part of a configuration. */
function hasWholeConfig(env: Environment): boolean {
  const count = env['GIT_CONFIG_COUNT'] ?? '';
  if (!/^\d{1,4}$/.test(count)) return false;
  for (let i = 0; i < Number(count); i++)
    if (!env[`GIT_CONFIG_KEY_${i}`] || env[`GIT_CONFIG_VALUE_${i}`] === undefined) return false;
  return true;
}

/** For programs whose messages are read by us: in English. */
export const inEnglish: Environment = { LC_ALL: 'C', LANGUAGE: undefined };

/** How long a program has that was told to end, before it is killed. */
const GRACE_MS = 2000;
const DEFAULT_OUTPUT_BYTES = 16 << 20;
/** Of what a program says on standard error, its end is kept. */
const STDERR_BYTES = 64 << 10;

/** Process groups that run. Those that still do when this process ends are killed. */
const running = new Set<number>();

function killAll(): void {
  for (const pid of running) signalGroup(pid, 'SIGKILL');
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // it has ended
  }
}

export interface StartOptions {
  readonly cwd?: string | undefined;
  /** As {@link programEnvironment} makes it. */
  readonly env?: Record<string, string> | undefined;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Starts a program with pipes to its standard streams. It leads a process group and a session of its own: Ctrl-C in the
 * terminal does not reach it, and it cannot ask on the terminal.
 */
export function startProgram(program: string, args: readonly string[], options: StartOptions = {}): Child {
  const child = childProcess().spawn(program, args, {
    cwd: options.cwd,
    env: options.env ?? programEnvironment(),
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

/** Ends a program and what it has started: asks first, kills what is still there {@link GRACE_MS} later. */
export function endProgram(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined || !running.has(pid)) return;
  signalGroup(pid, 'SIGTERM');
  const timer = setTimeout(() => {
    signalGroup(pid, 'SIGKILL');
    for (const stream of child.stdio) stream?.destroy(); // who has left the group may hold them
  }, GRACE_MS);
  child.once('close', () => clearTimeout(timer));
}

export interface RunOptions extends StartOptions {
  /** What the program reads; by default nothing. */
  readonly stdin?: string | Uint8Array | undefined;
  /** Ends the program; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Of the whole run, in milliseconds; by default none. */
  readonly timeoutMs?: number | undefined;
  /** Largest standard output; by default 16 MiB. */
  readonly maxOutputBytes?: number | undefined;
}

export interface ProgramOutput {
  readonly stdout: Buffer;
  /** The end of what it wrote to standard error. */
  readonly stderr: string;
}

/** A program that is not there, or did not do what it should. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
  readonly reason: 'missing' | 'failed' | 'timeout' | 'output';
  /** Where it ended by itself. */
  readonly exitCode: number | undefined;
  readonly stdout: Buffer;
  /** As the program wrote it: it may name credentials. */
  readonly stderr: string;
  constructor(
    message: string,
    reason: ProgramError['reason'],
    details: Partial<ProgramOutput> & { readonly exitCode?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
    this.reason = reason;
    this.exitCode = details.exitCode;
    this.stdout = details.stdout ?? Buffer.alloc(0);
    this.stderr = details.stderr ?? '';
  }
}

/**
 * Runs a program to its end. Whatever the outcome, it is over when this settles, and so is what it has started where it was
 * stopped.
 *
 * @throws ProgramError `the command git is not installed`, `git ended with code 128: fatal: …`, `git did not end within
 *   120 s`, `git wrote more than 16 MiB`; the reason of `signal`
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<ProgramOutput> {
  const { signal, timeoutMs, maxOutputBytes = DEFAULT_OUTPUT_BYTES } = options;
  signal?.throwIfAborted();
  let child: Child;
  try {
    child = startProgram(program, args, options);
  } catch (error) {
    throw startError(program, options.cwd, error as Error); // a list of arguments that is too long, or a NUL in one
  }
  const stdout: Buffer[] = [];
  let stdoutBytes = 0;
  let stderr = Buffer.alloc(0);
  let stopped: unknown;
  const stop = (reason: unknown) => {
    if (stopped !== undefined) return;
    stopped = reason;
    endProgram(child);
  };
  const aborted = () => stop(signal!.reason);
  signal?.addEventListener('abort', aborted);
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(
          () => stop(new ProgramError(`${program} did not end within ${timeoutMs / 1000} s`, 'timeout')),
          timeoutMs,
        );
  try {
    child.stdin.on('error', () => {}); // who does not read says why
    child.stdin.end(options.stdin ?? '');
    child.stdout.on('data', (chunk: Buffer) => {
      stdoutBytes += chunk.length;
      if (stdoutBytes <= maxOutputBytes) stdout.push(chunk);
      else stop(new ProgramError(`${program} wrote more than ${maxOutputBytes} bytes`, 'output'));
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = Buffer.concat([stderr, chunk]).subarray(-STDERR_BYTES);
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
 * Runs a program to its end with a blocking call: for threads that do nothing else. It reads nothing, and what it writes to
 * standard output is lost.
 *
 * @throws ProgramError as {@link runProgram}
 */
export function runProgramSync(program: string, args: readonly string[], options: StartOptions = {}): void {
  const { error, status, signal, stderr } = childProcess().spawnSync(program, args, {
    cwd: options.cwd,
    env: options.env ?? programEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
    maxBuffer: DEFAULT_OUTPUT_BYTES,
    windowsHide: true,
  });
  if (error && (error as NodeJS.ErrnoException).code !== 'ENOBUFS') throw startError(program, options.cwd, error);
  if (status !== 0) throw failure(program, status, signal, Buffer.alloc(0), stderr.subarray(-STDERR_BYTES).toString());
}

/** What a program said about its failure; else what is known of it. */
export function complaintOf(error: unknown): string {
  return (error instanceof ProgramError && error.stderr.trim()) || (error as Error).message;
}

function failure(
  program: string,
  code: number | null,
  killedBy: NodeJS.Signals | null,
  stdout: Buffer,
  stderr: string,
): ProgramError {
  const said = redactCredentials(stderr.trim());
  const how = code === null ? `was ended by ${killedBy}` : `ended with code ${code}`;
  const details = { stdout, stderr, exitCode: code ?? undefined };
  return new ProgramError(`${program} ${how}${said && `: ${said}`}`, 'failed', details);
}

/** Resolves when the program has ended and all it wrote has come. */
function ended(child: Child): Promise<[code: number | null, signal: NodeJS.Signals | null]> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve([code, signal]));
    child.once('exit', () => {
      // what it leaves running, such as an agent, may hold its streams for ever
      const timer = setTimeout(() => {
        for (const stream of child.stdio) stream?.destroy();
      }, GRACE_MS);
      child.once('close', () => clearTimeout(timer));
    });
  });
}

function startError(program: string, cwd: string | undefined, error: NodeJS.ErrnoException): ProgramError {
  if (error.code === 'ENOENT' && cwd !== undefined && !existsSync(cwd))
    return new ProgramError(`${program} cannot be run in ${cwd}: there is no such folder`, 'missing', { cause: error });
  if (error.code === 'ENOENT')
    return new ProgramError(`the command ${program} is not installed`, 'missing', { cause: error });
  return new ProgramError(`the command ${program} cannot be run: ${error.message}`, 'missing', { cause: error });
}
