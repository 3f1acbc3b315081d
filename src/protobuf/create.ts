/** Makes messages. */
import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { type Field, type FieldType, isMessageSchema, type MessageSchema } from './schema.ts';

type Values = Record<string, unknown>;

/**
 * Makes a message. Fields that `init` leaves out have the zero value of their type: 0, '', false, [], {}; fields that are
 * messages are absent. Nested messages may be given as plain objects too. A message of this type is returned as it is.
 */
export function create<Desc extends DescMessage>(
  schema: MessageSchema<Desc>,
  init?: MessageInitShape<Desc>,
): MessageShape<Desc> {
  return createUntyped(schema, init) as MessageShape<Desc>;
}

/** As `create`, for schemas that are not known at compile time. */
export function createUntyped(schema: MessageSchema, init: object = {}): object {
  const given = init as Values;
  if (given['$typeName'] === schema.typeName) return init;
  const message: Values = { $typeName: schema.typeName };
  for (const field of schema.fields) {
    if (field.oneof === undefined) {
      const value = fieldValue(field, given[field.name]);
      if (value !== undefined) message[field.name] = value;
      continue;
    }
    message[field.oneof] ??= { case: undefined };
    const chosen = given[field.oneof] as { readonly case?: string; readonly value?: unknown } | undefined;
    if (chosen?.case === field.name)
      message[field.oneof] = { case: field.name, value: typed(field.type, chosen.value) };
  }
  return message;
}

function fieldValue({ kind, type }: Field, value: unknown): unknown {
  switch (kind) {
    case 'list':
      return isMessageSchema(type) ? ((value ?? []) as unknown[]).map((item) => typed(type, item)) : (value ?? []);
    case 'map': {
      if (!isMessageSchema(type)) return value ?? {};
      const entries: Values = {};
      for (const [key, item] of Object.entries((value ?? {}) as object)) setEntry(entries, key, typed(type, item));
      return entries;
    }
    default:
      return value === undefined || value === null ? zeroOf(type) : typed(type, value);
  }
}

function typed(type: FieldType, value: unknown): unknown {
  return isMessageSchema(type) ? createUntyped(type, value as object) : value;
}

/** Returns the value of a field that is absent; undefined for messages. */
export function zeroOf(type: FieldType): unknown {
  switch (type) {
    case 'string':
      return '';
    case 'bytes':
      return new Uint8Array(0);
    case 'bool':
      return false;
    case 'int64':
    case 'uint64':
      return 0n;
    default:
      return isMessageSchema(type) ? undefined : 0;
  }
}

/** Sets an entry of a map, whatever its key: `__proto__` too. */
export function setEntry(entries: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(entries, key, { value, writable: true, enumerable: true, configurable: true });
  else entries[key] = value;
}
