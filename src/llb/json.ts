/** Writes a Definition as JSON, in the schema and to the byte as the reference's `frontend.convertllb` answers. */
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { type OpMetadata, OpSchema, SourceSchema } from '../gen/pb/ops_pb.ts';
import { type JsonEncodable, marshalJsonIndent } from '../go/json-encode.ts';
import type { Definition } from './definition.ts';

/**
 * `def` and `metadata` by digest, and `source`; ops as protobuf JSON, so 64 bit numbers are strings, bytes base64.
 *
 * @example
 * await writeFile('build.json', formatJson(state.marshal()));
 * @throws Error where the text would be longer than a string can be, some 512 MB
 */
export function formatJson(definition: Definition): string {
  return writeJson(definitionToJson(definition));
}

/** The members of a definition's JSON, for documents that have others too. */
export function definitionToJson(definition: Definition): { readonly [member: string]: JsonEncodable } {
  const def = new Map<string, JsonEncodable>();
  const metadata = new Map<string, JsonEncodable>();
  for (const { digest, op } of definition.ops()) def.set(digest, messageToJson(OpSchema, op));
  for (const [digest, own] of definition.metadata) metadata.set(digest, metadataToJson(own));
  const source = definition.source ? messageToJson(SourceSchema, definition.source) : {};
  return { def, metadata, source };
}

/** JSON for people, as Go indents it. @throws Error where the text would be longer than a string can be */
export function writeJson(document: JsonEncodable): string {
  try {
    return marshalJsonIndent(document, '', '  ');
  } catch (cause) {
    // V8's strings end at half a gigabyte.
    if (!(cause instanceof RangeError)) throw cause;
    throw new Error('the graph is too large to be written as JSON: write it in the binary format', { cause });
  }
}

/** As Go's encoding/json writes it, unlike protobuf's JSON: names as in the definition file, numbers stay numbers. */
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

type Fields = Readonly<Record<string, unknown>>;

/** Protobuf's JSON mapping with the fields in the order of the definition file and map keys in byte order. */
function messageToJson(schema: DescMessage, message: object): JsonEncodable {
  const json: Record<string, JsonEncodable> = {};
  for (const field of schema.fields) {
    const value = fieldToJson(field, fieldValue(field, message as Fields));
    if (value !== undefined) json[field.jsonName] = value;
  }
  return json;
}

function fieldValue(field: DescField, message: Fields): unknown {
  if (!field.oneof) return message[field.localName];
  const member = message[field.oneof.localName] as { readonly case?: string; readonly value?: unknown };
  return member.case === field.localName ? member.value : undefined;
}

/** undefined for what is not set. */
function fieldToJson(field: DescField, value: unknown): JsonEncodable {
  if (value === undefined) return undefined;
  switch (field.fieldKind) {
    case 'list': {
      const list = value as readonly unknown[];
      return list.length > 0 ? list.map((item) => valueToJson(elementOf(field), item)) : undefined;
    }
    case 'map': {
      const entries = Object.entries(value as object);
      const type = elementOf(field);
      return entries.length > 0 ? new Map(entries.map(([key, item]) => [key, valueToJson(type, item)])) : undefined;
    }
    case 'message':
      return messageToJson(field.message, value as object);
    default:
      return field.oneof || !isZero(value) ? valueToJson(elementOf(field), value) : undefined;
  }
}

/** What a value is, be it a field's own or an element of its list or map. */
interface ValueType {
  readonly message: DescMessage | undefined;
  readonly enumNames: ReadonlyMap<number, string> | undefined;
}

function elementOf(field: DescField): ValueType {
  const { message } = field;
  return { message, enumNames: field.enum && new Map(field.enum.values.map(({ number, name }) => [number, name])) };
}

function valueToJson({ message, enumNames }: ValueType, value: unknown): JsonEncodable {
  if (message) return messageToJson(message, value as object);
  if (enumNames) return enumNames.get(value as number) ?? (value as number);
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64');
  return typeof value === 'bigint' ? value.toString() : (value as string | number | boolean);
}

function isZero(value: unknown): boolean {
  return value instanceof Uint8Array ? value.length === 0 : !value;
}
