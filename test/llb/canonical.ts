/** An independent deterministic encoder: walks the descriptors, where src/llb writes each op by hand. */
import { createHash } from 'node:crypto';
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

type Fields = Readonly<Record<string, unknown>>;

/** The bytes that Go's deterministic marshaller writes: oneof members last, map keys in the order of their bytes. */
export function canonicalBytes(schema: DescMessage, message: object): Uint8Array {
  const writer = new BinaryWriter();
  const fields = [...schema.fields].sort((a, b) => a.number - b.number);
  for (const field of [...fields.filter((f) => !f.oneof), ...fields.filter((f) => f.oneof)])
    writeField(writer, field, message as Fields);
  return writer.finish();
}

export function digest(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function writeField(writer: BinaryWriter, field: DescField, message: Fields): void {
  if (field.oneof) {
    const member = message[field.oneof.localName] as { case?: string; value?: unknown };
    if (member.case === field.localName) writeValue(writer, field.number, field, member.value);
    return;
  }
  const value = message[field.localName];
  if (value === undefined) return;
  if (field.fieldKind === 'map') {
    const keys = Object.keys(value as object).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    for (const key of keys) {
      writer.tag(field.number, WireType.LengthDelimited).fork();
      writer.tag(1, WireType.LengthDelimited).string(key);
      writeValue(writer, 2, field, (value as Fields)[key]);
      writer.join();
    }
  } else if (field.fieldKind === 'list') {
    const list = value as readonly unknown[];
    const packed =
      field.listKind !== 'message' && field.scalar !== ScalarType.STRING && field.scalar !== ScalarType.BYTES;
    if (packed && list.length > 0) {
      writer.tag(field.number, WireType.LengthDelimited).fork();
      for (const item of list) writeScalar(writer, field.scalar, item);
      writer.join();
    } else for (const item of list) writeValue(writer, field.number, field, item);
  } else if (field.fieldKind === 'message' || !isZero(value)) writeValue(writer, field.number, field, value);
}

function writeValue(writer: BinaryWriter, number: number, field: DescField, value: unknown): void {
  if (field.message) {
    writer.tag(number, WireType.LengthDelimited).bytes(canonicalBytes(field.message, value as object));
    return;
  }
  const delimited = field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES;
  writer.tag(number, delimited ? WireType.LengthDelimited : WireType.Varint);
  writeScalar(writer, field.enum ? ScalarType.INT32 : field.scalar, value);
}

function writeScalar(writer: BinaryWriter, type: ScalarType | undefined, value: unknown): void {
  if (type === ScalarType.STRING) writer.string(value as string);
  else if (type === ScalarType.BYTES) writer.bytes(value as Uint8Array);
  else if (type === ScalarType.BOOL) writer.bool(value as boolean);
  else if (type === ScalarType.UINT32) writer.uint32(value as number);
  else if (type === ScalarType.INT32) writer.int32(value as number);
  else if (type === ScalarType.INT64) writer.int64(value as bigint);
  else if (type === ScalarType.UINT64) writer.uint64(value as bigint);
  else throw new Error(`unexpected scalar ${type}`);
}

function isZero(value: unknown): boolean {
  return value instanceof Uint8Array ? value.length === 0 : !value;
}
