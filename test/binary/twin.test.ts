/** One frontend, two engines: generated builds on Node and on the binary. `npm run attack` plays ten times as many. */
import { expect, test } from 'vitest';
import { onBinary } from './binary.ts';
import { compareTwins, instructions } from './twins.ts';

onBinary('the binary says what Node says, to the byte', (file) => {
  let results = 0;
  const built = new Set<string>();

  test.each([0, 50, 100, 150])('generated builds from number %i on', { timeout: 600_000 }, async (from) => {
    const played = await compareTwins(file, from, from + 50);
    results += played.results;
    for (const name of played.instructions) built.add(name);
  });

  test('many of these builds have a result, with each instruction among them', () => {
    expect(results).toBeGreaterThan(50);
    expect([...built].sort()).toEqual(instructions);
  });
});
