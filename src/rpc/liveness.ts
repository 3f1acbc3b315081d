/**
 * Notices a peer that has stopped: a process that hangs or is suspended, a network that swallows everything. A call may
 * rightly take hours, so that calls have no time limit; but whoever works on one answers a small question meanwhile.
 */
import { every } from './timer.ts';

/** Number of unanswered questions after which a peer is given up. */
const stepCount = 6;

/** Options for watching a peer. */
export interface LivenessOptions {
  /** Milliseconds without a sign of life after which the peer is given up. */
  readonly silenceMs: number;
  /** A number that changes when something arrives from the peer; undefined while nothing is expected. */
  arrived(): number | undefined;
  /** Asks the peer something that it answers at once. */
  ask(): void;
  /** Called once, when it is given up. */
  giveUp(): void;
}

/**
 * Watches a peer; returns a function that ends the watch.
 *
 * Silence is counted in steps that this process has seen pass, not by the clock: after the sleep of a laptop, a stop of
 * this process or a long computation the peer has its time again, and is asked before it is given up.
 */
export function watchLiveness({ silenceMs, arrived, ask, giveUp }: LivenessOptions): () => void {
  let seen = arrived();
  let silent = 0;
  const end = every(silenceMs / stepCount, () => {
    const now = arrived();
    silent = now === undefined || now !== seen ? 0 : silent + 1;
    seen = now;
    if (silent >= stepCount) {
      end();
      giveUp();
    } else if (silent > 0) ask();
  });
  return end;
}
