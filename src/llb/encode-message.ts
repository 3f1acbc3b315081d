/** Writes any message to the byte as Go's deterministic marshaller does; the ops that this library makes are written by hand. */
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { compareBytes } from '../go/unicode.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Fields by number, members of oneofs after all others, map keys in the order of their bytes. */
export function encodeMessage(schema: DescMessage, message: object): Uint8Array {
  const writer = new BinaryWriter();
  writeMessage(writer, schema, message as Fields);
  return writer.finish();
}

function writeMessage(writer: BinaryWriter, schema: DescMessage, message: Fields): void {
  const fields = schema.fields.toSorted((a, b) => a.number - b.number);
  for (const field of fields) if (!field.oneof) writeField(writer, field, message[field.localName]);
  for (const field of fields) {
    if (!field.oneof) continue;
    const member = message[field.oneof.localName] as { readonly case?: string; readonly value?: unknown };
    if (member.case === field.localName) writeValue(writer, field.number, field, member.value);
  }
}

function writeField(writer: BinaryWriter, field: DescField, value: unknown): void {
  if (value === undefined) return;
  switch (field.fieldKind) {
    case 'map':
      for (const [key, item] of Object.entries(value as object).sort(([a], [b]) => compareBytes(a, b))) {
        writer.tag(field.number, WireType.LengthDelimited).fork();
        writer.tag(1, WireType.LengthDelimited).string(key);
        writeValue(writer, 2, field, item);
        writer.join();
      }
      return;
    case 'list': {
      const list = value as readonly unknown[];
      if (field.listKind === 'message' || isDelimited(field)) {
        for (const item of list) writeValue(writer, field.number, field, item);
      } else if (list.length > 0) {
        writer.tag(field.number, WireType.LengthDelimited).fork();
        for (const item of list) writeScalar(writer, field.scalar, item);
        writer.join();
      }
      return;
    }
    case 'message':
      writeValue(writer, field.number, field, value);
      return;
    default:
      if (value instanceof Uint8Array ? value.length > 0 : value) writeValue(writer, field.number, field, value);
  }
}

function writeValue(writer: BinaryWriter, number: number, field: DescField, value: unknown): void {
  if (field.message) {
    writer.tag(number, WireType.LengthDelimited).fork();
    writeMessage(writer, field.message, value as Fields);
    writer.join();
    return;
  }
  writer.tag(number, isDelimited(field) ? WireType.LengthDelimited : WireType.Varint);
  writeScalar(writer, field.enum ? ScalarType.INT32 : field.scalar, value);
}

function isDelimited({ scalar }: DescField): boolean {
  return scalar === ScalarType.STRING || scalar === ScalarType.BYTES;
}

/** The types of scalars that ops have. */
function writeScalar(writer: BinaryWriter, type: ScalarType | undefined, value: unknown): void {
  if (type === ScalarType.STRING) writer.string(value as string);
  else if (type === ScalarType.BYTES) writer.bytes(value as Uint8Array);
  else if (type === ScalarType.BOOL) writer.bool(value as boolean);
  else if (type === ScalarType.UINT32) writer.uint32(value as number);
  else if (type === ScalarType.INT32) writer.int32(value as number);
  else if (type === ScalarType.INT64) writer.int64(value as bigint);
  else if (type === ScalarType.UINT64) writer.uint64(value as bigint);
  else throw new Error(`a field has a type that no op has: ${type === undefined ? 'none' : ScalarType[type]}`);
}
