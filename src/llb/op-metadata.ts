/** The metadata of ops: few sets of capabilities, which thousands of ops share. */
import * as pb from '../gen/pb/ops_fields.ts';
import type { OpMetadata } from '../gen/pb/ops_pb.ts';
import { OpMetadataSchema } from '../gen/pb/ops_schemas.ts';
import { sortByBytes } from '../go/unicode.ts';
import { encode, writeMessage } from '../protobuf/encode.ts';
import { mapEntry, type ProtoWriter } from '../protobuf/writer.ts';

/**
 * Sets of capabilities by their names, and the fields of the messages that have them. Most ops need one of a few sets.
 */
const capSets = new Map<string, OpMetadata['caps']>();
const encodedCaps = new Map<OpMetadata['caps'], Uint8Array>();

/** The set of these capabilities: ops share it. */
export function sharedCaps(caps: readonly string[]): OpMetadata['caps'] {
  const key = caps.join(' ');
  let shared = capSets.get(key);
  if (!shared) {
    capSets.set(key, (shared = Object.freeze(Object.fromEntries(caps.map((cap) => [cap, true])))));
    encodedCaps.set(shared, encode(OpMetadataSchema, { caps: shared }));
  }
  return shared;
}

/** Writes the fields of metadata. */
export function writeMetadata(to: ProtoWriter, metadata: OpMetadata): void {
  const { ignoreCache, description, caps, exportCache, progressGroup, linuxResources, $unknown } = metadata;
  const capFields = encodedCaps.get(caps);
  if (!capFields || exportCache || progressGroup || linuxResources || $unknown) {
    writeMessage(to, OpMetadataSchema, metadata);
    return;
  }
  to.bool(pb.OpMetadata.ignoreCache, ignoreCache);
  for (const key of sortByBytes(Object.keys(description))) {
    const entry = to.open(pb.OpMetadata.description);
    to.element(mapEntry.key, key);
    to.element(mapEntry.value, description[key]!);
    to.close(entry);
  }
  to.append(capFields);
}
