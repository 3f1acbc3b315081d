/** A marshalled graph: what BuildKit solves. */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type Op,
  type OpMetadata,
  OpSchema,
  type Definition as PbDefinition,
  DefinitionSchema as PbDefinitionSchema,
  type Source,
} from '../gen/pb/ops_pb.ts';
import { digestOf } from './encode-op.ts';

/** @throws Error `failed to parse llb proto op: …`, in the reference's words */
export function decodeOp(bytes: Uint8Array): Op {
  try {
    return fromBinary(OpSchema, bytes);
  } catch (cause) {
    throw new Error(`failed to parse llb proto op: ${(cause as Error).message}`, { cause });
  }
}

/** One op of a definition, decoded. */
export interface DefinitionEntry {
  readonly digest: string;
  readonly op: Op;
  readonly metadata: OpMetadata | undefined;
}

/**
 * Immutable; made by `State.marshal`, read from bytes or taken from an API message.
 *
 * @example
 * const definition = Definition.decode(await readFile('build.llb'));
 * for (const { digest, op, metadata } of definition.ops())
 *   console.log(digest, op.op.case, metadata?.description['llb.customname']);
 */
export class Definition {
  /** Marshalled ops in topological order; the last one is the terminal that names the result. Empty for scratch. */
  readonly def: readonly Uint8Array[];
  /** Metadata by op digest (`sha256:…`). */
  readonly metadata: ReadonlyMap<string, OpMetadata>;
  readonly source: Source | undefined;

  constructor(
    def: readonly Uint8Array[] = [],
    metadata: ReadonlyMap<string, OpMetadata> = new Map(),
    source: Source | undefined = undefined,
  ) {
    this.def = def;
    this.metadata = metadata;
    this.source = source;
  }

  /** From the message that the gateway and control APIs carry. */
  static fromPb(message: PbDefinition): Definition {
    return new Definition(message.def, new Map(Object.entries(message.metadata)), message.Source);
  }

  /**
   * From the bytes that `buildctl build` reads and `tsfront compile --format pb` writes.
   *
   * @throws Error for bytes that are no definition; its ops are looked at when they are asked for
   */
  static decode(bytes: Uint8Array): Definition {
    let message: PbDefinition;
    try {
      message = fromBinary(PbDefinitionSchema, bytes);
    } catch (cause) {
      throw new Error(`the bytes are no LLB definition: ${(cause as Error).message}`, { cause });
    }
    return Definition.fromPb(message);
  }

  toPb(): PbDefinition {
    return create(PbDefinitionSchema, {
      def: [...this.def],
      metadata: Object.fromEntries(this.metadata),
      ...(this.source && { Source: this.source }),
    });
  }

  encode(): Uint8Array {
    return toBinary(PbDefinitionSchema, this.toPb());
  }

  /** Digest of the vertex whose result the graph is; '' for scratch. @throws Error where the terminal is no op */
  head(): string {
    const last = this.def.at(-1);
    return (last && decodeOp(last).inputs[0]?.digest) ?? '';
  }

  /** Decodes the ops, terminal last. @throws Error where one is no op */
  ops(): DefinitionEntry[] {
    return this.def.map((bytes) => {
      const digest = digestOf(bytes);
      return { digest, op: decodeOp(bytes), metadata: this.metadata.get(digest) };
    });
  }
}
