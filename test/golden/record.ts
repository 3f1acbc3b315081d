/**
 * Plays golden cases against the program of a frontend and says where it differs from what is recorded:
 *
 *   npm run golden -- [--filter TEXT] [--write] [--] COMMAND [ARG…]
 *
 * With `--write` what differs becomes the record, the first one of a new case; a case that does not repeat itself is left as it is.
 * The exit code is 1 where anything differs.
 */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { goldenNames, readCase, readExpected } from './cases.ts';
import { compare, firstDifferences, normalize } from './lib/compare.mjs';
import { startFrontend } from './start.ts';

const { values, positionals: command } = parseArgs({
  options: { filter: { type: 'string', default: '' }, write: { type: 'boolean', default: false } },
  allowPositionals: true,
});
if (command.length === 0) {
  console.error('usage: npm run golden -- [--filter TEXT] [--write] [--] COMMAND [ARG…]');
  process.exit(2);
}

// a frontend has no PATH
const [program = ''] = command;
const started = [program === 'node' ? process.execPath : program, ...command.slice(1)];
// what a case without a record is held against
const nothing = { solves: [], resolves: [], warnings: [] };
const expectedFile = (name: string) => path.join(import.meta.dirname, `${name}.expected.json`);
const play = async (name: string) => normalize(await startFrontend(started, readCase(name)));

let differing = 0;
const names = goldenNames().filter((name) => name.includes(values.filter));
for (const name of names) {
  const problem = await judge(name).catch((error: Error) => `  ${error.message}`);
  if (problem === undefined) continue;
  differing++;
  console.log(`${name}\n${problem}`);
}
console.log(`${names.length - differing} of ${names.length} cases as recorded, ${differing} differ`);
process.exit(differing > 0 ? 1 : 0);

/** @returns the differences; undefined for none */
async function judge(name: string): Promise<string | undefined> {
  const played = await play(name);
  const { details } = compare(existsSync(expectedFile(name)) ? readExpected(name) : nothing, played);
  const differences = Object.entries(details).flatMap(([part, { want, got }]) => [
    `  ${part}:`,
    ...firstDifferences(want, got).map((line) => `    ${line}`),
  ]);
  if (differences.length === 0) return undefined;
  if (values.write) {
    if (compare(played, await play(name)).failed.length > 0) return '  does not repeat itself, and is not recorded';
    const { exitCode: _, ...record } = played as Record<string, unknown>;
    writeFileSync(expectedFile(name), `${JSON.stringify(record, null, 1)}\n`);
  }
  return differences.join('\n');
}
