/**
 * Reads small files in a thread of its own. With tens of thousands of them the time goes into opening and closing, which
 * is several times cheaper in blocking calls; those must not run where health checks are answered.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** What the daemon wants to have of a file that was listed. */
export interface FileRequest {
  readonly id: number;
  readonly path: string;
  /** As it was listed. */
  readonly size: number;
}

/** Files up to that size are small. */
export const SMALL_FILE_BYTES = 64 << 10;

/** What the thread is told when it starts. */
export interface ReaderSettings {
  readonly base: string;
  readonly strict: boolean;
}

/** What the thread answers: framed packets, then the end of the batch. */
export type ReaderAnswer = { readonly frames: Uint8Array } | { readonly done: true; readonly error?: string };

export interface SmallFileReader {
  /** The framed data packets of the files. @throws Error when one of them vanished or changed */
  read(files: readonly FileRequest[]): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** Starts the thread; it does not keep the process alive. */
export function startSmallFileReader(base: string, strict: boolean): SmallFileReader {
  const settings: ReaderSettings = { base, strict };
  const worker = new Worker(workerUrl(), { workerData: settings });
  worker.unref();
  let failure: Error | undefined;
  worker.on('error', (error) => {
    failure = error as Error;
  });
  return {
    async *read(files) {
      worker.postMessage(files);
      const answers: ReaderAnswer[] = [];
      let wake = () => {};
      const take = (answer: ReaderAnswer) => {
        answers.push(answer);
        wake();
      };
      const fail = () => wake();
      worker.on('message', take).on('error', fail).on('exit', fail);
      try {
        for (;;) {
          const answer = answers.shift();
          if (answer && 'frames' in answer) yield answer.frames;
          else if (answer) {
            if (answer.error !== undefined) throw new Error(answer.error);
            return;
          } else {
            if (failure) throw failure;
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      } finally {
        worker.off('message', take).off('error', fail).off('exit', fail);
      }
    },
    async close() {
      if (worker.threadId === -1) return;
      const ended = once(worker, 'exit');
      void worker.terminate();
      await ended;
    },
  };
}

/** Beside this file in the source; in the package it is an entry of its own. */
function workerUrl(): URL {
  const here = import.meta.url;
  if (here.endsWith('.ts')) return new URL('./read-worker.ts', here);
  return new URL(/\/chunks\/[^/]*$/.test(here) ? '../read-worker.js' : './read-worker.js', here);
}
