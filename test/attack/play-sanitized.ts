/** Inputs for the sanitized frontend, each made from its number. */
import { generateBuild } from '../binary/generate.ts';
import { type GoldenCase, goldenNames, readCase, readExpected } from '../golden/cases.ts';
import { compare, firstDifferences, normalize } from '../golden/lib/compare.mjs';
import { environmentOf } from '../golden/lib/daemon.mjs';
import { serveCase } from '../golden/serve.ts';
import { createRandom, hash } from './fuzz/random.ts';
import { serveHostile } from './hostile-daemon.ts';
import type { buildSanitized, SanitizedFrontend } from './sanitized.ts';

const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_129);
const only = process.env['FUZZ_INPUT'];

/** What only a mistake of the program says. */
const mistake = /cannot read propert|cannot set propert|not a function|not an object|not iterable|internal error/;

/** Plays a golden case. @returns how it differs from its record */
export async function playGolden(frontend: SanitizedFrontend, name: string): Promise<readonly string[]> {
  const build = readCase(name);
  let record: Readonly<Record<string, unknown>> = {};
  await frontend.run(environmentOf(build), (connection) => {
    record = serveCase(connection, build, () => {});
  });
  const { details } = compare(readExpected(name), normalize(record));
  return Object.entries(details).flatMap(([part, { want, got }]) => [name, part, ...firstDifferences(want, got)]);
}

/** A Dockerfile, with its options and its context, that is nearly right. */
async function playBuild(frontend: SanitizedFrontend, index: number): Promise<void> {
  const build = generateBuild(createRandom(hash(`${seed} build ${index}`)));
  let record: Readonly<Record<string, unknown>> = {};
  const { code, stderr } = await frontend.run(environmentOf(build), (connection) => {
    record = serveCase(connection, build, () => {});
  });
  const { error } = record as { error?: { message: string } };
  if (stderr !== '' || code !== (error ? 1 : 0) || mistake.test(error?.message ?? ''))
    throw new Error(`it ended with ${code}: ${error?.message ?? ''}\n${stderr}`);
}

/** A daemon that is nearly right, for a build that has a record. */
async function playPeer(frontend: SanitizedFrontend, index: number): Promise<void> {
  const random = createRandom(hash(`${seed} peer ${index}`));
  const build: GoldenCase = readCase(random.pick(names));
  const { code, stderr } = await frontend.run(environmentOf(build), (connection) =>
    serveHostile(connection, random, build),
  );
  const isTold = code === 2 ? /^tsfront: .*\n$/s.test(stderr) : stderr === '';
  if (code > 2 || !isTold || mistake.test(stderr)) throw new Error(`it ended with ${code}:\n${stderr}`);
}

const names = goldenNames();
const plays = { build: playBuild, peer: playPeer };

/**
 * Plays the inputs of a kind from `from` up to, not including, `to`, a few at a time.
 *
 * @throws Error that tells how to play the first one again that does not hold
 */
export async function playInputs(
  program: ReturnType<typeof buildSanitized>,
  kind: keyof typeof plays,
  from: number,
  to: number,
): Promise<void> {
  const wanted = Array.from({ length: to - from }, (_, index) => from + index);
  const queue = only === undefined ? wanted : wanted.filter((index) => index === Number(only));
  await inTurns(program, queue, async (frontend, index) => {
    try {
      await plays[kind](frontend, index);
    } catch (error) {
      const again = `again: FUZZ_SEED=${seed} FUZZ_INPUT=${index} npm run attack -- sanitized -t ${kind}`;
      throw new Error(`${kind} ${index}: ${(error as Error).message}\n${again}`, { cause: error });
    }
  });
}

/** Gives each of some tasks to one of a few processes. */
export async function inTurns<T>(
  program: ReturnType<typeof buildSanitized>,
  tasks: readonly T[],
  run: (frontend: SanitizedFrontend, task: T) => Promise<void>,
): Promise<void> {
  const queue = [...tasks];
  const work = async () => {
    const frontend = await program.start();
    try {
      for (let task = queue.shift(); task !== undefined; task = queue.shift()) await run(frontend, task);
    } finally {
      queue.length = 0; // the others stop, too
      frontend.close();
    }
  };
  await Promise.all([work(), work(), work(), work()]);
}
