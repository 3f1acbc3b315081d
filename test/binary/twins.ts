/** Plays builds on Node and on the program of the image, and compares all that the two send. */
import { expect, vi } from 'vitest';
import { createRandom, hash } from '../attack/fuzz/random.ts';
import type { GoldenCase } from '../golden/cases.ts';
import { generateBuild } from './generate.ts';
import { type Messages, messagesOf, messagesOnNode } from './messages.ts';

const seed = Number(process.env['TWIN_SEED'] ?? 20_261_129);

/** The build of a number. */
const buildOf = (index: number): GoldenCase => generateBuild(createRandom(hash(`${seed} twin ${index}`)));

/**
 * Plays the builds from `from` up to, not including, `to`, a few at a time.
 *
 * @throws Error that tells how to make the first build again on which the two differ
 */
export async function compareTwins(file: string, from: number, to: number): Promise<void> {
  vi.stubEnv('PATH', ''); // the program has no xz, so Node gets none
  let next = from;
  const play = async () => {
    for (let index = next++; index < to; index = next++) await compareTwin(file, index);
  };
  await Promise.all([play(), play()]);
}

async function compareTwin(file: string, index: number): Promise<void> {
  const build = buildOf(index);
  const settled = (run: Promise<Messages>) => run.catch((error: Error): Messages => [`no end: ${error.message}`]);
  const [node, binary] = await Promise.all([settled(messagesOnNode(build)), settled(messagesOf([file], build))]);
  const at = node.findIndex((message, i) => message !== binary[i]);
  if (at < 0 && node.length === binary.length) return;
  const [ours = '', theirs = ''] = at < 0 ? [] : [node[at], binary[at]];
  expect.fail(
    `build ${index} of seed ${seed} differs in message ${at}:\n${firstDifference(ours, theirs)}\noptions: ${JSON.stringify(build.opts)}\n${[...build.files].map(([name, body]) => `${name}: ${JSON.stringify(Buffer.from(body).toString('latin1').slice(0, 2000))}`).join('\n')}`,
  );
}

function firstDifference(ours: string, theirs: string): string {
  let at = 0;
  while (at < ours.length && ours[at] === theirs[at]) at++;
  const part = (text: string) => JSON.stringify(text.slice(Math.max(0, at - 100), at + 200));
  return `node   ${part(ours)}\nbinary ${part(theirs)}`;
}
