import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

const mutate = (...args: string[]) =>
  spawnSync(process.execPath, ['scripts/mutate.mjs', ...args], { cwd: root, encoding: 'utf8' });

test('a mutation run counts the changes that the tests notice', () => {
  const { stdout } = mutate('src/text/suggest.ts', '2', 'test/text/suggest.test.ts');
  expect(stdout).toMatch(/src\/text\/suggest\.ts: [12] of 2 changes noticed, of \d+ possible ones\n$/);
});

test('a mutation run refuses tests that fail without a change', () => {
  const { status, stderr } = mutate('src/text/suggest.ts', '1', 'test/text/none.test.ts');
  expect([status, stderr]).toEqual([1, 'src/text/suggest.ts: the tests fail without a change\n']);
});
