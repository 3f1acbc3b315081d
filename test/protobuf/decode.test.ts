import { expect, test } from 'vitest';
import { SolveRequestSchema } from '../../src/gen/moby/buildkit/v1/frontend/gateway_schemas.ts';
import {
  DefinitionSchema,
  ExecOpSchema,
  InputSchema,
  MetaSchema,
  OpSchema,
  SourceOpSchema,
} from '../../src/gen/pb/ops_schemas.ts';
import { create } from '../../src/protobuf/create.ts';
import { decode } from '../../src/protobuf/decode.ts';
import { encode } from '../../src/protobuf/encode.ts';
import { messageFromJson } from '../../src/protobuf/json.ts';
import { StringRuns } from '../../src/protobuf/string-runs.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

test('keeps fields that the schema does not have, and writes them again', () => {
  const later = hex('0a03616263f80601'); // digest "abc", field 111 with 1
  const message = decode(InputSchema, later);
  expect(message.$unknown).toEqual([{ no: 111, wireType: 0, data: Uint8Array.of(1) }]);
  expect(encode(InputSchema, message)).toEqual(later);
});

test('a key of a map may be __proto__', () => {
  const attrs = JSON.parse('{"__proto__": "x", "a": "y"}') as Record<string, string>;
  const message = decode(SourceOpSchema, encode(SourceOpSchema, { identifier: 'i', attrs }));
  expect(Object.entries(message.attrs)).toEqual([
    ['__proto__', 'x'],
    ['a', 'y'],
  ]);
  expect(Object.getPrototypeOf(message.attrs)).toBe(Object.prototype);
});

test('merges a message that comes in parts', () => {
  const first = encode(SolveRequestSchema, { Definition: { def: [Uint8Array.of(1)] } });
  const second = encode(SolveRequestSchema, { Definition: { def: [Uint8Array.of(2)] } });
  expect(decode(SolveRequestSchema, Uint8Array.from([...first, ...second])).Definition?.def).toEqual([
    Uint8Array.of(1),
    Uint8Array.of(2),
  ]);
});

test.each([
  ['premature EOF', '0a05616263'],
  ['premature EOF', '10'],
  ['illegal tag: field 0, wire type 0', '0000'],
  ['illegal tag: field 1, wire type 7', '0f00'],
  ['wrong wire type 4 for field digest', '0c'],
  ['invalid end group tag', 'f406'],
  ['invalid end group tag', 'f306fc06'],
  ['string field contains invalid UTF-8', '0a01ff'],
  ['varint overflows 32 bits', '0affffffffff01'],
  ['invalid varint', '10ffffffffffffffffffff01'],
])('refuses bytes that are not a message: %s (%s)', (error, bytes) => {
  expect(() => decode(InputSchema, hex(bytes))).toThrow(error);
});

test('refuses groups and messages that are nested too deep', () => {
  expect(() => decode(InputSchema, new Uint8Array(5000).fill(0xf3))).toThrow();
  const nest = (inner: Uint8Array): Uint8Array => {
    const head = (tag: number, length: number) => [
      tag,
      0x80 | (length & 0x7f),
      0x80 | ((length >> 7) & 0x7f),
      length >> 14,
    ];
    const info = Uint8Array.from([...head(0x1a, inner.length), ...inner]); // SourceInfo.definition
    const source = Uint8Array.from([...head(0x12, info.length), ...info]); // Source.infos
    return Uint8Array.from([...head(0x1a, source.length), ...source]); // Definition.Source
  };
  let bytes = new Uint8Array(0);
  for (let level = 0; level < 33; level++) bytes = nest(bytes) as Uint8Array<ArrayBuffer>;
  expect(decode(DefinitionSchema, bytes).Source?.infos).toHaveLength(1);
  expect(() => decode(DefinitionSchema, nest(bytes))).toThrow('nested deeper than 100 levels');
});

test('a message that is given is not copied', () => {
  const input = create(InputSchema, { digest: 'sha256:a', index: 1n });
  expect(create(InputSchema, input)).toBe(input);
  expect(create(OpSchema, { inputs: [input] }).inputs[0]).toBe(input);
});

test.each([
  ['pb.Op is not an object: []', []],
  ['pb.Op has no field "digest"', { digest: '' }],
  ['pb.Op.inputs is not an array: 7', { inputs: 7 }],
  [
    'pb.Op.inputs[0].index is not an integer from -9223372036854775808 to 9223372036854775807: "x"',
    { inputs: [{ index: 'x' }] },
  ],
  ['pb.Op.source.attrs["a"] is not a string: 1', { source: { attrs: { a: 1 } } }],
  ['pb.Op has more than one field of op', { source: {}, exec: {} }],
  [
    'pb.Op.exec.network is not an integer from -2147483648 to 2147483647: "toString"',
    { exec: { network: 'toString' } },
  ],
  ['pb.Op.file.actions[0].mkfile.data is not base64: "a"', { file: { actions: [{ mkfile: { data: 'a' } }] } }],
])('says what is wrong with JSON: %s', (error, json) => {
  expect(() => messageFromJson(OpSchema, json)).toThrow(error);
});

test('lists of strings that begin as the list before are decoded as without it', () => {
  const runs = new StringRuns();
  const lists = [['a=1', 'b=2'], ['a=1', 'b=2', 'c=3'], ['a=1', 'b=20'], [], ['a=1'], ['x', 'é', ''], ['x', 'é'], ['']];
  for (const env of lists) {
    const op = create(OpSchema, {
      op: { case: 'exec', value: create(ExecOpSchema, { meta: create(MetaSchema, { args: ['a=1', 'b'], env }) }) },
    });
    const bytes = encode(OpSchema, op);
    expect(decode(OpSchema, bytes, runs)).toEqual(decode(OpSchema, bytes));
    expect(decode(OpSchema, bytes, runs)).toEqual(op);
  }
});

test('a list of strings ends with its message, whatever the list before has', () => {
  const runs = new StringRuns();
  // The arguments "a" and "", then "a" and behind their message what a further argument would be.
  decode(MetaSchema, hex('0a01610a00'), runs);
  const bytes = hex('0a030a01610a00');
  expect(decode(ExecOpSchema, bytes, runs)).toEqual(decode(ExecOpSchema, bytes));
  expect(() => decode(MetaSchema, hex('0a01610a0262'), runs)).toThrow('premature EOF');
});
