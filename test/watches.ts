/**
 * Peers that are watched for signs of life (src/rpc/liveness.ts), on a clock that a test moves: what they are asked and
 * answer travels as ever, and however long that takes on a busy machine, hours pass only when the test says so.
 *
 * A test file that waits for answers mocks `src/rpc/liveness.ts` with what `recorded` makes of it.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { onTestFinished, vi } from 'vitest';
import type * as liveness from '../src/rpc/liveness.ts';

const watches = new Set<liveness.LivenessOptions>();

/** The module, with the watches that are under way noted here. */
export const recorded = ({ watchLiveness }: typeof liveness): typeof liveness => ({
  watchLiveness(options) {
    watches.add(options);
    const end = watchLiveness(options);
    return () => {
      watches.delete(options);
      end();
    };
  },
});

/**
 * Stops the clock of all watches until the end of a test.
 *
 * @param silenceMs what the peers have, each of them
 * @returns `answered` lets a third of it pass, in which each peer is asked, and waits for what they answer; `step` lets
 * a sixth of it pass, and then comes what is on its way in this process; `unanswered` lets all of it pass
 */
export function stopWatches(silenceMs: number) {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const steps = (count: number) => vi.advanceTimersByTime((silenceMs / 6) * count);
  return {
    async answered() {
      const before = [...watches].map((watch) => ({ watch, arrived: watch.arrived() }));
      steps(2); // in the first it may be noticed that something has come since the last
      const silent = ({ watch, arrived }: (typeof before)[number]) =>
        watches.has(watch) && arrived !== undefined && watch.arrived() === arrived;
      while (before.some(silent)) await turn();
    },
    async step() {
      steps(1);
      for (let i = 0; i < 20; i++) await turn();
    },
    unanswered: () => void steps(7),
  };
}
