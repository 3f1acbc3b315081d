import { describe, expect, test } from 'vitest';
import { type Engine, type Suite, startEngine, wantedSuites } from './engine.ts';

export interface OnEnginesOptions {
  /** Suites the tests make sense on; all by default. The user's own daemon stands for any of them. */
  readonly suites?: readonly Suite[];
}

/**
 * Registers a describe block for each engine. Await it at the top of a test file, since the engines start here:
 * `await onEngines('solve', { suites: ['forky'] }, (engine) => { test(…) })`.
 */
export async function onEngines(
  title: string,
  options: OnEnginesOptions,
  body: (engine: Engine) => void,
): Promise<void> {
  const wanted = wantedSuites(options.suites);
  for (const suite of wanted) {
    try {
      const engine = await startEngine(suite);
      describe(`${title} (${suite})`, () => body(engine));
    } catch (error) {
      const reason = (error as Error).message;
      if (process.env['CI'] === 'true') {
        test(`${title} (${suite})`, () => expect.fail(reason));
      } else {
        console.warn(`\n*** SKIPPED ${title} (${suite}): ${reason}\n`);
        test.skip(`${title} (${suite}): ${reason.split('\n')[0]}`, () => {});
      }
    }
  }
  if (wanted.length === 0) test.skip(`${title}: ENGINE_SUITES names none of ${options.suites}`, () => {});
}
