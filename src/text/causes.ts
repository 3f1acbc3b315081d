/** An error and what has led to it: its cause, the cause of that, and so on. */

/** The errors from the outermost to the innermost; empty for a value that is no Error. */
export function* causesOf(error: unknown): Generator<Error, void, void> {
  for (let e = error; e instanceof Error; e = e.cause) yield e;
}

/** The outermost error of a type; undefined if absent. */
export function findCause<T extends Error>(error: unknown, type: new (...args: never[]) => T): T | undefined {
  for (const e of causesOf(error)) if (e instanceof type) return e;
  return undefined;
}
