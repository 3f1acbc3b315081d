/** Builds several filesystems together. */
import type { Constraints } from './constraints.ts';
import { PassthroughVertex } from './passthrough-vertex.ts';
import { State } from './state.ts';

/**
 * Joins several filesystems in one op, so that each is built only together with all others.
 *
 * @param id distinguishes the op from others with the same inputs
 * @param inputs the states; one with `hasOutput: false` is built, but the op has no output for it
 * @returns the states with an output, with the values that they had
 * @example
 * const [checked] = passthrough('tested', [{ state: app }, { state: tests, hasOutput: false }]);
 */
export function passthrough(
  id: string,
  inputs: readonly { readonly state: State; readonly hasOutput?: boolean }[],
  constraints: Constraints = {},
): State[] {
  const edges = inputs.flatMap(({ state, hasOutput = true }) =>
    state.output ? { state, output: state.output, hasOutput } : [],
  );
  const vertex = new PassthroughVertex(id, edges, constraints);
  const results = edges.filter(({ hasOutput }) => hasOutput);
  return results.map(({ state }, index) => state.withOutput(State.fromOutput({ vertex, index })));
}
