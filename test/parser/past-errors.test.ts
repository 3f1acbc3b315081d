import { expect, test } from 'vitest';
import { parseDockerfile } from '../../src/parser/parse.ts';
import { readPastErrors } from '../../src/parser/past-errors.ts';

const readWith = (instructions: number) =>
  readPastErrors(parseDockerfile(`FROM scratch\n${'USER a\n'.repeat(instructions - 2)}COPPY a b\n`), async () => {});

test('a file with errors is read past them up to 20,000 instructions', async () => {
  expect((await readWith(20_000))?.dockerfile.instructions).toHaveLength(20_000);
  expect(await readWith(20_001)).toBeUndefined();
});
