/** The history of an image: an entry for each instruction. */
import type { Timestamp } from '../go/time.ts';
import type { ImageConfig } from '../image/config.ts';
import type { Env } from '../parser/words.ts';

/**
 * Room for what the entries of a build say: every RUN names all arguments with their values, so that n of each make a
 * text of n². An image config beyond 16 MiB fits into no message of BuildKit.
 */
export interface HistoryBudget {
  characters: number;
}

export const newHistoryBudget = (): HistoryBudget => ({ characters: 128 << 20 });

/** Adds an entry. @throws where the history gets too long */
export function addHistory(
  image: ImageConfig,
  createdBy: string,
  hasLayer: boolean,
  created: Timestamp | undefined,
  budget: HistoryBudget,
) {
  budget.characters -= createdBy.length;
  if (budget.characters < 0) throw new Error('the history of the image is longer than 128 MiB');
  image.history.push({ created, createdBy, author: '', comment: 'buildkit.dockerfile.v0', emptyLayer: !hasLayer });
}

/** What a RUN executes: the number of build arguments and their values, then the command line. */
export function runHistory(
  args: readonly string[],
  buildArgs: ReadonlyMap<string, string | undefined>,
  env: Env,
): string {
  const values = Array.from(buildArgs, ([key, value]) => `${key}=${env.get(key) ?? value ?? ''}`);
  const counted = values.length > 0 ? [`|${values.length}`, ...values] : [];
  return [...counted, ...args].join(' ');
}
