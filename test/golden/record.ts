/**
 * Plays golden cases against the program of a frontend and says where it differs from what is recorded:
 *
 *   npm run golden -- [--filter TEXT] [--write] [--] COMMAND [ARG…]
 *   REFERENCE=COMMAND npm run golden -- record CASE…     writes the records of these cases
 *   npm run golden -- show CASE…                         prints them
 *
 * With `--write` what differs becomes the record, the first one of a new case; a case that does not repeat itself is
 * left as it is. The exit code is 1 where anything differs.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { goldenNames, readCase, readExpected } from './cases.ts';
import { compare, firstDifferences, normalize } from './lib/compare.mjs';
import { startFrontend } from './start.ts';

const { values, positionals } = parseArgs({
  options: { filter: { type: 'string', default: '' }, write: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const usage = 'usage: npm run golden -- [--filter TEXT] [--write] [--] COMMAND [ARG…], record CASE…, or show CASE…';
if (positionals.length === 0) fail(usage);
const [verb, ...named] = positionals;
if (verb === 'show') {
  for (const name of existing(named)) console.log(readFileSync(expectedFile(name), 'utf8'));
  process.exit(0);
}
const records = verb === 'record';
const command = records ? (process.env['REFERENCE'] ?? '').split(' ').filter(Boolean) : positionals;
if (command.length === 0) fail('REFERENCE names the program of the reference frontend, with its arguments');

// A frontend has no PATH.
const [program = ''] = command;
const started = [program === 'node' ? process.execPath : program, ...command.slice(1)];
// What a case without a record is held against.
const nothing = { solves: [], resolves: [], warnings: [] };
const play = async (name: string) => normalize(await startFrontend(started, readCase(name)));

let differing = 0;
const names = records ? existing(named) : goldenNames().filter((name) => name.includes(values.filter));
for (const name of names) {
  const problem = await judge(name).catch((error: Error) => `  ${error.message}`);
  if (problem === undefined) continue;
  differing++;
  console.log(`${name}\n${problem}`);
}
console.log(`${names.length - differing} of ${names.length} cases as recorded, ${differing} differ`);
process.exit(differing > 0 ? 1 : 0);

function expectedFile(name: string): string {
  return path.join(import.meta.dirname, `${name}.expected.json`);
}

/** Names of cases. @returns them; ends the process for one that is not there */
function existing(given: readonly string[]): readonly string[] {
  const known = new Set(goldenNames());
  const unknown = given.find((name) => !known.has(name));
  if (given.length === 0 || unknown !== undefined) fail(unknown === undefined ? usage : `there is no case ${unknown}`);
  return given;
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

/** @returns the differences; undefined for none */
async function judge(name: string): Promise<string | undefined> {
  const played = await play(name);
  const { details } = compare(existsSync(expectedFile(name)) ? readExpected(name) : nothing, played);
  const differences = Object.entries(details).flatMap(([part, { want, got }]) => [
    `  ${part}:`,
    ...firstDifferences(want, got).map((line) => `    ${line}`),
  ]);
  if (differences.length === 0) return undefined;
  if (values.write || records) {
    if (compare(played, await play(name)).failed.length > 0) return '  does not repeat itself, and is not recorded';
    const { exitCode: _, ...record } = played as Record<string, unknown>;
    writeFileSync(expectedFile(name), `${JSON.stringify(record, null, 1)}\n`);
  }
  return differences.join('\n');
}
