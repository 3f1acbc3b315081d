import { describe, expect, test } from 'vitest';
import { goldenNames, readCase, readExpected } from './cases.ts';
import { compare, firstDifferences, normalize } from './lib/compare.mjs';
import { play } from './play.ts';

const areas = Map.groupBy(goldenNames(), (name) => name.split('/')[0]!);

for (const [area, names] of areas) {
  describe(area, () => {
    test.each(names)('%s gives what the reference recorded', async (name) => {
      const verdict = compare(readExpected(name), normalize(await play(readCase(name))));
      const differences = Object.entries(verdict.details).flatMap(([part, { want, got }]) => [
        part,
        ...firstDifferences(want, got),
      ]);
      expect(differences, differences.join('\n')).toEqual([]);
    });
  });
}
