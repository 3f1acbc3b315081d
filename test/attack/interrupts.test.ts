/** A few of the interrupts of interrupts.attack.ts. */
import { afterAll, beforeAll, test } from 'vitest';
import { onEngines } from '../engine/on-engines.ts';
import { interrupt, measure, prepare, type Stage, seeded, shapes, signals } from './interrupts.ts';

await onEngines('a build that is ended', { suites: ['forky'] }, (engine) => {
  let stage: Stage;
  let whole: number;
  beforeAll(async () => {
    stage = await prepare(engine);
    whole = await measure(engine, shapes[0]!, stage);
  });
  afterAll(() => stage?.close());

  const random = seeded(4);
  const cases = [0, 2, 3, 5].map((at, i) => ({ shape: shapes[at]!, signal: signals[i % signals.length]! }));
  test.each(cases)(
    'a build that $signal ends while it writes $shape.name leaves nothing',
    async ({ shape, signal }) => {
      const id = `few-${process.pid}-${shape.name}-${signal}`;
      await interrupt(engine, shape, stage, { signal, after: whole * (0.3 + random() * 0.6), id });
    },
  );
});
