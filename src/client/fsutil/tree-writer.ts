/**
 * Receives trees in a thread of its own. With a hundred thousand files the time goes into making them, which is several
 * times cheaper in blocking calls; those must not run where health checks are answered.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { workerUrl } from '../../system/worker-url.ts';

/** Requests to the thread. */
export type WriterRequest =
  | { readonly kind: 'open'; readonly transfer: number; readonly dest: string }
  | { readonly kind: 'take'; readonly transfer: number; readonly messages: Uint8Array }
  | { readonly kind: 'drop'; readonly transfer: number }
  | {
      readonly kind: 'publish';
      readonly transfers: readonly number[];
      readonly dest: string;
      /** Whether `keep` deletes all else in `dest`. */
      readonly mirror: boolean;
    }
  | { readonly kind: 'keep' | 'undo' };

/** The thread's answers, in the order of the requests. */
export interface WriterAnswer {
  readonly error?: string;
  /** Framed packets for the sender. */
  readonly frames?: Uint8Array;
  /** Whether the transfer has all it wanted. */
  readonly complete?: boolean;
  /** Whether the sender has said so too. */
  readonly ended?: boolean;
}

/** A thread that writes received trees. */
export interface TreeWriter {
  /** Gives the thread a request and waits for its answer. @throws Error that the thread met */
  ask(request: WriterRequest, transferred?: readonly ArrayBuffer[]): Promise<WriterAnswer>;
  close(): Promise<void>;
}

/** Starts the thread. It keeps the process alive only as long as it has something to do. */
export function startTreeWriter(): TreeWriter {
  const worker = new Worker(workerUrl('write-worker', import.meta.url));
  worker.unref();
  const waiting: { resolve(answer: WriterAnswer): void; reject(error: Error): void }[] = [];
  let broken: Error | undefined;
  const fail = (error: Error) => {
    broken ??= error;
    for (const { reject } of waiting.splice(0)) reject(broken);
  };
  worker.on('error', (error) => fail(error as Error));
  worker.on('exit', () => fail(new Error('the thread that writes files has ended')));
  worker.on('message', (answer: WriterAnswer) => {
    const request = waiting.shift();
    if (waiting.length === 0) worker.unref();
    if (answer.error !== undefined) request?.reject(new Error(answer.error));
    else request?.resolve(answer);
  });
  return {
    ask: (request, transferred = []) =>
      new Promise((resolve, reject) => {
        if (broken) return reject(broken);
        waiting.push({ resolve, reject });
        worker.ref();
        worker.postMessage(request, transferred);
      }),
    async close() {
      if (worker.threadId === -1) return;
      const ended = once(worker, 'exit');
      void worker.terminate();
      await ended;
    },
  };
}
