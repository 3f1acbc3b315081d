/**
 * Makes the memory that Node's engine for build programs begins with: that of quickjs-ng in which the module
 * `tsfront/build` has run. scripts/build.mjs does this, because loading it is faster than running the module.
 */
import { EvalFlags, Intrinsics, type JSValueHandle, QuickJS, type QuickJSOptions } from 'quickjs-wasi';

/** The language, without WeakRef and FinalizationRegistry, which show when garbage is collected. */
const language = ['DATE', 'EVAL', 'REGEXP', 'JSON', 'PROXY', 'MAP_SET', 'TYPED_ARRAYS', 'PROMISE', 'BIG_INT'] as const;

/** Bytes before garbage in cycles is collected for the first time. */
const firstCollection = 24 << 20;

/**
 * What the thread uses inside of the engine, whatever a program does to the language:
 * - `note` and `take` keep the rejections that nobody handles
 * - `listener` is set by `program.listen`
 * - an error that says that memory ran out tells so whoever reads it, because a program may go on without what it asked
 *   for
 */
const prelude = `(noteEmpty) => {
  const rejected = new Map();
  Object.defineProperty(InternalError.prototype, 'name', {
    configurable: true,
    get() {
      if (this.message === 'out of memory') noteEmpty();
      return 'InternalError';
    },
  });
  return {
    ReferenceError,
    TypeError,
    listener: undefined,
    note(promise, reason, isHandled) {
      if (isHandled) rejected.delete(promise);
      else rejected.set(promise, reason);
    },
    take() {
      for (const [, reason] of rejected) {
        rejected.clear();
        throw reason;
      }
    },
  };
}`;

/** The global variable with what {@link prelude} returns, which the thread takes away before the program. */
export const insideName = 'inside';

/** The engine gets neither time nor randomness, and its output is discarded. */
export const wasi = () => ({ clock_time_get: () => 0, random_get: () => 0, fd_write: () => 0 });

/** The engine as WebAssembly compiles it. */
export type CompiledEngine = NonNullable<QuickJSOptions['wasm']>;

/** Saves the memory that `tsfront/build` leaves when it has run. @param library the code of `tsfront/build` */
export async function makeSnapshot(engine: CompiledEngine, library: string): Promise<Uint8Array> {
  const vm = await QuickJS.create({
    wasm: engine,
    wasi,
    timezoneOffset: 0,
    intrinsics: language.reduce((bits, part) => bits | Intrinsics[part], 0),
    moduleLoader: { load: () => library },
  });
  vm.gcThreshold = firstCollection;
  const nothing = () => vm.undefined;
  const inside = vm.callFunction(vm.evalCode(prelude, 'start'), vm.undefined, vm.newFunction('noteEmpty', nothing));
  vm.global.setProp(insideName, inside);
  const program = vm.newObject();
  program.setProp('send', vm.newFunction('send', nothing));
  const listen = vm.newFunction('listen', (listener: JSValueHandle) => {
    inside.setProp('listener', listener);
    return vm.undefined;
  });
  program.setProp('listen', listen);
  vm.global.setProp('program', program);
  const done = vm.evalCode("import 'tsfront/build';", 'start', EvalFlags.TYPE_MODULE);
  vm.executePendingJobs();
  const result = await vm.resolvePromise(done);
  if ('error' in result) throw new Error(`tsfront/build: ${result.error.toString()}`);
  for (const handle of [result.value, done, program, inside]) handle.dispose();
  vm.runGC();
  return QuickJS.serializeSnapshot(vm.snapshot());
}
