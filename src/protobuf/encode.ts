/**
 * Encodes messages. The bytes equal those of Go's deterministic marshaller, because ops are addressed by their bytes:
 * fields by number, members of oneofs after all others, map entries in the byte order of their keys.
 */
import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf';
import { compareBytes } from '../go/unicode.ts';
import { createUntyped, zeroOf } from './create.ts';
import { type Field, type FieldType, isDelimited, isMessageSchema, type MessageSchema } from './schema.ts';
import { mapEntry, ProtoWriter } from './writer.ts';

type Values = Readonly<Record<string, unknown>>;

/** Bytes of a field that the schema does not have, as protobuf-es keeps them. */
export interface UnknownField {
  readonly no: number;
  readonly wireType: number;
  readonly data: Uint8Array;
}

/**
 * Encodes a message, or what `create` makes one of. Lone surrogates in strings become U+FFFD.
 */
export function encode<Desc extends DescMessage>(
  schema: MessageSchema<Desc>,
  message: MessageInitShape<Desc>,
): Uint8Array {
  const writer = new ProtoWriter();
  writeMessage(writer, schema, createUntyped(schema, message) as Values);
  return writer.finish();
}

const encodingOrders = new WeakMap<MessageSchema, readonly Field[]>();

function encodingOrder(schema: MessageSchema): readonly Field[] {
  let order = encodingOrders.get(schema);
  if (!order) {
    const byNumber = schema.fields.toSorted((a, b) => a.number - b.number);
    order = [
      ...byNumber.filter(({ oneof }) => oneof === undefined),
      ...byNumber.filter(({ oneof }) => oneof !== undefined),
    ];
    encodingOrders.set(schema, order);
  }
  return order;
}

function writeMessage(to: ProtoWriter, schema: MessageSchema, message: Values): void {
  for (const field of encodingOrder(schema)) {
    if (field.oneof === undefined) writeField(to, field, message[field.name]);
    else {
      const chosen = message[field.oneof] as { readonly case?: string; readonly value?: unknown } | undefined;
      if (chosen?.case === field.name) writeValue(to, field.number, field.type, chosen.value);
    }
  }
  for (const { no, wireType, data } of (message['$unknown'] ?? []) as readonly UnknownField[])
    to.raw(no, wireType, data);
}

function writeField(to: ProtoWriter, { number, type, kind }: Field, value: unknown): void {
  if (value === undefined) return;
  if (kind === 'single') {
    const isZero = value instanceof Uint8Array ? value.length === 0 : !value;
    if (!isZero) writeValue(to, number, type, value);
  } else if (kind === 'map') {
    const entries = value as Values;
    for (const key of Object.keys(entries).sort(compareBytes))
      to.message(number, () => {
        writeValue(to, mapEntry.key, 'string', key);
        writeValue(to, mapEntry.value, type, entries[key] ?? zeroOf(type));
      });
  } else if (isDelimited(type)) for (const item of value as readonly unknown[]) writeValue(to, number, type, item);
  else to.packed(number, value as readonly (number | bigint)[]);
}

/** Writes a value even if it is zero. */
function writeValue(to: ProtoWriter, number: number, type: FieldType, value: unknown): void {
  if (isMessageSchema(type)) to.message(number, () => writeMessage(to, type, value as Values));
  else if (type === 'string') to.element(number, value as string);
  else if (type === 'bytes') to.elementBytes(number, value as Uint8Array);
  else to.scalar(number, type === 'bool' ? Number(value) : (value as number | bigint));
}
