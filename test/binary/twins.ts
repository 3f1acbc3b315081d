/** Plays builds on Node and on the program of the image, and compares all that the two send. */
import { expect } from 'vitest';
import { createRandom, hash } from '../attack/fuzz/random.ts';
import type { GoldenCase } from '../golden/cases.ts';
import { generateBuild } from './generate.ts';
import { messagesOf, onNode } from './messages.ts';

const seed = Number(process.env['TWIN_SEED'] ?? 20_261_129);

/** The build of a number. */
const buildOf = (index: number): GoldenCase => generateBuild(createRandom(hash(`${seed} twin ${index}`)));

/** The instructions of the language. */
export const instructions =
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(
    ' ',
  );

/**
 * Plays the builds from `from` up to, not including, `to`, a few at a time.
 *
 * @returns how many of them have a result, and the instructions in the Dockerfiles of those
 * @throws Error that tells how to make the first build again on which the two differ, or on which one ends without a
 * Return
 */
export async function compareTwins(file: string, from: number, to: number) {
  const played = { results: 0, instructions: new Set<string>() };
  let next = from;
  const play = async () => {
    for (let index = next++; index < to; index = next++) {
      const build = buildOf(index);
      if (!(await compareTwin(file, build, index))) continue;
      played.results++;
      const text = Buffer.from(build.files.get('Dockerfile') ?? '').toString();
      for (const [, word] of text.matchAll(/^[ \t]*([a-z]+)[ \t]/gim)) {
        const name = word!.toUpperCase();
        if (instructions.includes(name)) played.instructions.add(name);
      }
    }
  };
  await Promise.all([play(), play()]);
  return played;
}

/** @returns whether the build has a result */
async function compareTwin(file: string, build: GoldenCase, index: number): Promise<boolean> {
  const [node, binary] = await Promise.all([messagesOf(onNode, build), messagesOf([file], build)]);
  const at = node.messages.findIndex((message, i) => message !== binary.messages[i]);
  if (at < 0 && node.messages.length === binary.messages.length) return node.hasResult;
  const [ours = '', theirs = ''] = at < 0 ? [] : [node.messages[at], binary.messages[at]];
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
