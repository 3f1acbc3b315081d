/** Makes messages. */
import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { type Field, type FieldType, isMessageSchema, type MessageSchema } from './schema.ts';

type Values = Record<string, unknown>;

/**
 * Makes a message. Fields that `init` leaves out have the zero value of their type: 0, '', false, [], {}; fields that
 * are messages are absent. Nested messages may be given as plain objects too. A message of this type is returned as it
 * is.
 */
export function create<Desc extends DescMessage>(
  schema: MessageSchema<Desc>,
  init?: MessageInitShape<Desc>,
): MessageShape<Desc> {
  return createUntyped(schema, init) as MessageShape<Desc>;
}

/** As `create`, for schemas that are not known at compile time. */
export function createUntyped(schema: MessageSchema, init?: object): object {
  const given = init as Values | undefined;
  if (given?.['$typeName'] === schema.typeName) return given;
  const message: Values = { $typeName: schema.typeName };
  const { fields } = schema;
  for (let at = 0; at < fields.length; at++) {
    const field = fields[at]!;
    const { name, oneof } = field;
    if (oneof === undefined) {
      const value = fieldValue(field, given?.[name]);
      if (value !== undefined) message[name] = value;
      continue;
    }
    message[oneof] ??= { case: undefined };
    const chosen = given?.[oneof] as { readonly case?: string; readonly value?: unknown } | undefined;
    if (chosen?.case === name) message[oneof] = { case: name, value: typed(field.type, chosen.value) };
  }
  return message;
}

function fieldValue({ kind, type, zero }: Field, value: unknown): unknown {
  if (value === undefined || value === null) return kind === 'single' ? zero : kind === 'list' ? [] : {};
  if (!isMessageSchema(type)) return value;
  if (kind === 'single') return createUntyped(type, value as object);
  if (kind === 'list') return (value as unknown[]).map((item) => typed(type, item));
  const entries: Values = {};
  for (const [key, item] of Object.entries(value)) setEntry(entries, key, typed(type, item));
  return entries;
}

function typed(type: FieldType, value: unknown): unknown {
  return isMessageSchema(type) ? createUntyped(type, value as object) : value;
}

/** Sets an entry of a map, also for the key `__proto__`. */
export function setEntry(entries: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(entries, key, { value, writable: true, enumerable: true, configurable: true });
  else entries[key] = value;
}
