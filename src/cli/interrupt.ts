/**
 * Signals that ask the process to end. Every command ends in the same way: what it was doing is given up, it cleans up,
 * says so and exits with 128 plus the number of the signal.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';

/** Ctrl-C, what `kill` and container engines send, and a closed terminal. */
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const reasons = { SIGINT: 'interrupted', SIGTERM: 'terminated', SIGHUP: 'the terminal was closed' } as const;

/** Maximum time in milliseconds for cleaning up after a second signal. A third one ends the process at once. */
const hurryMs = 3000;

/**
 * Maximum time in milliseconds at the end of the process for file operations in progress and for the last output to be
 * read.
 */
export const exitPatienceMs = 1000;
const stepMs = 10;

/**
 * Node's exit waits for V8's threads, and one of them that compiles and runs out of room waits for a garbage collection
 * by the main thread: neither ends (nodejs/node#54918). A process whose heap is as large as this many bytes first idles
 * for a moment, in which such threads end.
 */
const largeHeap = 24 << 20;
const idleMs = 40;

/** The reason of an abort by a signal. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly signal: keyof typeof exitCodes;
  readonly exitCode: number;
  constructor(signal: keyof typeof exitCodes) {
    super(reasons[signal]);
    this.signal = signal;
    this.exitCode = exitCodes[signal];
  }
}

/** The signals that ask the process to end. */
export interface Interrupts {
  /** Aborted, with an {@link Interrupted} as reason, by the first signal. */
  readonly signal: AbortSignal;
  /**
   * For who notices that the terminal was closed: that shows in its streams before the signal comes, which is the same
   * then.
   */
  hangUp(): void;
}

/** Listens to signals, which end the process no more by themselves. */
export function listenToSignals(): Interrupts {
  const abort = new AbortController();
  let hurry: NodeJS.Timeout | undefined;
  let hungUp = false;
  const stop = (name: keyof typeof exitCodes) => {
    const leave = () => void endProcess(exitCodes[name], abort.signal);
    if (hurry) return leave();
    if (abort.signal.aborted) {
      hurry = setTimeout(leave, hurryMs);
      return;
    }
    abort.abort(new Interrupted(name));
    process.stdin.destroy(); // whoever reads it waits for an end that may never come
  };
  for (const name of Object.keys(exitCodes) as (keyof typeof exitCodes)[])
    process.on(name, () => {
      if (name !== 'SIGHUP' || !hungUp) stop(name);
      hungUp = false;
    });
  return {
    signal: abort.signal,
    hangUp() {
      if (abort.signal.aborted) return;
      hungUp = true;
      stop('SIGHUP');
    },
  };
}

/**
 * Ends the process. Node's exit waits for file operations in progress, and opening a named pipe without a writer never
 * returns: if a signal has ended the command, the process then kills itself with that signal, which shells show as the
 * same exit code.
 */
export async function endProcess(code: number, { reason }: AbortSignal): Promise<never> {
  const busy = () => process.getActiveResourcesInfo().some((resource) => resource.startsWith('FSReq'));
  if (reason instanceof Interrupted && code !== 0) {
    for (let waited = 0; busy() && waited < exitPatienceMs; waited += stepMs) await sleep(stepMs); // most end at once
    if (busy()) {
      process.removeAllListeners(reason.signal);
      process.kill(process.pid, reason.signal);
    }
  }
  if (getHeapStatistics().used_heap_size > largeHeap) await sleep(idleMs);
  process.exit(code);
}

/** The exit code of a command that a signal has ended; 1 where something else has aborted it. */
export function interruptedCode({ reason }: AbortSignal): number {
  return reason instanceof Interrupted ? reason.exitCode : 1;
}

/**
 * Returns the result of the work, or rejects with the signal's reason as soon as it is aborted. The work then
 * continues, and its result is ignored.
 */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
    work.catch(() => {});
  }
}
