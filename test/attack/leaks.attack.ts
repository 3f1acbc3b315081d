/** Hundreds of builds in one process. */
import { test } from 'vitest';
import { onEngines } from '../engine/on-engines.ts';
import { buildOften, buildTogether } from './leaks.ts';

await onEngines('hundreds of builds', { suites: ['forky', 'trixie'] }, (engine) => {
  test('one after the other leave nothing', () => buildOften(engine, 500, 20_000), 1_800_000);
  test('at the same time keep apart', () => buildTogether(engine, 200));
});
