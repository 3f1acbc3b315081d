/**
 * Makes the record of a build in a thread of its own, while a daemon builds. The thread gives way to everything else
 * (where a thread can have a priority, on Linux), since a record must not slow the build that it is about.
 */
import { Worker } from 'node:worker_threads';
import { workerUrl } from '../system/worker-url.ts';
import type { RecordedBuild } from './build-record.ts';

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

/** What the thread is given. */
export interface RecordTask {
  /** Graphs in protobuf, by platform. */
  readonly definitions: readonly (readonly [string, Uint8Array])[];
  readonly opts: Readonly<Record<string, string>>;
  readonly dirs: ReadonlyMap<string, string>;
  readonly maxBytes: number | undefined;
  readonly key: string | undefined;
  readonly digestDir: string | undefined;
}

/** What the thread answers. */
export type RecordAnswer = { readonly record: string } | { readonly error: string };

/**
 * Starts the thread. It does not keep the process alive.
 *
 * @param options as of `makeRecord`
 */
export function startRecording(
  { compiled, opened }: RecordedBuild,
  { key, maxBytes, digestDir }: Pick<RecordTask, 'key' | 'maxBytes' | 'digestDir'>,
): Recording {
  const task: RecordTask = {
    definitions: [...compiled.definitions].map(([platform, definition]) => [platform, definition.encode()]),
    opts: opened.opts,
    dirs: opened.dirs,
    maxBytes,
    key,
    digestDir,
  };
  const worker = new Worker(workerUrl('record-worker', import.meta.url), { workerData: task });
  worker.unref();
  const answer = new Promise<RecordAnswer>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the thread that makes the record has ended')));
  });
  answer.catch(() => {});
  return {
    async wait(ms) {
      worker.ref();
      const late = ms === undefined ? undefined : timer(ms);
      try {
        const found = await Promise.race(late ? [answer, late.value] : [answer]);
        if (found && 'error' in found) throw new Error(found.error);
        return found?.record;
      } finally {
        late?.cancel();
        worker.unref();
      }
    },
    stop: () => void worker.terminate(),
  };
}

function timer(ms: number): { readonly value: Promise<undefined>; cancel(): void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timeout = setTimeout(resolve, ms, undefined);
  return { value: promise, cancel: () => clearTimeout(timeout) };
}
