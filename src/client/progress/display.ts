/** The interface of progress displays, and the loop that feeds them. */
import { checkArgument, having, validator } from '../../text/arguments.ts';
import type { StatusUpdate, VertexWarning } from '../status.ts';

/** The output of a display: a stream such as `process.stderr`. */
export interface DisplayStream {
  /** Writes text at once. */
  write(text: string): unknown;
  /** Whether it is a terminal. false if absent. */
  readonly isTTY?: boolean | undefined;
  /** Width of the terminal. */
  readonly columns?: number | undefined;
  /** Height of the terminal. */
  readonly rows?: number | undefined;
  /**
   * Whether so much waits to be written that nothing more should be, as streams say it; where missing, it never does.
   */
  readonly writableNeedDrain?: boolean;
  /** Tells once what streams tell: `drain` when more may be written, `close` when the reader has gone. */
  once?(event: 'close' | 'drain', listener: () => void): unknown;
  /** Takes a listener back. */
  off?(event: 'close' | 'drain', listener: () => void): unknown;
}

/** Shows the progress of a build. */
export interface Display {
  /** Takes a report of the daemon. */
  update(update: StatusUpdate): void;
  /** Called regularly, so that clocks go on. */
  refresh(): void;
  /** Shows what is left, once the build has ended. */
  done(): void;
  /**
   * Returns a promise if the output is full; it resolves when the output accepts more. {@link showProgress} reads no
   * report until then, so that a paused reader costs no memory.
   * @param signal ends the waiting
   */
  drained?(signal?: AbortSignal): Promise<void> | undefined;
}

/** The builder of buildx that a build runs on, which the display names. */
export interface ShownBuilder {
  readonly name: string;
  readonly driver: string;
}

const refreshMs = 150;

const aStatus = validator('the `status` of a build', (value) => Symbol.asyncIterator in Object(value));

/**
 * Feeds a display until the build ends, at the speed at which its output is read: the daemon keeps the reports until
 * then.
 * @param signal the signal that stops the build; after that, the output is not waited for
 * @returns the warnings of the build, each once even if several platforms report it
 */
export async function showProgress(
  status: AsyncIterable<StatusUpdate>,
  display: Display,
  signal?: AbortSignal,
): Promise<VertexWarning[]> {
  checkArgument('showProgress', 'status', status, aStatus);
  checkArgument(
    'showProgress',
    'display',
    display,
    having('a display, as `await createDisplay()` gives', 'update', 'done'),
  );
  const warnings = new Map<string, VertexWarning>();
  let refreshed = 0;
  let full: Promise<void> | undefined;
  const whileFull = () => {
    full ??= display.drained?.(signal)?.then(() => {
      full = undefined;
    });
    return full;
  };
  const refresh = () => {
    if (!whileFull()) display.refresh();
  };
  const timer = setInterval(refresh, refreshMs);
  try {
    for await (const update of status) {
      display.update(update);
      for (const warning of update.warnings) {
        const { short, detail, url, source, ranges } = warning;
        const lines = ranges.map(({ start, end }) => [start?.line, start?.character, end?.line, end?.character]);
        const key = JSON.stringify([short, detail, url, source?.filename, lines]);
        if (!warnings.has(key)) warnings.set(key, warning);
      }
      if (Date.now() - refreshed >= refreshMs) {
        refreshed = Date.now();
        refresh();
      }
      const waiting = whileFull();
      if (!waiting) continue;
      await waiting;
      if (signal?.aborted) break;
    }
  } finally {
    clearInterval(timer);
    display.done();
  }
  return [...warnings.values()];
}
