/** 2,000 generated builds on Node and on the program of the image, compared to the byte. */
import { test } from 'vitest';
import { onBinary } from '../binary/binary.ts';
import { compareTwins } from '../binary/twins.ts';

onBinary('the binary says what Node says, to the byte', (file) => {
  test.each([0, 500, 1000, 1500])('generated builds from number %i on', { timeout: 3_600_000 }, async (from) => {
    await compareTwins(file, from, from + 500);
  });
});
