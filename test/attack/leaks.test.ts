/** Small versions of leaks.attack.ts. */
import { test } from 'vitest';
import { onEngines } from '../engine/on-engines.ts';
import { buildOften, buildTogether } from './leaks.ts';

await onEngines('many builds', { suites: ['forky'] }, (engine) => {
  test('builds one after the other leave nothing', () => buildOften(engine, 60, 20_000), 600_000);
  // One connection has room for 125.
  test('builds at the same time keep apart', () => buildTogether(engine, 140), 600_000);
});
