/**
 * The thread of program-engine.ts. Like program.c of the small engine, it runs a build program and lets text in and
 * out.
 */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { JSException, type JSValueHandle, QuickJS } from 'quickjs-wasi';
import { type CompiledEngine, insideName, wasi } from './program-snapshot.ts';

/** `start` comes first, once. Each `send` has an answer. */
export type WorkerRequest =
  | { readonly kind: 'start'; readonly engine: CompiledEngine; readonly snapshot: Uint8Array }
  | { readonly kind: 'define'; readonly name: string; readonly source: string }
  | { readonly kind: 'send'; readonly message: string };

/** What a message led to. */
export interface WorkerAnswer {
  /** What the program has sent meanwhile. */
  readonly messages: readonly string[];
  readonly error?: ThrownError | undefined;
}

interface ThrownError {
  readonly message: string;
  /** The engine's own. */
  readonly stack?: string;
}

/** Steps of all messages together. The engine asks once in so many of them whether it may go on. */
const maxSteps = 1_000_000_000;
const stepsAtATime = 10_000;
/** A reaction of a promise counts as this many steps. */
const stepsOfJob = 1000;

/** Memory that a program may use. */
const maxMemoryBytes = 448 << 20;

/** Stack that a program may use: the most that this engine allows. */
const maxStackBytes = 512 << 10;

interface Module {
  readonly source: () => string;
  /** The turn in which it was loaded. */
  loadedIn?: number;
  isBroken?: boolean;
}

const modules = new Map<string, Module>();
modules.set('tsfront/build', {
  source() {
    throw thrown('ReferenceError', 'module tsfront/build is imported without attributes'); // it is there already
  },
});
modules.set('tsfront/llb', { source: () => readFileSync(new URL(workerData as string), 'utf8') });

let vm: QuickJS;
/** What the snapshot has for this thread (program-snapshot.ts). */
let inside: JSValueHandle;
/** Counts what the engine was told to do. */
let turn = 0;
let steps = 0;
let isOutOfMemory = false;
let messages: string[] = [];
let sizeOfMessages = 0;
let rejections: (readonly [promise: JSValueHandle, reason: JSValueHandle, isHandled: JSValueHandle])[] = [];

const port = parentPort!;
let last: Promise<unknown> = Promise.resolve();
port.on('message', (request: WorkerRequest) => {
  last = last.then(() => act(request)); // what it throws ends the thread
});

async function act(request: WorkerRequest): Promise<void> {
  if (request.kind === 'start') await start(request.engine, request.snapshot);
  else if (request.kind === 'define') modules.set(request.name, { source: () => request.source });
  else port.postMessage(send(request.message));
}

async function start(engine: CompiledEngine, snapshot: Uint8Array): Promise<void> {
  vm = await QuickJS.restore(QuickJS.deserializeSnapshot(snapshot), {
    wasm: engine,
    wasi,
    timezoneOffset: 0,
    memoryLimit: maxMemoryBytes,
    maxStackSize: maxStackBytes,
    interruptHandler() {
      if (!isStopped()) steps += stepsAtATime;
      return isStopped();
    },
    moduleLoader: { normalize: checkImport, load },
    onUnhandledRejection(promise: JSValueHandle, reason: JSValueHandle, isHandled: boolean) {
      rejections.push([promise.dup(), reason.dup(), isHandled ? vm.true : vm.false]);
    },
  });
  for (const [name, act] of Object.entries({ send: takeMessage, listen: takeListener, noteEmpty }))
    vm.registerHostCallback(name, (...values: JSValueHandle[]) => {
      act(values[0]);
      return vm.undefined;
    });
  inside = vm.global.getProp(insideName);
  vm.evalCode(`delete globalThis.${insideName}`).dispose();
}

function send(message: string): WorkerAnswer {
  const error = isStopped()
    ? undefined
    : run(() => {
        const listener = inside.getProp('listener');
        if (listener.isUndefined) throw thrown('TypeError', 'no build program listens');
        const text = vm.newString(message);
        try {
          return vm.callFunction(listener, vm.undefined, text);
        } finally {
          listener.dispose();
          text.dispose();
        }
      });
  // What it has sent before memory ran out may be unfinished.
  const answer = {
    messages: isOutOfMemory ? [] : messages,
    error: isStopped() ? { ...error, message: whyStopped() } : error,
  };
  messages = [];
  sizeOfMessages = 0;
  return answer;
}

