/**
 * Reads small files in a thread of its own. With tens of thousands of them the time goes into opening and closing,
 * which is several times cheaper in blocking calls; those must not run where health checks are answered.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { workerUrl } from '../../system/worker-url.ts';

/** The daemon's request for the contents of a listed file. */
export interface FileRequest {
  readonly id: number;
  readonly path: string;
  /** The path in the list. */
  readonly size: number;
}

/** Files up to that size are small. */
export const smallFileBytes = 64 << 10;

/** Start parameters of the thread. */
export interface ReaderSettings {
  readonly base: string;
}

/** The thread's answers: framed packets, then the end of the batch. */
export type ReaderAnswer = { readonly frames: Uint8Array } | { readonly done: true; readonly error?: string };

/** A thread that reads small files in batches. */
export interface SmallFileReader {
  /**
   * Reads files; their framed data packets go to `write`, in order. Resolves when all of them were written.
   * @throws Error if one of them vanished or changed
   */
  read(files: readonly FileRequest[], write: (frames: Uint8Array) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** Starts the thread; it does not keep the process alive. */
export function startSmallFileReader(base: string): SmallFileReader {
  const settings: ReaderSettings = { base };
  const worker = new Worker(workerUrl('read-worker', import.meta.url), { workerData: settings });
  worker.unref();
  // Batches are answered in the order in which they were asked for.
  const batches: { write(frames: Uint8Array): Promise<void>; written: Promise<void>; end(error?: Error): void }[] = [];
  const fail = (error: Error) => {
    for (const { end } of batches.splice(0)) end(error);
  };
  worker.on('error', (error) => fail(error as Error));
  worker.on('exit', () => fail(new Error('the thread that reads files has ended')));
  worker.on('message', (answer: ReaderAnswer) => {
    const batch = batches[0];
    if (!batch) return;
    if ('frames' in answer) {
      batch.written = batch.write(answer.frames);
      batch.written.catch(() => {});
      return;
    }
    batches.shift();
    if (answer.error !== undefined) batch.end(new Error(answer.error));
    else batch.written.then(() => batch.end(), batch.end);
  });
  return {
    read: (files, write) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error) => (error ? reject(error) : resolve());
        batches.push({ write, written: Promise.resolve(), end });
        worker.postMessage(files);
      }),
    async close() {
      if (worker.threadId === -1) return;
      const ended = once(worker, 'exit');
      void worker.terminate();
      await ended;
    },
  };
}
