/** Long work lets others have their turn: signals, the daemon's questions, a build that is given up. */

/** How long work goes on before others have their turn. */
const TURN_MS = 50;

export interface Turns {
  /** Whether it is time for {@link Turns.pass}: cheap enough to ask for each instruction. */
  due(): boolean;
  /** Lets others have their turn. @throws the reason of the signal when it is aborted */
  pass(): Promise<void>;
}

/** @param signal aborted when nobody wants the result of the work any more */
export function takeTurns(signal?: AbortSignal): Turns {
  let end = performance.now() + TURN_MS;
  return {
    due: () => performance.now() > end,
    async pass() {
      await new Promise(setImmediate);
      signal?.throwIfAborted();
      end = performance.now() + TURN_MS;
    },
  };
}
