/** The op that builds another graph (`pb.BuildOp`) and its options. */
import * as pb from '../gen/pb/ops_fields.ts';
import { mapEntry } from '../protobuf/writer.ts';
import type { Constraints } from './constraints.ts';
import { encodeOp } from './encode-op.ts';
import { type EncodeContext, type EncodedOp, inputsOf, type OpVertex, type Output } from './vertex.ts';

/** Options of `State.build`. */
export interface BuildOptions extends Constraints {
  /** Path of the file that contains the definition; `buildkit.llb.definition` if absent. */
  readonly filename?: string | undefined;
}

/** Name of the file that contains the definition, unless an attribute names another. */
export const defaultFilename = 'buildkit.llb.definition';

/** Attribute that names the file that contains the definition. */
export const filenameAttribute = 'llbbuild.filename';

const definitionInput = 'buildkit.llb.definition'; // name of the input that contains the file
const llbBuilder = -1; // pb.LLBBuilder

/** Builds the definition that a file of the source contains. */
export class BuildVertex implements OpVertex {
  private readonly source: Output;
  private readonly options: BuildOptions;

  constructor(source: Output, options: BuildOptions) {
    this.source = source;
    this.options = options;
  }

  inputs(): readonly Output[] {
    return [this.source];
  }

  encode(context: EncodeContext): EncodedOp {
    const { filename } = this.options;
    return encodeOp(context, {
      inputs: inputsOf(context, [this.source]),
      kind: 'build',
      body: (to) => {
        to.int(pb.BuildOp.builder, llbBuilder);
        to.message(pb.BuildOp.inputs, () => {
          to.string(mapEntry.key, definitionInput);
          to.message(mapEntry.value, () => to.int(pb.BuildInput.input, 0));
        });
        if (filename) to.stringMap(pb.BuildOp.attrs, new Map([[filenameAttribute, filename]]));
      },
      constraints: this.options,
      caps: ['source.buildop.llbfilename'],
      platformSpecific: true,
    });
  }
}
