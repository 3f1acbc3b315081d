/**
 * Encodes messages. The bytes equal those of Go's deterministic marshaller, because ops are addressed by their bytes:
 * fields by number, members of oneofs after all others, map entries in the byte order of their keys.
 */
import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf';
import { sortByBytes } from '../go/unicode.ts';
import { type Field, type FieldType, isDelimited, isMessageSchema, type MessageSchema, zeroOf } from './schema.ts';
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
  writeMessage(writer, schema, message);
  return writer.handOver();
}

const ownWriter = Symbol();

/**
 * A message as the value of a field, given as the function that writes its fields: for messages with thousands of
 * parts, which need not become objects.
 */
export function written<Desc extends DescMessage>(write: (to: ProtoWriter) => void): MessageInitShape<Desc> {
  return { [ownWriter]: write } as unknown as MessageInitShape<Desc>;
}

/** Writes the fields of a message, of which those that are left out have their zero value. */
export function writeMessage(to: ProtoWriter, schema: MessageSchema, given: object): void {
  const message = given as Values;
  const fields = schema.layout.inOrder;
  for (let at = 0; at < fields.length; at++) {
    const field = fields[at]!;
    const { oneof } = field;
    if (oneof === undefined) {
      const value = message[field.name];
      if (value !== undefined && value !== null) writeField(to, field, value);
    } else {
      const chosen = message[oneof] as { readonly case?: string; readonly value?: unknown } | undefined;
      if (chosen?.case === field.name) writeValue(to, field.number, field.type, chosen.value);
    }
  }
  const unknown = message['$unknown'] as readonly UnknownField[] | undefined;
  if (unknown) for (const { no, wireType, data } of unknown) to.raw(no, wireType, data);
}

function writeField(to: ProtoWriter, field: Field, value: unknown): void {
  const { number, type, kind } = field;
  if (kind === 'single') {
    const isZero = type === 'bytes' ? (value as Uint8Array).length === 0 : !value;
    if (!isZero) writeValue(to, number, type, value);
  } else if (kind === 'map') {
    const entries = value as Values;
    const keys = sortByBytes(Object.keys(entries));
    for (let at = 0; at < keys.length; at++) writeEntry(to, number, keys[at]!, type, entries[keys[at]!]);
  } else if (isDelimited(type)) {
    const items = value as readonly unknown[];
    for (let at = 0; at < items.length; at++) writeValue(to, number, type, items[at]);
  } else to.packed(number, value as readonly (number | bigint)[]);
}

function writeEntry(to: ProtoWriter, number: number, key: string, type: FieldType, value: unknown): void {
  const start = to.open(number);
  to.element(mapEntry.key, key);
  writeValue(to, mapEntry.value, type, value ?? zeroOf(type) ?? {});
  to.close(start);
}

/** Writes a value even if it is zero. */
function writeValue(to: ProtoWriter, number: number, type: FieldType, value: unknown): void {
  if (type === 'string') to.element(number, value as string);
  else if (type === 'bytes') to.elementBytes(number, value as Uint8Array);
  else if (isMessageSchema(type)) {
    const start = to.open(number);
    const { [ownWriter]: write } = value as { readonly [ownWriter]?: (to: ProtoWriter) => void };
    if (write) write(to);
    else writeMessage(to, type, value as Values);
    to.close(start);
  } else to.scalar(number, type === 'bool' ? Number(value) : (value as number | bigint));
}
