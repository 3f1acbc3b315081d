/**
 * Node's engine for build programs: quickjs-ng in WebAssembly, in a thread (program-worker.ts), so that a program that
 * never ends blocks nothing and can be stopped. The program sees nothing of Node.
 */
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import type { ProgramEngine } from './host.ts';
import type { CompiledEngine } from './program-snapshot.ts';
import type { WorkerAnswer, WorkerRequest } from './program-worker.ts';

/** Bytes of the thread's stack. The engine's own limit must be reached first; one byte of it takes several of these. */
const stackSizeMb = 32;

/** What the engine consists of, as scripts/bundles.mjs makes it. */
function builtDir(): URL {
  const here = import.meta.url;
  if (here.endsWith('.ts')) return new URL('../../dist/program/', here);
  return new URL(/\/chunks\/[^/]*$/.test(here) ? '../program/' : './program/', here);
}

/** Node's types know nothing of WebAssembly. */
export const { WebAssembly: webAssembly } = globalThis as unknown as {
  WebAssembly: { compile(bytes: Uint8Array): Promise<CompiledEngine> };
};

interface Turn {
  resolve(): void;
  reject(error: Error): void;
}

/** Milliseconds that a program may run, all messages together: some functions of the language take no steps. */
const maxRunMs = 120_000;

/**
 * Opens an engine.
 * @param directory has the files of dist/program
 * @param runMs replaces the limit of time
 */
export function startProgramEngine(
  listener: (message: string) => void,
  dir: URL = builtDir(),
  runMs = maxRunMs,
): ProgramEngine {
  return new EngineThread(listener, dir, runMs);
}

class EngineThread implements ProgramEngine {
  private readonly listener: (message: string) => void;
  private readonly worker: Worker;
  /** Resolves when the thread has what it consists of. */
  private readonly started: Promise<void>;
  /** The messages without an answer. */
  private readonly turns: Turn[] = [];
  private failure: Error | undefined;
  private readonly runMs: number;
  /** What is left of that. */
  private msLeft: number;
  /** When it began to run. */
  private began = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(listener: (message: string) => void, dir: URL, runMs: number) {
    this.listener = listener;
    this.runMs = runMs;
    this.msLeft = runMs;
    this.worker = new Worker(new URL('worker.js', dir), {
      env: {},
      execArgv: [],
      resourceLimits: { stackSizeMb },
      workerData: new URL('llb.js', dir).href,
    });
    this.worker.on('message', (answer: WorkerAnswer) => this.settle(answer));
    this.worker.on('error', (error: Error) =>
      this.fail(new Error(`the engine of the build program failed: ${error.message}`, { cause: error })),
    );
    this.worker.on('exit', () => this.fail(new Error('the engine of the build program ended')));
    this.worker.unref(); // an engine that nobody waits for keeps no process alive
    this.started = this.load(dir);
  }

  define(name: string, source: string): void {
    void this.started.then(() => this.post({ kind: 'define', name, source }));
  }

  send(message: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.failure) return reject(this.failure);
      if (this.turns.length === 0) this.run();
      this.turns.push({ resolve, reject });
      void this.started.then(() => this.post({ kind: 'send', message }));
    });
  }

  close(): void {
    this.fail(new Error('the engine of the build program was closed'));
  }

  private load(dir: URL): Promise<void> {
    return Promise.all([
      readFile(new URL('quickjs.wasm', dir)).then((bytes) => webAssembly.compile(bytes)),
      readFile(new URL('snapshot', dir)),
    ]).then(
      ([engine, snapshot]) => this.post({ kind: 'start', engine, snapshot }),
      (error: Error) => this.fail(new Error(`the engine of the build program cannot be loaded: ${error.message}`)),
    );
  }

  private post(request: WorkerRequest): void {
    this.worker.postMessage(request);
  }

  /** Gives a turn its answer. */
  private settle({ messages, error }: WorkerAnswer): void {
    const turn = this.turns.shift();
    if (!turn) return; // closed
    if (this.turns.length === 0) this.rest();
    try {
      for (const message of messages) this.listener(message);
    } catch (thrown) {
      turn.reject(thrown as Error);
      return;
    }
    if (error === undefined) turn.resolve();
    else turn.reject(Object.assign(new Error(error.message), error));
  }

  /** Ends the thread. All turns fail, and those that come. */
  private fail(error: Error): void {
    this.failure ??= error;
    clearTimeout(this.timer);
    void this.worker.terminate();
    for (const turn of this.turns.splice(0)) turn.reject(this.failure);
  }

  /** The program runs from now on: its time passes, and the process waits for it. */
  private run(): void {
    this.worker.ref();
    this.began = performance.now();
    const seconds = this.runMs / 1000;
    const late = () =>
      this.fail(
        new Error(
          `the build program takes too long: it may take ${seconds} s. Look for work on very large texts or lists.`,
        ),
      );
    this.timer = setTimeout(late, this.msLeft).unref();
  }

  /** The program waits for a message. */
  private rest(): void {
    this.worker.unref();
    clearTimeout(this.timer);
    this.msLeft -= performance.now() - this.began;
  }
}
