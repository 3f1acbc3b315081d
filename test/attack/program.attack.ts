/** Build programs that take long without taking many steps. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildHost, takeTurns } from '../binary/build-host.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tsfront-test-'));
let program = '';
beforeAll(async () => {
  program = await buildHost('program-script.ts', folder);
}, 900_000);
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  `'a'.repeat(2 ** 26).includes('a'.repeat(2 ** 25) + 'b')`,
  `/^(a+)+$/.test('a'.repeat(50) + 'b')`,
  `for (;;) 'a'.repeat(1_000_000).split('').sort().join('')`,
])('%s ends, and the frontend goes on', async (code) => {
  const error = 'the build program takes too long: it may take 120 s of CPU';
  const answers = await takeTurns(program, [{ send: [code] }, { send: [''] }, {}]);
  expect(answers).toMatchObject([{ messages: [], error }, { error }, { messages: [] }]);
});
