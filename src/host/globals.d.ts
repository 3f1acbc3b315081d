/** The globals that every host of the portable core has besides the language. tsconfig.core.json knows no others. */

/** What `setTimeout` and `setInterval` return; only Node's can be told not to keep the process alive. */
interface Timer {
  unref?(): unknown;
}
declare function setTimeout(run: (nothing: undefined) => void, milliseconds?: number): Timer;
declare function clearTimeout(timer: Timer): void;
declare function setInterval(run: () => void, milliseconds: number): Timer;
declare function clearInterval(timer: Timer): void;

declare const performance: {
  /** Milliseconds since some moment of the past. */
  now(): number;
};

/** A type only: those who call the core make signals, where their host has them. */
interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

interface ErrorConstructor {
  /** The small engine and V8 have it, other engines need not. */
  captureStackTrace?(error: object, above?: unknown): void;
}
