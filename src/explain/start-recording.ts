/**
 * Makes the record of a build while a daemon builds. That of a large build is made in a thread of its own, which gives
 * way to everything else (where a thread can have a priority, on Linux), since a record must not slow the build that it
 * is about. That of a small build takes less time than a thread takes to start, so it is made in this one.
 */
import { setTimeout as after } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { TooManyFiles } from '../context/context-tree.ts';
import { workerUrl } from '../system/worker-url.ts';
import { makeRecord, type RecordedBuild } from './make-record.ts';
import { TooManyBytes } from './taken-trees.ts';

/** A record that is being made. */
export interface Recording {
  /**
   * The record, as JSON. Undefined if it is not ready in that time.
   *
   * @param ms in milliseconds; no limit if absent
   * @throws Error if a directory or file cannot be read, or there are too many bytes
   */
  wait(ms?: number): Promise<string | undefined>;
  /** Ends the work. */
  stop(): void;
}

/** What a record is made with. */
interface RecordingOptions {
  /** Maximum size of the files that the build takes; no limit if absent. */
  readonly maxBytes: number | undefined;
  /** As of `recordBuild`. */
  readonly key: string | undefined;
  /** As of `makeRecord`. */
  readonly digestDir: string | undefined;
}

/** What the thread is given. */
export interface RecordTask extends RecordingOptions {
  /** Graphs in protobuf, by platform. */
  readonly definitions: readonly (readonly [string, Uint8Array])[];
  readonly opts: Readonly<Record<string, string>>;
  readonly dirs: ReadonlyMap<string, string>;
}

/** What the thread answers. */
export type RecordAnswer = { readonly record: string } | { readonly error: string };

/** The largest build whose record is made in this thread. */
const small = { ops: 500, files: 1000, bytes: 8 << 20 };
/** When this thread begins, in milliseconds: the daemon gets the build first. */
const delayMs = 10;

/** Starts to make the record of a build. */
export function startRecording(build: RecordedBuild, options: RecordingOptions): Recording {
  const stopped = new AbortController();
  const thread = new RecordThread();
  const answer = isSmall(build)
    ? recordHere(build, options, stopped.signal).then((record) => record ?? thread.run(build, options, stopped.signal))
    : thread.run(build, options, stopped.signal);
  answer.catch(() => {});
  return {
    async wait(ms) {
      thread.keepsAlive(true);
      const late = ms === undefined ? undefined : timer(ms);
      try {
        return await Promise.race(late ? [answer, late.value] : [answer]);
      } finally {
        late?.cancel();
        thread.keepsAlive(false);
      }
    },
    stop() {
      stopped.abort();
      thread.stop();
    },
  };
}

function isSmall({ compiled }: RecordedBuild): boolean {
  let ops = 0;
  for (const definition of compiled.definitions.values()) ops += definition.def.length;
  return ops <= small.ops;
}

/** @returns undefined if there are too many files */
async function recordHere(
  build: RecordedBuild,
  { maxBytes = small.bytes, ...options }: RecordingOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  await after(delayMs, undefined, { signal });
  try {
    const limits = { maxBytes: Math.min(maxBytes, small.bytes), maxNodes: small.files };
    return JSON.stringify(await makeRecord(build, { ...options, ...limits, signal }));
  } catch (error) {
    if (error instanceof TooManyFiles || error instanceof TooManyBytes) return undefined;
    throw error;
  }
}

/** The thread, which keeps the process alive only while it is waited for. */
class RecordThread {
  private worker: Worker | undefined;
  private isAwaited = false;

  async run({ compiled, opened }: RecordedBuild, options: RecordingOptions, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const task: RecordTask = {
      ...options,
      definitions: [...compiled.definitions].map(([platform, definition]) => [platform, definition.encode()]),
      opts: opened.opts,
      dirs: opened.dirs,
    };
    const worker = new Worker(workerUrl('record-worker', import.meta.url), { workerData: task });
    this.worker = worker;
    this.keepsAlive(this.isAwaited);
    const answer = await new Promise<RecordAnswer>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('the thread that makes the record has ended')));
    });
    if ('error' in answer) throw new Error(answer.error);
    return answer.record;
  }

  keepsAlive(isAwaited: boolean): void {
    this.isAwaited = isAwaited;
    if (isAwaited) this.worker?.ref();
    else this.worker?.unref();
  }

  stop(): void {
    void this.worker?.terminate();
  }
}

function timer(ms: number): { readonly value: Promise<undefined>; cancel(): void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timeout = setTimeout(resolve, ms, undefined);
  return { value: promise, cancel: () => clearTimeout(timeout) };
}
