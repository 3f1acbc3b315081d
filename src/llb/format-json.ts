/** Writes a definition as JSON. The bytes are those of the answer of the reference's `frontend.convertllb`. */
import type { OpMetadata } from '../gen/pb/ops_pb.ts';
import { OpSchema, SourceSchema } from '../gen/pb/ops_schemas.ts';
import { type JsonEncodable, marshalJsonIndent } from '../go/json-encode.ts';
import { messageToJson } from '../protobuf/json.ts';
import { checkArgument } from '../text/arguments.ts';
import type { Definition } from './definition.ts';
import { aDefinition } from './llb-arguments.ts';

/**
 * Returns the JSON of a definition: `def` and `metadata`, each by digest of the op, and `source`. Ops have the form of
 * protobuf's JSON: 64-bit numbers are strings, bytes are base64.
 *
 * @example
 * await writeFile('build.json', formatJson(state.marshal()));
 * @throws Error if an op is invalid, or the text would be longer than a string can be, about 512 MB
 */
export function formatJson(definition: Definition): string {
  checkArgument('formatJson', 'definition', definition, aDefinition);
  return writeJson(definitionToJson(definition));
}

/** Returns the members of the JSON of a definition, for documents that have other members too. */
export function definitionToJson(definition: Definition): { readonly [member: string]: JsonEncodable } {
  const def = new Map<string, JsonEncodable>();
  const metadata = new Map<string, JsonEncodable>();
  for (const { digest, op } of definition.ops()) def.set(digest, messageToJson(OpSchema, op));
  for (const [digest, own] of definition.metadata) metadata.set(digest, metadataToJson(own));
  const source = definition.source ? messageToJson(SourceSchema, definition.source) : {};
  return { def, metadata, source };
}

/** Writes JSON with Go's indentation. @throws Error if the text would be longer than a string can be */
export function writeJson(document: JsonEncodable): string {
  try {
    return marshalJsonIndent(document, '', '  ');
  } catch (cause) {
    // V8's strings end at half a gigabyte.
    if (!(cause instanceof RangeError)) throw cause;
    throw new Error('the graph is too large to be written as JSON: write it in the binary format', { cause });
  }
}

/**
 * Returns metadata in the form of Go's encoding/json: unlike in protobuf's JSON, names are those of the .proto file and
 * 64-bit numbers are numbers.
 */
export function metadataToJson(metadata: OpMetadata): JsonEncodable {
  const { ignoreCache, description, exportCache, caps, progressGroup, linuxResources } = metadata;
  return {
    ignore_cache: ignoreCache || undefined,
    description: stringMap(description),
    export_cache: exportCache && { Value: exportCache.Value || undefined },
    caps: stringMap(caps),
    progress_group: progressGroup && withoutZeros(progressGroup),
    linux_resources: linuxResources && withoutZeros(linuxResources),
  };
}

function stringMap(entries: Readonly<Record<string, string | boolean>>): JsonEncodable {
  const pairs = Object.entries(entries);
  return pairs.length > 0 ? new Map(pairs) : undefined;
}

function withoutZeros(message: object): JsonEncodable {
  return Object.fromEntries(Object.entries(message).filter(([key, value]) => key !== '$typeName' && value));
}
