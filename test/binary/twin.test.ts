/** One bundle, two engines: generated builds on Node and on the binary. `npm run attack` plays ten times as many. */
import { test } from 'vitest';
import { onBinary } from './binary.ts';
import { compareTwins } from './twins.ts';

onBinary('the binary says what Node says, to the byte', (file) => {
  test.each([0, 50, 100, 150])('generated builds from number %i on', { timeout: 600_000 }, (from) =>
    compareTwins(file, from, from + 50),
  );
});
