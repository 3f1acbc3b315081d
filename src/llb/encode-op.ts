/** Encodes what all ops have in common: inputs, platform, worker constraints and metadata. */
import * as pb from '../gen/pb/ops_fields.ts';
import type { OpMetadata } from '../gen/pb/ops_pb.ts';
import {
  ExportCacheSchema,
  LinuxResourcesSchema,
  OpMetadataSchema,
  ProgressGroupSchema,
} from '../gen/pb/ops_schemas.ts';
import { digestOf } from '../image/digest.ts';
import type { Platform } from '../image/platform.ts';
import { create } from '../protobuf/create.ts';
import { ProtoWriter } from '../protobuf/writer.ts';
import type { Constraints } from './constraints.ts';
import { sharedCaps } from './op-metadata.ts';
import { writePlatform } from './platform-message.ts';
import type { EncodeContext, EncodedOp, Input } from './vertex.ts';

/** A member of the oneof of `pb.Op`. */
type OpKind = Exclude<keyof typeof pb.Op, 'inputs' | 'platform' | 'constraints'>;

/** The parts of an op. */
export interface OpParts {
  /** Edges to the ops that it builds on. */
  readonly inputs: readonly Input[];
  /** Which op it is. */
  readonly kind: OpKind;
  /** Writes the fields of the message of this kind. */
  readonly body: (to: ProtoWriter) => void;
  /** Constraints of the op itself. */
  readonly constraints: Constraints;
  /** Platform if the constraints have none; that of the graph if absent. */
  readonly platform?: Platform | undefined;
  /** Capabilities that the daemon needs for it. */
  readonly caps: readonly string[];
  /** Whether the result depends on the platform. */
  readonly platformSpecific: boolean;
}

const writer = new ProtoWriter(); // a single one: encoding an op never encodes another

/**
 * Encodes an op. Its own constraints override those of the graph.
 * @throws Error if `body` does
 */
export function encodeOp({ constraints: base }: EncodeContext, op: OpParts): EncodedOp {
  try {
    for (const input of op.inputs) writeInput(writer, input);
    if (op.platformSpecific)
      writer.message(pb.Op.platform, () =>
        writePlatform(writer, op.constraints.platform ?? op.platform ?? base.platform),
      );
    const constraints = writer.open(pb.Op.constraints);
    writer.strings(pb.WorkerConstraints.filter, base.workerConstraints);
    writer.strings(pb.WorkerConstraints.filter, op.constraints.workerConstraints);
    writer.close(constraints);
    const body = writer.open(pb.Op[op.kind]);
    op.body(writer);
    writer.close(body);
    const bytes = writer.finish();
    const metadata = opMetadata(base, op.constraints, op.caps);
    return { digest: digestOf(bytes), bytes, metadata, locations: op.constraints.locations };
  } catch (error) {
    writer.reset();
    throw error;
  }
}

/** Encodes the last op of a definition, which has no kind: its input is the result of the graph. */
export function encodeTerminal(input: Input): Uint8Array {
  writeInput(writer, input);
  return writer.finish();
}

function writeInput(to: ProtoWriter, input: Input): void {
  const start = to.open(pb.Op.inputs);
  to.string(pb.Input.digest, input.digest);
  to.int(pb.Input.index, input.index);
  to.close(start);
}

function opMetadata(base: Constraints, own: Constraints, caps: readonly string[]): OpMetadata {
  const metadata: OpMetadata = {
    $typeName: 'pb.OpMetadata',
    ignoreCache: false,
    description: {},
    caps: sharedCaps(caps),
  };
  addMetadata(metadata, base);
  addMetadata(metadata, own);
  return metadata;
}

function addMetadata(metadata: OpMetadata, constraints: Constraints): void {
  const { description, customName, exportCache, progressGroup, linuxResources } = constraints;
  if (constraints.ignoreCache) metadata.ignoreCache = true;
  if (description) Object.assign(metadata.description, description);
  if (customName !== undefined) metadata.description['llb.customname'] = customName;
  if (exportCache !== undefined) metadata.exportCache = create(ExportCacheSchema, { Value: exportCache });
  if (progressGroup) metadata.progressGroup = create(ProgressGroupSchema, progressGroup);
  if (linuxResources) metadata.linuxResources = create(LinuxResourcesSchema, linuxResources);
}

/**
 * Merges the metadata of two vertices of the same digest. Flags and capabilities add up; otherwise the second one
 * overrides.
 */
export function mergeMetadata(first: OpMetadata | undefined, second: OpMetadata): OpMetadata {
  if (!first) return second;
  return create(OpMetadataSchema, {
    ignoreCache: first.ignoreCache || second.ignoreCache,
    description: { ...first.description, ...second.description },
    caps: { ...first.caps, ...second.caps },
    ...pickDefined(first),
    ...pickDefined(second),
  });
}

function pickDefined({ exportCache, progressGroup, linuxResources }: OpMetadata) {
  return {
    ...(exportCache && { exportCache }),
    ...(progressGroup && { progressGroup }),
    ...(linuxResources && { linuxResources }),
  };
}
