/** A marshalled graph, which BuildKit solves. */
import * as pb from '../gen/pb/ops_fields.ts';
import type { Op, OpMetadata, Definition as PbDefinition, Source } from '../gen/pb/ops_pb.ts';
import { OpSchema, DefinitionSchema as PbDefinitionSchema, SourceSchema } from '../gen/pb/ops_schemas.ts';
import { sortByBytes } from '../go/unicode.ts';
import { digestOf } from '../image/digest.ts';
import { decode } from '../protobuf/decode.ts';
import { writeMessage } from '../protobuf/encode.ts';
import { StringRuns } from '../protobuf/string-runs.ts';
import { mapEntry, ProtoWriter } from '../protobuf/writer.ts';
import { aUint8Array, checkArgument } from '../text/arguments.ts';
import { writeMetadata } from './op-metadata.ts';

/**
 * Decodes an op.
 *
 * @param runs as of `decode`
 * @throws Error `failed to parse llb proto op: …`, in the reference's words
 */
export function decodeOp(bytes: Uint8Array, runs?: StringRuns): Op {
  try {
    return decode(OpSchema, bytes, runs);
  } catch (cause) {
    throw new Error(`failed to parse llb proto op: ${(cause as Error).message}`, { cause });
  }
}

/** A decoded op of a definition. */
export interface DefinitionEntry {
  /** Digest of the op. */
  readonly digest: string;
  /** The op as a protobuf message. */
  readonly op: Op;
  /** Its metadata; undefined if the definition does not have any for it. */
  readonly metadata: OpMetadata | undefined;
}

/** Places in source files that become a message only if it is asked for: its objects take more memory than the ops. */
export interface SourceLocations {
  /** Makes the message. */
  toPb(): Source;
  /** Writes the fields of the message. */
  write(to: ProtoWriter): void;
}

/**
 * A marshalled graph. It is immutable. `State.marshal` makes it, `Definition.decode` reads it.
 *
 * @example
 * const definition = Definition.decode(await readFile('build.llb'));
 * for (const { digest, op, metadata } of definition.ops())
 *   console.log(digest, op.op.case, metadata?.description['llb.customname']);
 */
export class Definition {
  /** Encoded ops, inputs before the ops that use them. The last one only names the result. Empty for scratch. */
  readonly def: readonly Uint8Array[];
  /** Metadata by digest of the op (`sha256:…`). */
  readonly metadata: ReadonlyMap<string, OpMetadata>;
  private places: Source | SourceLocations | undefined;

  constructor(
    def: readonly Uint8Array[] = [],
    metadata: ReadonlyMap<string, OpMetadata> = new Map(),
    source: Source | SourceLocations | undefined = undefined,
  ) {
    this.def = def;
    this.metadata = metadata;
    this.places = source;
  }

  /** Places in source files that the ops were made of; undefined if unknown. */
  get source(): Source | undefined {
    if (this.places && 'write' in this.places) this.places = this.places.toPb();
    return this.places;
  }

  /** Makes a definition of a message of the gateway or control API. */
  static fromPb(message: PbDefinition): Definition {
    return new Definition(message.def, new Map(Object.entries(message.metadata)), message.Source);
  }

  /**
   * Reads the bytes that `buildctl build` reads and `tsfront compile --format pb` writes.
   *
   * @throws Error if the bytes are not a definition. Invalid ops are an error when they are decoded
   */
  static decode(bytes: Uint8Array): Definition {
    checkArgument('decode', 'bytes', bytes, aUint8Array);
    let message: PbDefinition;
    try {
      message = decode(PbDefinitionSchema, bytes);
    } catch (cause) {
      throw new Error(`the bytes are not an LLB definition: ${(cause as Error).message}`, { cause });
    }
    return Definition.fromPb(message);
  }

  /** Makes a message for the gateway or control API. */
  toPb(): PbDefinition {
    const { def, metadata, source } = this;
    const message: PbDefinition = {
      $typeName: 'pb.Definition',
      def: [...def],
      metadata: Object.fromEntries(metadata), // without `create`, which looks at each of thousands
    };
    if (source) message.Source = source;
    return message;
  }

  /** Returns the bytes that `decode` reads. */
  encode(): Uint8Array {
    const writer = new ProtoWriter();
    this.write(writer);
    return writer.handOver();
  }

  /** Writes the fields of the message that `toPb` makes. */
  write(to: ProtoWriter): void {
    for (const op of this.def) to.elementBytes(pb.Definition.def, op);
    for (const digest of sortByBytes([...this.metadata.keys()])) {
      const entry = to.open(pb.Definition.metadata);
      to.element(mapEntry.key, digest);
      const value = to.open(mapEntry.value);
      writeMetadata(to, this.metadata.get(digest)!);
      to.close(value);
      to.close(entry);
    }
    if (!this.places) return;
    const start = to.open(pb.Definition.Source);
    if ('write' in this.places) this.places.write(to);
    else writeMessage(to, SourceSchema, this.places);
    to.close(start);
  }

  /**
   * Returns the digest of the op whose output is the result; '' for scratch.
   * @throws Error if the last op is invalid
   */
  head(): string {
    const last = this.def.at(-1);
    return (last && decodeOp(last).inputs[0]?.digest) ?? '';
  }

  /** Decodes the ops in the order of `def`. @throws Error if an op is invalid */
  ops(): DefinitionEntry[] {
    const runs = new StringRuns();
    return this.def.map((bytes) => {
      const digest = digestOf(bytes);
      return { digest, op: decodeOp(bytes, runs), metadata: this.metadata.get(digest) };
    });
  }
}
