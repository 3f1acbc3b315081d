import { setImmediate as turn } from 'node:timers/promises';
import { onTestFinished, vi } from 'vitest';

export interface StoppedClock {
  /** Lets time pass; does nothing once the test has ended. */
  pass(ms: number): void;
  /** Does something that the code under test answers by setting a timer, waits for that, and lets time pass. */
  passAfter(act: () => void, ms: number): Promise<void>;
}

/**
 * Stops the clock of a test until its end, for limits of what comes over real sockets: bytes travel as ever, and
 * however long they take on a busy machine, time passes only when the test says so.
 */
export function stopClock(): StoppedClock {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  const set = vi.spyOn(globalThis, 'setTimeout');
  let ended = false;
  onTestFinished(() => {
    ended = true;
    set.mockRestore();
    vi.useRealTimers();
  });
  return {
    pass(ms) {
      if (!ended) vi.advanceTimersByTime(ms);
    },
    async passAfter(act, ms) {
      const before = set.mock.calls.length;
      act();
      while (!ended && set.mock.calls.length === before) await turn();
      if (!ended) vi.advanceTimersByTime(ms);
    },
  };
}
