/** The history of an image: an entry for each instruction. */
import type { Timestamp } from '../go/time.ts';
import type { ImageConfig } from '../image/config.ts';
import type { Env } from '../parser/words.ts';

/**
 * The room left for the texts of a build's entries. Every RUN names all arguments with their values, so n RUNs after n
 * ARGs make a text of n². BuildKit's messages cannot hold an image config beyond 16 MiB.
 */
export interface HistoryBudget {
  /** Number of characters left. */
  characters: number;
}

/** The budget of a new build. */
export const newHistoryBudget = (): HistoryBudget => ({ characters: 128 << 20 });

/** Adds an entry. @throws Error if the history gets too long */
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

/** The text of a RUN: the number of build arguments and their values, then the command line. */
export function runHistory(
  args: readonly string[],
  buildArgs: ReadonlyMap<string, string | undefined>,
  env: Env,
): string {
  const values = Array.from(buildArgs, ([key, value]) => `${key}=${env.get(key) ?? value ?? ''}`);
  const counted = values.length > 0 ? [`|${values.length}`, ...values] : [];
  return [...counted, ...args].join(' ');
}
