/** Builds several filesystems together. */
import type { Constraints } from './constraints.ts';
import { PassthroughVertex } from './passthrough-vertex.ts';
import { State } from './state.ts';

/**
 * Joins several filesystems in one op, so that each is built only together with all others.
 *
 * @param id distinguishes the op from others with the same inputs
 * @param inputs the states; one with `handedOn: false` is only built
 * @returns the other states, with the values that they had
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
