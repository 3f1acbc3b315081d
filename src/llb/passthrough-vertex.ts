/**
 * The op that passes several filesystems on (`pb.PassthroughOp`). `State.requires` makes it too, so this module does
 * not know `State`; `passthrough.ts` has the function for users.
 */
import * as pb from '../gen/pb/ops_fields.ts';
import type { Constraints } from './constraints.ts';
import { encodeOp } from './encode-op.ts';
import { type EncodeContext, type EncodedOp, inputsOf, type OpVertex, type Output } from './vertex.ts';

/** An input of the op. */
export interface PassthroughInput {
  /** The filesystem. */
  readonly output: Output;
  /** Whether the op has an output for it. Otherwise it is only built. */
  readonly hasOutput: boolean;
}

/** Builds its inputs together and passes on those that have an output. */
export class PassthroughVertex implements OpVertex {
  private readonly id: string;
  private readonly edges: readonly PassthroughInput[];
  private readonly constraints: Constraints;

  constructor(id: string, edges: readonly PassthroughInput[], constraints: Constraints) {
    this.id = id;
    this.edges = edges;
    this.constraints = constraints;
  }

  inputs(): readonly Output[] {
    return this.edges.map(({ output }) => output);
  }

  encode(context: EncodeContext): EncodedOp {
    if (this.edges.length === 0) throw new Error('passthrough must have at least one input');
    if (this.id === '') throw new Error('passthrough requires an id');
    const outputs = this.edges.flatMap(({ hasOutput }, at) => (hasOutput ? at : []));
    if (outputs.length === 0) throw new Error('passthrough must have at least one output');
    return encodeOp(context, {
      inputs: inputsOf(context, this.inputs()),
      kind: 'passthrough',
      body: (to) => {
        to.string(pb.PassthroughOp.id, this.id);
        to.packed(pb.PassthroughOp.outputs, outputs);
      },
      constraints: this.constraints,
      caps: ['passthroughop'],
      platformSpecific: false,
    });
  }
}
