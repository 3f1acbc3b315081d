import { expect, test } from 'vitest';
import { ProtoWriter } from '../../src/protobuf/writer.ts';

const many = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `V${i + from}=${'é'.repeat(i % 70)}`);

function plain(field: number, values: readonly string[]): Uint8Array {
  const writer = new ProtoWriter();
  for (const value of values) writer.element(field, value);
  return writer.finish();
}

test('long lists of strings are written as their elements are, whatever was written before', () => {
  const writer = new ProtoWriter();
  const changed = many(40);
  const lists = [many(20), many(40), many(40), many(18), [...many(10), 'x', ...many(300)], many(30, 1), changed, ['a']];
  for (const list of lists)
    for (const field of [2, 2, 300, 2]) {
      writer.strings(field, list);
      expect(writer.finish()).toEqual(plain(field, list));
    }
  writer.strings(2, changed);
  writer.finish();
  changed[3] = 'other';
  writer.strings(2, changed);
  expect(writer.finish()).toEqual(plain(2, changed));
});

test('a list that fails leaves nothing for the next one', () => {
  const writer = new ProtoWriter();
  writer.strings(2, many(20));
  writer.finish();
  expect(() => writer.strings(2, ['longer than V0=', '\ud800', ...many(20)])).toThrow('invalid UTF-8');
  writer.reset();
  writer.strings(2, many(20));
  expect(writer.finish()).toEqual(plain(2, many(20)));
});
