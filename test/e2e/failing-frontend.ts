/** A frontend on the small engine that fails as its target says. */
import { runOnEngine } from '../../engine/run.ts';
import { canceled } from '../../src/gateway/error-status.ts';
import { runForDaemon } from '../../src/gateway/run-for-daemon.ts';

const recurse = (depth: number): number => recurse(depth + 1) + 1;
const never = new Promise<never>(() => {});

const failures: Readonly<Record<string, () => Promise<never> | undefined>> = {
  throws: () => {
    throw new Error('thrown');
  },
  'throws-later': () => {
    setTimeout(() => {
      throw new Error('thrown later');
    }, 10);
    return never;
  },
  rejects: () => {
    void Promise.reject(new Error('rejected'));
    return never;
  },
  memory: () => {
    const all: number[][] = [];
    for (;;) all.push(new Array(10_000).fill(0));
  },
  stack: () => {
    recurse(0);
    return never;
  },
};

runOnEngine(
  (process) =>
    runForDaemon(async ({ options }) => {
      await failures[options.opts['target'] ?? '']?.();
      throw new Error('it did not fail');
    }, process),
  canceled,
);
