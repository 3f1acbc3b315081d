/** What files can be copied and mounted from: stages and contexts. */
import type { Node } from './graph.ts';
import { describe } from './text.ts';

/** A stage's node, or the name of a context: '' for the main context. */
export type Origin =
  | { readonly node: Node; readonly name?: undefined }
  | { readonly node?: undefined; readonly name: string };

/** Programs see stages and contexts, and not what they are made of. */
const origins = new WeakMap<Source, Origin>();

/**
 * A stage or a context: files can be copied and mounted from it.
 *
 * @example
 * import { context, image, scratch, type Source } from 'tsfront/build';
 *
 * const published = (from: Source) => scratch().copy(from, 'public', '/srv');
 * export const fromStage = () => published(image('example/site').workdir('/'));
 * export const fromFiles = () => published(context());
 */
export abstract class Source {
  /** @internal */
  constructor(origin: Origin) {
    origins.set(this, origin);
  }
}

/** The origin of a stage or context. @throws TypeError for anything else */
export function originOf(source: unknown, what: string): Origin {
  const origin = typeof source === 'object' && source !== null ? origins.get(source as Source) : undefined;
  if (!origin) throw new TypeError(`${what} must be a stage or a context, not ${describe(source)}`);
  return origin;
}

/** The node of a stage; undefined for anything else. */
export const nodeOf = (value: unknown): Node | undefined =>
  typeof value === 'object' && value !== null ? origins.get(value as Source)?.node : undefined;

/** The nodes that reading from a source needs. */
export const readsOf = (origin: Origin | undefined): readonly Node[] => (origin?.node ? [origin.node] : []);
