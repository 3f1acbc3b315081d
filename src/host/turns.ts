/** Pauses of long work, in which signals, the daemon's requests and cancellation are handled. */
import { host } from '#host';

/** Milliseconds of work between two pauses. */
const turnMs = 50;

/** Says when long work pauses, so that other work gets a turn. */
export interface Turns {
  /** Whether {@link Turns.pass} is due; cheap enough to call for each instruction. */
  isDue(): boolean;
  /** Pauses for other work. @throws the reason of the signal if it is aborted */
  pass(): Promise<void>;
}

/**
 * Makes the turns of a piece of work.
 *
 * @param signal an `AbortSignal`, aborted when the result of the work is no longer needed. Not called so, because
 * the types of `tsfront/llb` reach this file, and a build program has no AbortSignal
 */
export function createTurns(signal?: { throwIfAborted(): void }): Turns {
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

/** Pauses if it is due. Loops ask `isDue()` first instead, because an `await` takes time even without a pause. */
export function passIfDue(turns: Turns): Promise<void> | undefined {
  return turns.isDue() ? turns.pass() : undefined;
}
