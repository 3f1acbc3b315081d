/** Stops the engines that a test run started; those that were up before stay up. */
import { runningEngines, stopEngine } from './engine.ts';

export default function setup(): () => Promise<void> {
  const before = runningEngines();
  return async () => {
    await Promise.all(runningEngines().map((suite) => (before.includes(suite) ? undefined : stopEngine(suite))));
  };
}
