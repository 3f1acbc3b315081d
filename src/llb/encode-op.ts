/** The parts that all ops share: inputs, platform, worker constraints and metadata. */
import { hash } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import {
  ExportCacheSchema,
  LinuxResourcesSchema,
  type OpMetadata,
  OpMetadataSchema,
  ProgressGroupSchema,
} from '../gen/pb/ops_pb.ts';
import type { Platform } from '../image/platform.ts';
import type { Constraints } from './options.ts';
import { ProtoWriter } from './proto-writer.ts';
import type { EncodeContext, EncodedOp, Input } from './vertex.ts';

/** Field numbers of `pb.Op`'s oneof. */
export const opField = { exec: 2, source: 3, file: 4, build: 5, merge: 6, diff: 7, passthrough: 8 } as const;

export interface OpParts {
  readonly inputs: readonly Input[];
  readonly kind: keyof typeof opField;
  /** Writes the kind's own message. */
  readonly body: (writer: ProtoWriter) => void;
  readonly constraints: Constraints;
  readonly caps: readonly string[];
  /** false for ops that give the same result on any platform. */
  readonly platformSpecific: boolean;
}

const writer = new ProtoWriter(); // one is enough: encoding an op never encodes another

/** Encodes an op with its own constraints over those of the graph. */
export function encodeOp({ constraints: base }: EncodeContext, op: OpParts): EncodedOp {
  try {
    for (const input of op.inputs) writeInput(writer, input);
    if (op.platformSpecific) writer.message(10, () => writePlatform(writer, op.constraints.platform ?? base.platform));
    writer.message(11, () => {
      writer.strings(1, base.workerConstraints);
      writer.strings(1, op.constraints.workerConstraints);
    });
    writer.message(opField[op.kind], () => op.body(writer));
    const bytes = writer.finish();
    const metadata = opMetadata(base, op.constraints, op.caps);
    return { digest: digestOf(bytes), bytes, metadata, locations: op.constraints.locations };
  } catch (error) {
    writer.reset();
    throw error;
  }
}

/** The last op of a definition: no kind, only the input that names the result. */
export function encodeTerminal(input: Input): Uint8Array {
  writeInput(writer, input);
  return writer.finish();
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${hash('sha256', bytes)}`;
}

function writeInput(to: ProtoWriter, input: Input): void {
  to.message(1, () => {
    to.string(1, input.digest);
    to.int(2, input.index);
  });
}

function writePlatform(to: ProtoWriter, platform: Platform): void {
  to.string(1, platform.architecture);
  to.string(2, platform.os);
  to.string(3, platform.variant);
  to.string(4, platform.osVersion);
  to.strings(5, platform.osFeatures);
}

function opMetadata(base: Constraints, own: Constraints, caps: readonly string[]): OpMetadata {
  const metadata: OpMetadata = {
    $typeName: 'pb.OpMetadata',
    ignoreCache: false,
    description: {},
    caps: sharedCaps(caps),
  };
  for (const constraints of [base, own]) {
    const { description, customName, exportCache, progressGroup, linuxResources } = constraints;
    if (constraints.ignoreCache) metadata.ignoreCache = true;
    if (description) Object.assign(metadata.description, description);
    if (customName !== undefined) metadata.description['llb.customname'] = customName;
    if (exportCache !== undefined) metadata.exportCache = create(ExportCacheSchema, { Value: exportCache });
    if (progressGroup) metadata.progressGroup = create(ProgressGroupSchema, progressGroup);
    if (linuxResources) metadata.linuxResources = create(LinuxResourcesSchema, linuxResources);
  }
  return metadata;
}

/** Most ops need one of a few sets of capabilities. */
const capSets = new Map<string, OpMetadata['caps']>();

function sharedCaps(caps: readonly string[]): OpMetadata['caps'] {
  const key = caps.join(' ');
  let shared = capSets.get(key);
  if (!shared) capSets.set(key, (shared = Object.freeze(Object.fromEntries(caps.map((cap) => [cap, true])))));
  return shared;
}

/** Two vertices with the same digest are one op: the later one's metadata wins, flags and capabilities add up. */
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
