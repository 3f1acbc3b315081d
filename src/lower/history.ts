/** The history of an image: an entry for each instruction. */
import type { Timestamp } from '../go/time.ts';
import type { ImageConfig } from '../image/config.ts';
import type { Env } from '../parser/words.ts';

/** Adds an entry. */
export function addHistory(image: ImageConfig, createdBy: string, hasLayer: boolean, created: Timestamp | undefined) {
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
