/** The op that merges filesystems (`pb.MergeOp`). */
import * as pb from '../gen/pb/ops_fields.ts';
import { checkArgument } from '../text/arguments.ts';
import type { Constraints } from './constraints.ts';
import { encodeOp } from './encode-op.ts';
import { anArrayOfStates } from './llb-arguments.ts';
import { State, scratch } from './state.ts';
import { type EncodeContext, type EncodedOp, inputsOf, type OpVertex, type Output } from './vertex.ts';

/**
 * Merges filesystems without copying files; a later one overrides earlier ones. If one of them changes, the cache of
 * the others stays valid. Scratch states are ignored. The result has the values of the first other state.
 *
 * @example
 * merge([base, diff(base, withTools), diff(base, withConfig)]);
 */
export function merge(states: readonly State[], constraints: Constraints = {}): State {
  checkArgument('merge', 'states', states, anArrayOfStates);
  const layers = states.filter((state) => !state.isScratch());
  const first = layers[0] ?? scratch();
  if (layers.length < 2) return first;
  const outputs = layers.map((state) => state.output!);
  return first.withOutput(State.fromOutput({ vertex: new MergeVertex(outputs, constraints), index: 0 }));
}

class MergeVertex implements OpVertex {
  private readonly layers: readonly Output[];
  private readonly constraints: Constraints;

  constructor(layers: readonly Output[], constraints: Constraints) {
    this.layers = layers;
    this.constraints = constraints;
  }

  inputs(): readonly Output[] {
    return this.layers;
  }

  encode(context: EncodeContext): EncodedOp {
    const inputs = inputsOf(context, this.layers);
    if (inputs.length < 2) throw new Error('merge must have at least 2 inputs');
    return encodeOp(context, {
      inputs,
      kind: 'merge',
      body: (to) => {
        for (const at of inputs.keys()) to.message(pb.MergeOp.inputs, () => to.int(pb.MergeInput.input, at));
      },
      constraints: this.constraints,
      caps: ['mergeop'],
      platformSpecific: false,
    });
  }
}
