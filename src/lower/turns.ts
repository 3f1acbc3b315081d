/** Pauses of long work, in which signals, the daemon's requests and cancellation are handled. */
import { host } from '#host';

/** Milliseconds of work between two pauses. */
const turnMs = 50;

/** Pauses long work. */
export interface Turns {
  /** Whether {@link Turns.pass} is due; cheap enough to call for each instruction. */
  isDue(): boolean;
  /** Pauses for other work. @throws the reason of the signal if it is aborted */
  pass(): Promise<void>;
}

/** Makes the turns of a piece of work. @param signal aborted when the result of the work is no longer needed */
export function takeTurns(signal?: AbortSignal): Turns {
  let end = performance.now() + turnMs;
  return {
    isDue: () => performance.now() > end,
    async pass() {
      await host.turn();
      signal?.throwIfAborted();
      end = performance.now() + turnMs;
    },
  };
}
