/** Decodes messages. */
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { createUntyped, setEntry } from './create.ts';
import type { UnknownField } from './encode.ts';
import { Reader } from './reader.ts';
import { type Field, type FieldType, isDelimited, isMessageSchema, type MessageSchema, zeroOf } from './schema.ts';
import type { StringRuns } from './string-runs.ts';
import { mapEntry, WireType } from './writer.ts';

/** Maximum nesting of messages. */
const maxDepth = 100;

/**
 * Decodes a message. Fields that the schema does not have are kept in `$unknown`, and `encode` writes them again.
 *
 * @param runs for messages whose lists of strings begin as in the message before
 * @throws Error if the bytes are not a message, a string is not UTF-8, or messages are nested deeper than 100 levels
 */
export function decode<Desc extends DescMessage>(
  schema: MessageSchema<Desc>,
  bytes: Uint8Array,
  runs?: StringRuns,
): MessageShape<Desc> {
  const message = createUntyped(schema) as Values;
  readMessage(new Input(bytes, runs), schema, message, bytes.length, 1);
  return message as MessageShape<Desc>;
}

/** A message to decode, and what is known of those before it. */
class Input extends Reader {
  readonly runs: StringRuns | undefined;

  constructor(bytes: Uint8Array, runs: StringRuns | undefined) {
    super(bytes);
    this.runs = runs;
  }
}

type Values = Record<string, unknown>;

function readMessage(from: Input, schema: MessageSchema, message: Values, end: number, depth: number): void {
  if (depth > maxDepth) throw new Error(`${schema.typeName} is nested deeper than ${maxDepth} levels`);
  const fields = schema.layout.byNumber;
  while (from.at < end) {
    const number = from.tag();
    const field = number < fields.length ? fields[number] : undefined;
    if (field && from.runs && field.type === 'string' && field.kind === 'list' && isDelimitedTag(from))
      from.runs.read(from, field, message[field.name] as string[], end);
    else if (field) readField(from, field, from.wireType, message, depth);
    else {
      const unknown = (message['$unknown'] ??= []) as UnknownField[];
      unknown.push({ no: number, wireType: from.wireType, data: from.skip(number, from.wireType) });
    }
  }
  if (from.at !== end) throw new RangeError('premature EOF');
}

const isDelimitedTag = ({ wireType }: Input) => wireType === WireType.lengthDelimited;

function readField(from: Input, field: Field, wireType: number, message: Values, depth: number): void {
  const { name, type, kind, oneof } = field;
  const delimited = kind === 'map' || isDelimited(type);
  const isPacked = !delimited && kind === 'list' && wireType === WireType.lengthDelimited;
  if (!isPacked && wireType !== (delimited ? WireType.lengthDelimited : WireType.varint))
    throw new Error(`wrong wire type ${wireType} for field ${name}`);
  if (kind === 'list') {
    const values = message[name] as unknown[];
    if (!isPacked) values.push(readValue(from, type, undefined, depth));
    else for (const end = from.length(); from.at < end; ) values.push(readValue(from, type, undefined, depth));
  } else if (kind === 'map') readEntry(from, type, message[name] as Values, depth);
  else if (oneof === undefined) message[name] = readValue(from, type, message[name], depth);
  else {
    const chosen = message[oneof] as { readonly case?: string; readonly value?: unknown };
    const earlier = chosen.case === name ? chosen.value : undefined;
    message[oneof] = { case: name, value: readValue(from, type, earlier, depth) };
  }
}

function readEntry(from: Input, type: FieldType, entries: Values, depth: number): void {
  let key = '';
  let value: unknown;
  for (const end = from.length(); from.at < end; ) {
    const number = from.tag();
    if (number === mapEntry.key) key = from.string();
    else if (number === mapEntry.value) value = readValue(from, type, value, depth);
    else from.skip(number, from.wireType);
  }
  setEntry(entries, key, value ?? (isMessageSchema(type) ? createUntyped(type) : zeroOf(type)));
}

/** @param earlier the value that the field has; a message is merged into it */
function readValue(from: Input, type: FieldType, earlier: unknown, depth: number): unknown {
  switch (type) {
    case 'string':
      return from.string();
    case 'bytes':
      return from.bytes();
    case 'bool':
      return from.bool();
    case 'int64':
      return from.int64();
    case 'uint64':
      return from.uint64();
    case 'uint32':
      return from.uint32();
    case 'int32':
      return from.int32();
    default: {
      if (!isMessageSchema(type)) return from.int32();
      const message = (earlier ?? createUntyped(type)) as Values;
      const end = from.length();
      readMessage(from, type, message, end, depth + 1);
      return message;
    }
  }
}
