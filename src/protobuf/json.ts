/** Protobuf's JSON of messages: 64-bit numbers are strings, bytes are base64, enums are names. */
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { fromBase64, toBase64 } from '../go/base64.ts';
import type { JsonEncodable } from '../go/json-encode.ts';
import { createUntyped, setEntry } from './create.ts';
import { type Field, type FieldType, isMessageSchema, type MessageSchema } from './schema.ts';

type Values = Record<string, unknown>;

/** Returns the JSON of a message: fields in the order of the .proto file, those with zero values left out. */
export function messageToJson(schema: MessageSchema, message: object): JsonEncodable {
  const json: Record<string, JsonEncodable> = {};
  for (const field of schema.fields) {
    const value = fieldToJson(field, fieldValue(field, message as Values));
    if (value !== undefined) json[field.name] = value;
  }
  return json;
}

function fieldValue(field: Field, message: Values): unknown {
  if (field.oneof === undefined) return message[field.name];
  const chosen = message[field.oneof] as { readonly case?: string; readonly value?: unknown };
  return chosen.case === field.name ? chosen.value : undefined;
}

/** Returns undefined for a field that is not set. */
function fieldToJson({ kind, type, oneof }: Field, value: unknown): JsonEncodable {
  if (value === undefined) return undefined;
  if (kind === 'list') {
    const list = value as readonly unknown[];
    return list.length > 0 ? list.map((item) => valueToJson(type, item)) : undefined;
  }
  if (kind === 'map') {
    const entries = Object.entries(value as object);
    return entries.length > 0 ? new Map(entries.map(([key, item]) => [key, valueToJson(type, item)])) : undefined;
  }
  const isZero = value instanceof Uint8Array ? value.length === 0 : !value;
  return oneof === undefined && isZero ? undefined : valueToJson(type, value);
}

function valueToJson(type: FieldType, value: unknown): JsonEncodable {
  if (isMessageSchema(type)) return messageToJson(type, value as object);
  if (typeof type === 'object') return type.names.get(value as number) ?? (value as number);
  if (value instanceof Uint8Array) return toBase64(value);
  return typeof value === 'bigint' ? value.toString() : (value as string | number | boolean);
}

/**
 * Reads the JSON of a message.
 * @throws Error if it has a member that the message does not have, or a value of another type; it names both
 */
export function messageFromJson<Desc extends DescMessage>(
  schema: MessageSchema<Desc>,
  json: unknown,
): MessageShape<Desc> {
  return readMessage(schema, json, schema.typeName) as MessageShape<Desc>;
}

function readMessage(schema: MessageSchema, json: unknown, place: string): object {
  const message = createUntyped(schema) as Values;
  const fields = new Map(schema.fields.map((field) => [field.name, field]));
  for (const [name, value] of Object.entries(objectOf(json, place))) {
    const field = fields.get(name);
    if (!field) throw new Error(`${place} has no field ${JSON.stringify(name)}`);
    if (value === null) continue;
    const read = readField(field, value, `${place}.${name}`);
    if (field.oneof === undefined) message[name] = read;
    else if ((message[field.oneof] as { readonly case?: string }).case === undefined)
      message[field.oneof] = { case: name, value: read };
    else throw new Error(`${place} has more than one field of ${field.oneof}`);
  }
  return message;
}

function readField({ kind, type }: Field, json: unknown, place: string): unknown {
  if (kind === 'list') {
    if (!Array.isArray(json)) throw unexpected('an array', json, place);
    return json.map((item, index) => readValue(type, item, `${place}[${index}]`));
  }
  if (kind === 'single') return readValue(type, json, place);
  const entries: Values = {};
  for (const [key, item] of Object.entries(objectOf(json, place)))
    setEntry(entries, key, readValue(type, item, `${place}[${JSON.stringify(key)}]`));
  return entries;
}

function readValue(type: FieldType, json: unknown, place: string): unknown {
  if (isMessageSchema(type)) return readMessage(type, json, place);
  switch (type) {
    case 'string':
    case 'bytes': {
      if (typeof json !== 'string') throw unexpected('a string', json, place);
      if (type === 'string') return json;
      const bytes = fromBase64(json);
      if (!bytes) throw unexpected('base64', json, place);
      return bytes;
    }
    case 'bool':
      if (typeof json !== 'boolean') throw unexpected('a boolean', json, place);
      return json;
    case 'int64':
      return readInteger(json, -(2n ** 63n), 2n ** 63n - 1n, place);
    case 'uint64':
      return readInteger(json, 0n, 2n ** 64n - 1n, place);
    case 'int32':
      return Number(readInteger(json, -(2n ** 31n), 2n ** 31n - 1n, place));
    case 'uint32':
      return Number(readInteger(json, 0n, 2n ** 32n - 1n, place));
    default: {
      const named = typeof json === 'string' && Object.hasOwn(type.values, json) ? type.values[json] : undefined;
      return named ?? Number(readInteger(json, -(2n ** 31n), 2n ** 31n - 1n, place));
    }
  }
}

/** Reads an integer of either form: a number, or a string of digits. */
function readInteger(json: unknown, min: bigint, max: bigint, place: string): bigint {
  const isInteger = typeof json === 'string' ? /^-?\d{1,20}$/.test(json) : Number.isSafeInteger(json);
  const value = isInteger ? BigInt(json as string | number) : undefined;
  if (value === undefined || value < min || value > max)
    throw unexpected(`an integer from ${min} to ${max}`, json, place);
  return value;
}

function objectOf(json: unknown, place: string): object {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw unexpected('an object', json, place);
  return json;
}

function unexpected(wanted: string, json: unknown, place: string): Error {
  const text = JSON.stringify(json) ?? String(json);
  return new Error(`${place} is not ${wanted}: ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`);
}
