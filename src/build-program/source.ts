/** What files can be copied and mounted from: stages and contexts. */
import type { Node } from './graph.ts';
import { describe } from './text.ts';

/** A stage's node, or the name of a context: '' for the main context. */
export type Origin =
  | { readonly node: Node; readonly name?: undefined }
  | { readonly node?: undefined; readonly name: string };

let originIn: (value: object) => Origin | undefined;

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
  /** Programs do not see it; by it, the type checker tells sources from anything else. */
  readonly #origin: Origin;
  static {
    originIn = (value) => (#origin in value ? value.#origin : undefined);
  }
  /** @internal */
  constructor(origin: Origin) {
    this.#origin = origin;
  }
}

/** The origin of a stage or context. @throws TypeError for anything else */
export function originOf(source: unknown, what: string): Origin {
  const origin = typeof source === 'object' && source !== null ? originIn(source) : undefined;
  if (!origin) throw new TypeError(`${what} must be a stage or a context, not ${describe(source)}`);
  return origin;
}

/** The node of a stage; undefined for anything else. */
export const nodeOf = (value: unknown): Node | undefined =>
  typeof value === 'object' && value !== null ? originIn(value)?.node : undefined;

/** The nodes that reading from a source needs. */
export const readsOf = (origin: Origin | undefined): readonly Node[] => (origin?.node ? [origin.node] : []);
