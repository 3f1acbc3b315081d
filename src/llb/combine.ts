/** Ops that join states without running anything: merge, diff, passthrough, and a build of LLB from a state. */
import { encodeOp } from './encode-op.ts';
import type { Constraints } from './options.ts';
import type { EncodeContext, EncodedOp, Input, Output, Vertex } from './vertex.ts';

/** An edge that must exist; a deferred output may turn out to be scratch. */
function required(context: EncodeContext, outputs: readonly Output[]): Input[] {
  return outputs.flatMap((output) => context.input(output) ?? []);
}

export class MergeVertex implements Vertex {
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
    const inputs = required(context, this.layers);
    if (inputs.length < 2) throw new Error('merge must have at least 2 inputs');
    return encodeOp(context, {
      inputs,
      kind: 'merge',
      body: (to) => {
        for (const at of inputs.keys()) to.message(1, () => to.int(1, at));
      },
      constraints: this.constraints,
      caps: ['mergeop'],
      platformSpecific: false,
    });
  }
}

export class DiffVertex implements Vertex {
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
    const position = (input: Input | undefined) => (input ? inputs.push(input) - 1 : -1);
    const lower = position(context.input(this.lower));
    const upper = position(context.input(this.upper));
    return encodeOp(context, {
      inputs,
      kind: 'diff',
      body: (to) => {
        to.message(1, () => to.int(1, lower));
        to.message(2, () => to.int(1, upper));
      },
      constraints: this.constraints,
      caps: ['diffop'],
      platformSpecific: false,
    });
  }
}

/** One result of a passthrough: an input that is handed on. */
export interface PassthroughInput {
  readonly output: Output;
  /** Whether this input is a result of the op, or only has to be built. */
  readonly handedOn: boolean;
}

export class PassthroughVertex implements Vertex {
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
    const outputs = this.edges.flatMap(({ handedOn }, at) => (handedOn ? at : []));
    if (outputs.length === 0) throw new Error('passthrough must have at least one output');
    return encodeOp(context, {
      inputs: required(context, this.inputs()),
      kind: 'passthrough',
      body: (to) => {
        to.string(1, this.id);
        to.packed(2, outputs);
      },
      constraints: this.constraints,
      caps: ['passthroughop'],
      platformSpecific: false,
    });
  }
}

const definitionInput = 'buildkit.llb.definition';

/** Solves the definition that a file of the source holds. */
export class BuildVertex implements Vertex {
  private readonly source: Output;
  private readonly filename: string;
  private readonly constraints: Constraints;

  constructor(source: Output, filename: string, constraints: Constraints) {
    this.source = source;
    this.filename = filename;
    this.constraints = constraints;
  }

  inputs(): readonly Output[] {
    return [this.source];
  }

  encode(context: EncodeContext): EncodedOp {
    return encodeOp(context, {
      inputs: required(context, [this.source]),
      kind: 'build',
      body: (to) => {
        to.int(1, -1); // pb.LLBBuilder
        to.message(2, () => {
          to.string(1, definitionInput);
          to.message(2, () => {}); // input 0
        });
        if (this.filename !== '') to.stringMap(4, new Map([['llbbuild.filename', this.filename]]));
      },
      constraints: this.constraints,
      caps: ['source.buildop.llbfilename'],
      platformSpecific: true,
    });
  }
}
