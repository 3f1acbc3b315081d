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
  const worker = new Worker(new URL('worker.js', dir), {
    env: {},
    execArgv: [],
    resourceLimits: { stackSizeMb },
    workerData: new URL('llb.js', dir).href,
  });
  const turns: Turn[] = [];
  let failure: Error | undefined;
  let msLeft = runMs;
  /** When it began to run. */
  let began = 0;
  let timer: NodeJS.Timeout | undefined;

  const fail = (error: Error) => {
    failure ??= error;
    clearTimeout(timer);
    void worker.terminate();
    for (const turn of turns.splice(0)) turn.reject(failure);
  };
  const run = () => {
    worker.ref();
    began = performance.now();
    const late = () =>
      fail(
        new Error(
          `the build program takes too long: it may take ${runMs / 1000} s. Look for work on very large texts or lists.`,
        ),
      );
    timer = setTimeout(late, msLeft).unref();
  };
  const rest = () => {
    worker.unref();
    clearTimeout(timer);
    msLeft -= performance.now() - began;
  };
  const post = (request: WorkerRequest) => worker.postMessage(request);

  worker.on('message', (answer: WorkerAnswer) => {
    const turn = turns.shift();
    if (!turn) return; // closed
    if (turns.length === 0) rest();
    try {
      for (const message of answer.messages) listener(message);
    } catch (error) {
      turn.reject(error as Error);
      return;
    }
    if (answer.error === undefined) turn.resolve();
    else turn.reject(Object.assign(new Error(answer.error.message), answer.error));
  });
  worker.on('error', (error: Error) =>
    fail(new Error(`the engine of the build program failed: ${error.message}`, { cause: error })),
  );
  worker.on('exit', () => fail(new Error('the engine of the build program ended')));

  worker.unref(); // an engine that nobody waits for keeps no process alive

  const started = Promise.all([
    readFile(new URL('quickjs.wasm', dir)).then((bytes) => webAssembly.compile(bytes)),
    readFile(new URL('snapshot', dir)),
  ]).then(
    ([engine, snapshot]) => post({ kind: 'start', engine, snapshot }),
    (error: Error) => fail(new Error(`the engine of the build program cannot be loaded: ${error.message}`)),
  );

  return {
    define: (name, source) => void started.then(() => post({ kind: 'define', name, source })),
    send: (message) =>
      new Promise((resolve, reject) => {
        if (failure) return reject(failure);
        if (turns.length === 0) run();
        turns.push({ resolve, reject });
        void started.then(() => post({ kind: 'send', message }));
      }),
    close: () => fail(new Error('the engine of the build program was closed')),
  };
}
