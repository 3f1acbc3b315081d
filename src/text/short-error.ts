/**
 * Shortens the library's errors in logs and uncaught exceptions. Each message contains those of its causes, and Node
 * prints every cause below an error, so the same text would appear several times.
 */
import { causesOf } from './causes.ts';

/** An error that is shown without its causes; programs can read them as `cause`. */
export class ShortError extends Error {
  constructor(message?: string, options?: ErrorOptions) {
    super(message, options);
    if (options && 'cause' in options) hideCause(this);
  }
}

/** Shows an error without its causes, unless one of them is a programming mistake, for which the causes are needed. */
export function hideCause<E extends Error>(error: E): E {
  if (hasMistake(error)) return error;
  const { cause } = error;
  // Node calls no method to show an uncaught error, but it does not show the value of a getter.
  if (cause === undefined) delete error.cause;
  else Object.defineProperty(error, 'cause', { get: () => cause, enumerable: false, configurable: true });
  Object.defineProperty(error, inspection, { value: inspectShort, enumerable: false, configurable: true });
  return error;
}

/** Replaces an error's own stack frames, which are inside the library, by those of the caller. */
export function showCaller<E extends Error>(error: E, { stack = '' }: CallerFrames): E {
  const frames = stack.split('\n').filter((line) => /^ {4}at /.test(line) && !/\bnode:internal\//.test(line));
  if (frames.length > 0 && !hasMistake(error)) error.stack = [`${error.name}: ${error.message}`, ...frames].join('\n');
  return error;
}

/** Hides fields of an error when it is shown. */
export function hideFields<E extends Error>(error: E, ...names: readonly (keyof E)[]): void {
  for (const name of names) Object.defineProperty(error, name, { enumerable: false });
}

/** The stack frames of a caller. */
export interface CallerFrames {
  /** The frames, in the form of `Error.stack`. */
  readonly stack?: string;
}

/**
 * Captures the stack frames of the caller of a function. Call it before the first `await`; after that the frames are
 * lost.
 */
export function callerOf(called: (...args: never[]) => unknown): CallerFrames {
  const frames = {};
  Error.captureStackTrace?.(frames, called); // V8 has it
  return frames;
}

/** Whether an error is a programming mistake. Node's own errors of these types have a code and are about arguments. */
function hasMistake(error: Error): boolean {
  for (const e of causesOf(error)) if (/^(Type|Reference|Range)Error$/.test(e.name) && !('code' in e)) return true;
  return false;
}

const inspection = Symbol.for('nodejs.util.inspect.custom');

type Inspect = (value: unknown, options: object) => string;

function inspectShort(this: Error, _depth: number, options: object, inspect: Inspect): string {
  const { cause: _, ...shown } = Object.getOwnPropertyDescriptors(this) as PropertyDescriptorMap;
  return inspect(Object.create(Object.getPrototypeOf(this), shown), { ...options, customInspect: false });
}
