/** 40 builds that are ended by signals at moments all over them. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEngines } from '../engine/on-engines.ts';
import { interrupt, measure, prepare, type Stage, seeded, shapes, signals } from './interrupts.ts';

const count = 40;

await onEngines('builds that are ended', { suites: ['forky', 'trixie'] }, (engine) => {
  let stage: Stage;
  const times = new Map<string, number>();
  beforeAll(async () => {
    stage = await prepare(engine);
    for (const shape of shapes) times.set(shape.name, await measure(engine, shape, stage));
  }, 600_000);
  afterAll(() => stage?.close());

  const random = seeded(40);
  let inTime = 0;
  const cases = Array.from({ length: count }, (_, i) => ({
    number: i + 1,
    shape: shapes[i % shapes.length]!,
    signal: signals[Math.floor(i / shapes.length) % signals.length]!,
    part: 0.05 + random(),
  }));
  test.each(cases)('$number: by $signal while it writes $shape.name', async ({ number, shape, signal, part }) => {
    if (shape.name.includes('changed'))
      writeFileSync(path.join(stage.dir, 'context/file-0'), Buffer.alloc(50_000_000, number));
    const id = `all-${process.pid}-${number}`;
    if (await interrupt(engine, shape, stage, { signal, after: times.get(shape.name)! * part, id })) inTime++;
  });

  // How many depends on how evenly the machine runs.
  test('some signals come in time, and the daemon still builds', async () => {
    expect(inTime).toBeGreaterThan(0);
    await measure(engine, shapes[0]!, stage);
  });
});
