import {
  create as createTheirs,
  type DescMessage,
  equals,
  fromBinary,
  type JsonValue,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import * as capsPb from '../../src/gen/moby/buildkit/v1/apicaps/caps_pb.ts';
import * as caps from '../../src/gen/moby/buildkit/v1/apicaps/caps_schemas.ts';
import * as gatewayPb from '../../src/gen/moby/buildkit/v1/frontend/gateway_pb.ts';
import * as gateway from '../../src/gen/moby/buildkit/v1/frontend/gateway_schemas.ts';
import * as opsPb from '../../src/gen/pb/ops_pb.ts';
import * as ops from '../../src/gen/pb/ops_schemas.ts';
import { marshalJson } from '../../src/go/json-encode.ts';
import { createUntyped } from '../../src/protobuf/create.ts';
import { decode } from '../../src/protobuf/decode.ts';
import { encode } from '../../src/protobuf/encode.ts';
import { messageFromJson, messageToJson } from '../../src/protobuf/json.ts';
import { type FieldType, isMessageSchema, type MessageSchema } from '../../src/protobuf/schema.ts';
import { createRandom, type Random } from '../attack/fuzz/random.ts';

type Schemas = Readonly<Record<string, unknown>>;

const pairs = (
  [
    [caps, capsPb],
    [gateway, gatewayPb],
    [ops, opsPb],
  ] as [Schemas, Schemas][]
).flatMap(([ours, theirs]) =>
  Object.entries(ours).flatMap(([name, schema]): [string, MessageSchema, DescMessage][] =>
    isMessageSchema(schema as FieldType) ? [[name, schema as MessageSchema, theirs[name] as DescMessage]] : [],
  ),
);

const texts = ['', 'a', 'Grüße', '\u{1f600}', 'x'.repeat(200), '__proto__', 'é'.repeat(60)];
const integers = [0, 1, 127, 128, 0x7fffffff];
const longs = [0n, 1n, 127n, 1n << 31n, 1n << 32n, (1n << 62n) + 12345n];

/** Values for the fields of a message, nested up to `depth` levels. */
function randomValues(random: Random, schema: MessageSchema, depth: number): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const value = (type: FieldType): unknown => {
    if (isMessageSchema(type)) return randomValues(random, type, depth - 1);
    switch (type) {
      case 'string':
        return random.pick(texts);
      case 'bytes':
        return Uint8Array.from({ length: random.below(4) }, () => random.below(256));
      case 'bool':
        return random.chance(0.5);
      case 'int64':
        return random.chance(0.3) ? -random.pick(longs) : random.pick(longs);
      case 'uint64':
        return random.pick(longs);
      case 'uint32':
        return random.pick([...integers, 0xffffffff]);
      case 'int32':
        return random.chance(0.3) ? -random.pick(integers) - 1 : random.pick(integers);
      default:
        return random.pick([...type.names.keys()]);
    }
  };
  for (const { name, type, kind, oneof } of schema.fields) {
    if (random.chance(0.3) || (isMessageSchema(type) && depth === 0)) continue;
    const several = Array.from({ length: random.below(3) }, () => value(type));
    if (oneof !== undefined) values[oneof] = { case: name, value: value(type) };
    else if (kind === 'list') values[name] = several;
    else if (kind === 'single') values[name] = value(type);
    else values[name] = Object.fromEntries(several.map((item) => [random.pick(texts), item]));
  }
  return values;
}

test.each(pairs)('%s is created, encoded and decoded as protobuf-es does', (_name, schema, theirs) => {
  for (let seed = 0; seed < 30; seed++) {
    const values = randomValues(createRandom(seed), schema, 3);
    const expected = createTheirs(theirs, values);
    expect(createUntyped(schema, values)).toEqual(expected);
    const bytes = toBinary(theirs, expected);
    expect(decode(schema, bytes)).toEqual(expected);
    expect(equals(theirs, fromBinary(theirs, encode(schema, values)), expected)).toBe(true);
  }
});

test.each(pairs.filter(([, schema]) => schema.typeName.startsWith('pb.')))(
  'the JSON of %s is that of protobuf-es',
  (_name, schema, theirs) => {
    for (let seed = 0; seed < 10; seed++) {
      const message = createTheirs(theirs, randomValues(createRandom(seed), schema, 3));
      const json = JSON.parse(marshalJson(messageToJson(schema, message))) as JsonValue;
      expect(json).toEqual(toJson(theirs, message));
      expect(messageFromJson(schema, json)).toEqual(message);
    }
  },
);

/**
 * What Go refuses and protobuf-es reads: fields that are longer than the message around them or of another wire type,
 * numbers that are too long.
 */
const stricter = /^(premature EOF|invalid varint|varint overflows 32 bits|wrong wire type .*)$/;

test('bytes that were changed are refused or read as protobuf-es does', () => {
  const random = createRandom(7);
  let refused = 0;
  for (let round = 0; round < 3000; round++) {
    const [, schema, theirs] = random.pick(pairs);
    const bytes = toBinary(theirs, createTheirs(theirs, randomValues(random, schema, 2)));
    for (let i = 0; i < 2 && bytes.length > 0; i++) bytes[random.below(bytes.length)] = random.below(256);
    const outcome = (read: () => unknown) => {
      try {
        return read();
      } catch (error) {
        refused++;
        return (error as Error).message;
      }
    };
    const [ours, expected] = [outcome(() => decode(schema, bytes)), outcome(() => fromBinary(theirs, bytes))];
    if (typeof expected === 'string') expect(ours, `round ${round}`).toBeTypeOf('string');
    else if (typeof ours === 'string') expect(ours, `round ${round}`).toMatch(stricter);
    else expect(ours, `round ${round}`).toEqual(expected);
  }
  expect(refused).toBeGreaterThan(100);
});
