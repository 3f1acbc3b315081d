/** Build programs that never end, in functions of the language. */
import { beforeAll, expect, test } from 'vitest';
import { buildHost, takeTurns } from '../binary/build-host.ts';
import { temporaryDir } from '../temporary-dir.ts';

const dir = temporaryDir();
let program = '';
beforeAll(async () => {
  program = await buildHost('program-script.ts', dir);
}, 900_000);

const long = 'the build program takes too long: it may take 120 s of CPU. Look for work on very large texts or lists.';
const steps =
  'the build program takes too many steps: it may take 1,000,000,000. Look for a loop, or a chain of promises, that does not end.';

test.each([
  [`'a'.repeat(2 ** 26).includes('a'.repeat(2 ** 25) + 'b')`, long],
  [`/^(a+)+$/.test('a'.repeat(50) + 'b')`, steps], // the engine counts what a regular expression tries
  [`for (;;) 'a'.repeat(1_000_000).split('').sort().join('')`, long],
])('%s ends, and the frontend goes on', async (code, error) => {
  const answers = await takeTurns(program, [{ send: [code] }, { send: [''] }, {}]);
  expect(answers).toMatchObject([{ messages: [], error }, { error }, { messages: [] }]);
});
