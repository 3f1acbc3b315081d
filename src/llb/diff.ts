/** The op that computes the difference of filesystems (`pb.DiffOp`). */
import * as pb from '../gen/pb/ops_fields.ts';
import { checkArgument } from '../text/arguments.ts';
import type { Constraints } from './constraints.ts';
import { encodeOp } from './encode-op.ts';
import { aState } from './llb-arguments.ts';
import { State, scratch } from './state.ts';
import { type EncodeContext, type EncodedOp, emptyInput, type Input, type OpVertex, type Output } from './vertex.ts';

/**
 * Makes a filesystem of what `upper` changes in `lower`, for `merge`. The difference to scratch is `upper` itself.
 *
 * @example
 * const base = image('alpine');
 * const tools = diff(base, base.run({ shlex: 'apk add git' }).root);
 */
export function diff(lower: State, upper: State, constraints: Constraints = {}): State {
  checkArgument('diff', 'lower', lower, aState);
  checkArgument('diff', 'upper', upper, aState);
  if (!lower.output) return upper.output ? upper : scratch();
  return lower.withOutput(
    State.fromOutput({ vertex: new DiffVertex(lower.output, upper.output, constraints), index: 0 }),
  );
}

class DiffVertex implements OpVertex {
  private readonly lower: Output;
  private readonly upper: Output | undefined;
  private readonly constraints: Constraints;

  constructor(lower: Output, upper: Output | undefined, constraints: Constraints) {
    this.lower = lower;
    this.upper = upper;
    this.constraints = constraints;
  }

  inputs(): readonly (Output | undefined)[] {
    return [this.lower, this.upper];
  }

  encode(context: EncodeContext): EncodedOp {
    const inputs: Input[] = [];
    const position = (input: Input | undefined) => (input ? inputs.push(input) - 1 : emptyInput);
    const lower = position(context.input(this.lower));
    const upper = position(context.input(this.upper));
    return encodeOp(context, {
      inputs,
      kind: 'diff',
      body: (to) => {
        to.message(pb.DiffOp.lower, () => to.int(pb.LowerDiffInput.input, lower));
        to.message(pb.DiffOp.upper, () => to.int(pb.UpperDiffInput.input, upper));
      },
      constraints: this.constraints,
      caps: ['diffop'],
      platformSpecific: false,
    });
  }
}
