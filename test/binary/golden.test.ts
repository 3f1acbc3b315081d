/** The golden cases on the frontend of the image. */
import { expect, test } from 'vitest';
import { goldenNames, readCase, readExpected } from '../golden/cases.ts';
import { compare, firstDifferences, normalize } from '../golden/lib/compare.mjs';
import { startFrontend } from '../golden/start.ts';
import { onBinary } from './binary.ts';

onBinary('golden cases on the binary', (file) => {
  test.each(goldenNames())('%s gives what the reference recorded', async (name) => {
    const { details } = compare(readExpected(name), normalize(await startFrontend([file], readCase(name))));
    const differences = Object.entries(details).flatMap(([part, { want, got }]) => [
      part,
      ...firstDifferences(want, got),
    ]);
    expect(differences, differences.join('\n')).toEqual([]);
  });
});
