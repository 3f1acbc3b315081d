/**
 * A program says what a Dockerfile says: for cases of the golden corpus, a build program in `programs` gives the ops
 * and the image config that the reference has recorded for the Dockerfile.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { onBinary } from '../../binary/binary.ts';
import { type GoldenCase, readCase, readExpected } from '../../golden/cases.ts';
import { firstDifferences, normalize } from '../../golden/lib/compare.mjs';
import { play } from '../../golden/play.ts';
import { startFrontend } from '../../golden/start.ts';
import { outcomeOf, withProgram } from './outcome.ts';

const programs = path.join(import.meta.dirname, 'programs');

const names = readdirSync(programs, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replace(/\.ts$/, ''))
  .sort();

const program = (name: string) => readFileSync(path.join(programs, `${name}.ts`), 'utf8');

/** Cases whose history says something else, with the reason. */
const otherHistory: Readonly<Record<string, string>> = {
  'expand/in-expose': 'EXPOSE sorts its words with their quotes, of which a program has none',
};

/** Plays the case with the program. */
type Play = (goldenCase: GoldenCase) => Promise<Readonly<Record<string, unknown>>>;

async function check(name: string, playCase: Play): Promise<void> {
  const options = { ignoreHistory: otherHistory[name] !== undefined };
  const wanted = outcomeOf(readExpected(name), options);
  const given = outcomeOf(normalize(await playCase(withProgram(readCase(name), program(name)))), options);
  const differences = firstDifferences(wanted, given);
  expect(differences, differences.join('\n')).toEqual([]);
  expect(Object.keys(given.builds)).not.toEqual([]);
}

describe('a program and the Dockerfile that says the same', () => {
  test.each(names)('%s have the same ops and the same image', (name) => check(name, play));
});

onBinary('the same in the program of the image', (file) => {
  test.each(names)('%s gives the ops of its Dockerfile', (name) =>
    check(name, (goldenCase) => startFrontend([file], goldenCase)),
  );
});
