/** Events of the engine's process: who wants which, and timers, of which the host has only one. */
import type { NativeEvent } from './host.d.ts';

type Listener = (value: unknown) => void;

const listeners = new Map<NativeEvent, Listener>();
const timers = new Map<number, { at: number; readonly act: () => void; readonly everyMs: number | undefined }>();
let lastTimer = 0;
let wantsInput = false;
let wantsOutput = false;

/** Calls `listener` for each event of a kind; the last one counts. */
export function on(event: Exclude<NativeEvent, 'timer'>, listener: Listener): void {
  listeners.set(event, listener);
}

/** Says whether there is room for input, and whether there is output to write. */
export function want(input: boolean, output: boolean): void {
  wantsInput = input;
  wantsOutput = output;
  wait();
}

function wait(): void {
  let first = Number.POSITIVE_INFINITY;
  for (const { at } of timers.values()) if (at < first) first = at;
  native.wait(wantsInput, wantsOutput, timers.size > 0 ? Math.max(0, first - native.now()) : -1);
}

function addTimer(act: () => void, ms: number, everyMs?: number): number {
  timers.set(++lastTimer, { at: native.now() + ms, act, everyMs });
  wait();
  return lastTimer;
}

function removeTimer(id: number | undefined): void {
  if (id !== undefined && timers.delete(id)) wait();
}

function runTimers(): void {
  const now = native.now();
  const inOrder = [...timers].sort(([, one], [, other]) => one.at - other.at);
  for (const [id, timer] of inOrder) {
    if (timer.at > now || !timers.has(id)) continue; // another one has removed it
    if (timer.everyMs === undefined) timers.delete(id);
    else timer.at = now + timer.everyMs;
    timer.act();
  }
}

/** What the core expects of every host, beyond the language. */
const globals = {
  setTimeout: (act: () => void, ms = 0) => addTimer(act, ms),
  setInterval: (act: () => void, ms = 0) => addTimer(act, ms, ms),
  clearTimeout: removeTimer,
  clearInterval: removeTimer,
  performance: { now: native.now },
  queueMicrotask: (act: () => void) => void Promise.resolve().then(act),
};

/** Begins: the host's events go to the listeners, and the global scope has timers. */
export function startEventLoop(): void {
  Object.assign(globalThis, globals);
  native.listen((event, value) => {
    if (event === 'timer') {
      try {
        runTimers();
      } finally {
        wait();
      }
    } else {
      listeners.get(event)?.(value);
    }
  });
}
