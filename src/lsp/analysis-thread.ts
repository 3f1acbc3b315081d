/** Asks the thread that analyses documents. It is started by the first question, and again after it has failed. */
import { Worker } from 'node:worker_threads';
import { workerUrl } from '../system/worker-url.ts';
import type { AnalysisRequest, AnalysisResult, InstructionOp } from './analysis.ts';

/** A line of a version of a document. */
interface LineOf {
  readonly uri: string;
  readonly version: number;
  /** From 1. */
  readonly line: number;
}

/** The questions, with their parameters and results. */
interface Questions {
  analyse: { params: AnalysisRequest; result: AnalysisResult };
  /** The ops of the instruction that begins on a line of the version that was analysed last. */
  ops: { params: LineOf; result: readonly InstructionOp[] };
  /** What that instruction takes of the context; undefined if it is not known. */
  amount: { params: LineOf; result: { readonly files: number; readonly bytes: number } | undefined };
  /** The page of `tsfront graph`. */
  graphPage: { params: AnalysisRequest; result: string };
  /** The formatted text of a Dockerfile. */
  format: { params: string; result: string };
}

/** What answers the questions. */
export type Methods = {
  [Name in keyof Questions]: (
    params: Questions[Name]['params'],
    signal: AbortSignal,
  ) => Promise<Questions[Name]['result']>;
};

/** A message to the thread. */
export type ThreadQuestion =
  | { readonly id: number; readonly method: keyof Questions; readonly params: unknown }
  | { readonly cancel: number }
  | { readonly forget: string };

/** A message from the thread. */
export type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string };

/** The thread. */
export interface AnalysisThread {
  /**
   * Asks a question.
   * @throws Error if the thread fails or takes too long; the reason of the signal
   */
  ask<Name extends keyof Questions>(
    method: Name,
    params: Questions[Name]['params'],
    signal?: AbortSignal,
  ): Promise<Questions[Name]['result']>;
  /** Frees what is kept of a document. */
  forget(uri: string): void;
}

/** Milliseconds after which a thread that does not answer is ended. */
const patienceMs = 120_000;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** Makes the thread's end in the server. */
export function createAnalysisThread(): AnalysisThread {
  let worker: Worker | undefined;
  let lastId = 0;
  const waiting = new Map<number, Waiting>();

  /** Ends a thread that has failed. The next question starts another. */
  function give(up: Worker, error: Error): void {
    if (worker !== up) return;
    worker = undefined;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    void up.terminate();
  }

  function start(): Worker {
    const started = new Worker(workerUrl('analysis-worker', import.meta.url));
    started.unref();
    started.on('message', (answer: Answer) => {
      const asked = waiting.get(answer.id);
      waiting.delete(answer.id);
      if ('error' in answer) asked?.reject(new Error(answer.error));
      else asked?.resolve(answer.result);
    });
    started.on('error', (error: Error) => give(started, error));
    started.on('exit', () => give(started, new Error('the thread of the analysis has ended')));
    return started;
  }

  return {
    forget: (uri) => worker?.postMessage({ forget: uri } satisfies ThreadQuestion),
    ask(method, params, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const to = (worker ??= start());
        const id = ++lastId;
        const timer = setTimeout(() => give(to, new Error('the analysis took too long')), patienceMs);
        timer.unref();
        const cancel = () => {
          to.postMessage({ cancel: id } satisfies ThreadQuestion);
          done(() => reject(signal!.reason as Error));
        };
        const done = (settle: () => void) => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', cancel);
          settle();
        };
        // A question that was given up is waited for, too: a thread that never answers is ended.
        waiting.set(id, {
          resolve: (result) => done(() => resolve(result as never)),
          reject: (error) => done(() => reject(error)),
        });
        signal?.addEventListener('abort', cancel, { once: true });
        to.postMessage({ id, method, params } satisfies ThreadQuestion);
      });
    },
  };
}