/** Runs something in the engine, and all that promises then have to run. Returns the first thing that was thrown. */
function run(begin: () => JSValueHandle): ThrownError | undefined {
  turn++;
  let error: ThrownError | undefined;
  const attempt = (act: () => JSValueHandle | undefined) => {
    try {
      act()?.dispose();
      return true;
    } catch (exception) {
      if (!(exception instanceof JSException)) throw exception;
      error ??= errorOf(exception.handle);
      exception.dispose();
      return false;
    }
  };
  attempt(begin);
  while (!isStopped() && !attempt(runJobs));
  for (const rejection of rejections) attempt(() => call('note', ...rejection));
  for (const value of rejections.flat()) value.dispose();
  rejections = [];
  attempt(() => call('take'));
  return error;
}

/** What quickjs-wasi runs jobs with. Its own loop asks nobody whether it may go on. */
interface Jobs {
  readonly exports: { qjs_is_job_pending(): number; qjs_execute_pending_job(): number };
  throwPendingException(): never;
}

/** Runs what promises have to run, up to the first one that throws. */
function runJobs(): undefined {
  const jobs = vm as unknown as Jobs;
  while (!isStopped() && jobs.exports.qjs_is_job_pending()) {
    steps += stepsOfJob;
    if (jobs.exports.qjs_execute_pending_job() < 0) jobs.throwPendingException();
  }
}

/** Calls a function of {@link inside}. */
function call(name: 'note' | 'take', ...values: readonly JSValueHandle[]): JSValueHandle {
  return inside.getProp(name).consume((it) => vm.callFunction(it, inside, ...values));
}

/** What the engine gives for a value that has no text. */
const noText = '<null>';

function errorOf(exception: JSValueHandle): ThrownError {
  const text = exception.isSymbol ? noText : exception.toString();
  const message =
    text === noText && !exception.isString ? 'the build program threw a value that is not an Error' : text;
  if (!exception.isError) return { message };
  return exception
    .getProp('stack')
    .consume((stack) => (stack.isString ? { message, stack: stack.toString() } : { message }));
}

/** An exception for the program. */
function thrown(kind: 'ReferenceError' | 'TypeError', message: string): JSException {
  const [error, text] = [inside.getProp(kind), vm.newString(message)];
  return new JSException(vm.construct(error, text));
}

const isStopped = () => isOutOfMemory || steps >= maxSteps;

const whyStopped = () =>
  isOutOfMemory
    ? `the build program needs more than the ${maxMemoryBytes / 2 ** 20} MiB of memory that it may use. Look for a list or a text that grows without end.`
    : `the build program takes too many steps: it may take ${maxSteps.toLocaleString('en')}. Look for a loop, or a chain of promises, that does not end.`;

function takeMessage(given?: JSValueHandle): void {
  if (!given?.isString) throw thrown('TypeError', 'a message is a string');
  const message = isStopped() ? '' : given.toString();
  sizeOfMessages += message.length;
  if (sizeOfMessages > maxMemoryBytes) isOutOfMemory = true;
  if (isStopped()) throw thrown('TypeError', whyStopped());
  messages.push(message);
}

function takeListener(given?: JSValueHandle): void {
  inside.setProp('listener', given ?? vm.undefined);
}

function noteEmpty(): void {
  isOutOfMemory = true;
}

/** A module is named as imports write it, so names need not be resolved. */
function checkImport(base: string, name: string): string {
  const module = modules.get(name);
  if (module && !module.isBroken) return name;
  // The engine frees a module whose imports cannot be loaded, and leaves others that refer to it. So none that was
  // loaded in the same turn is used.
  for (const it of modules.values()) if (it.loadedIn === turn) it.isBroken = true;
  if (module) throw thrown('ReferenceError', `module ${name} failed to load before`);
  const how = name.startsWith('.') ? ' by a computed name' : '';
  throw thrown('ReferenceError', `cannot find module ${name}, which ${base} imports${how}`);
}

function load(name: string): string {
  const module = modules.get(name)!;
  module.loadedIn = turn;
  return module.source();
}
