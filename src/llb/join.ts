/** States made of several others. */
import { DiffVertex, MergeVertex, PassthroughVertex } from './combine.ts';
import type { Constraints } from './options.ts';
import { State } from './state.ts';
import type { DeferredOutput, Output } from './vertex.ts';

/**
 * Lays filesystems over each other, later ones on top, without copying: changing one leaves the cache of the others
 * as it is. Scratch counts for nothing. The result has the values of the first state.
 *
 * @example
 * merge([base, diff(base, withTools), diff(base, withConfig)]);
 */
export function merge(states: readonly State[], constraints: Constraints = {}): State {
  const layers = states.filter((state) => !state.isScratch());
  const first = layers[0] ?? State.of(undefined);
  if (layers.length < 2) return first;
  const outputs = layers.map((state) => state.output!);
  return first.withOutput(State.of({ vertex: new MergeVertex(outputs, constraints), index: 0 }));
}

/**
 * What `upper` changes in `lower`, for `merge`. The difference to scratch is `upper` itself.
 *
 * @example
 * const base = image('alpine');
 * const tools = diff(base, base.run({ shlex: 'apk add git' }).root);
 */
export function diff(lower: State, upper: State, constraints: Constraints = {}): State {
  if (!lower.output) return upper.output ? upper : State.of(undefined);
  return lower.withOutput(State.of({ vertex: new DiffVertex(lower.output, upper.output, constraints), index: 0 }));
}

/**
 * Makes several filesystems one op: each is built only together with all the others.
 *
 * @param id tells such ops apart
 * @returns the states that are handed on, with the values they had
 * @example
 * const [checked] = passthrough('tested', [{ state: app }, { state: tests, handedOn: false }]);
 */
export function passthrough(
  id: string,
  inputs: readonly { readonly state: State; readonly handedOn?: boolean }[],
  constraints: Constraints = {},
): State[] {
  const edges = inputs.flatMap(({ state, handedOn = true }) =>
    state.output ? { state, output: state.output, handedOn } : [],
  );
  const vertex = new PassthroughVertex(id, edges, constraints);
  const results = edges.filter(({ handedOn }) => handedOn);
  return results.map(({ state }, index) => state.withOutput(State.of({ vertex, index })));
}

/**
 * A state whose filesystem is asked for only when a graph with it is marshalled, and then once. Its values are those
 * of a fresh state, whatever the function's result says.
 *
 * @example
 * const paths: string[] = [];
 * const context = deferred(() => local('context', { followPaths: paths }));
 * paths.push('package.json'); // known later, from the steps that copy from the context
 */
export function deferred(make: () => State): State {
  let known: { readonly output: Output | undefined } | undefined;
  const output: DeferredOutput = {
    resolve() {
      known ??= { output: make().output };
      return known.output;
    },
  };
  return State.of(output);
}
