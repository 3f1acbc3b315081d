import { describe, expect, test } from 'vitest';
import {
  decodeJson,
  field,
  goBool,
  goBytes,
  goInt,
  goInt64,
  goMap,
  goPointer,
  goSlice,
  goString,
  goStruct,
  goTime,
} from '../../src/go/json-decode.ts';
import { marshalJson, marshalJsonIndent } from '../../src/go/json-encode.ts';
import { parseJsonNode } from '../../src/go/json-parse.ts';
import { decodeText } from '../../src/go/text.ts';

describe('parseJsonNode', () => {
  test.each([
    ['', 'unexpected end of JSON input'],
    ['  ', 'unexpected end of JSON input'],
    ['[', 'unexpected end of JSON input'],
    ['[1', 'unexpected end of JSON input'],
    ['["a"', 'unexpected end of JSON input'],
    ['"abc', 'unexpected end of JSON input'],
    ['{"a"', 'unexpected end of JSON input'],
    ['{"a":', 'unexpected end of JSON input'],
    ['x', "invalid character 'x' looking for beginning of value"],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['[,1]', "invalid character ',' looking for beginning of value"],
    ['[1 2]', "invalid character '2' after array element"],
    ['["a" "b"]', "invalid character '\"' after array element"],
    ["['a']", "invalid character '\\'' looking for beginning of value"],
    ['{a', "invalid character 'a' looking for beginning of object key string"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
    ['[] []', "invalid character '[' after top-level value"],
    ['01', "invalid character '1' after top-level value"],
    ['-', "invalid character ' ' in numeric literal"],
    ['-x', "invalid character 'x' in numeric literal"],
    ['1.', "invalid character ' ' after decimal point in numeric literal"],
    ['1.x', "invalid character 'x' after decimal point in numeric literal"],
    ['1e+', "invalid character ' ' in exponent of numeric literal"],
    ['tru', "invalid character ' ' in literal true (expecting 'e')"],
    ['trux', "invalid character 'x' in literal true (expecting 'e')"],
    ['nil', "invalid character 'i' in literal null (expecting 'u')"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\', "invalid character ' ' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ['é', "invalid character 'Ã' looking for beginning of value"],
    [decodeText(Uint8Array.of(0xff)), "invalid character 'ÿ' looking for beginning of value"],
    ['\ufeff[]', "invalid character 'ï' looking for beginning of value"],
    ['\u00a0[]', "invalid character 'Â' looking for beginning of value"],
  ])("refuses %j with Go's words", (text, message) => {
    expect(() => parseJsonNode(text)).toThrow(new Error(message));
  });

  test('reads strings with escapes and surrogates as Go does', () => {
    const value = (text: string) => decodeJson(text, goString());
    expect(value(String.raw`"\u0041\n\/\"\\\b\f\r\té"`)).toBe('A\n/"\\\b\f\r\té');
    expect(value(String.raw`"\ud83d\ude00"`)).toBe('😀');
    expect(value(String.raw`"\ud83dx\ude00\ud83d\u0041"`)).toBe('\ufffdx\ufffd\ufffdA');
    expect(value(decodeText(Uint8Array.of(0x22, 0xe2, 0x82, 0x22)))).toBe('\ufffd\ufffd');
    expect(value(`"\\ud83d${decodeText(Uint8Array.of(0x80))}"`)).toBe('\ufffd\ufffd');
  });

  test('refuses what is nested deeper than Go allows', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(parseJsonNode(nested(10_000)).kind).toBe('array');
    expect(() => parseJsonNode(nested(10_001))).toThrow("invalid character '[' exceeded max depth");
  });

  test('keeps the order and the repetition of keys', () => {
    expect(parseJsonNode(' {"a":[1,{}, []] , "a":null}\n')).toMatchObject({
      kind: 'object',
      members: [
        [
          'a',
          {
            items: [
              { kind: 'number', text: '1' },
              { kind: 'object', members: [] },
              { kind: 'array', items: [] },
            ],
          },
        ],
        ['a', { kind: 'null' }],
      ],
    });
  });
});

describe('decodeJson', () => {
  interface Inner {
    list: string[] | undefined;
    size: bigint;
  }
  interface Outer {
    name: string;
    count: number;
    flag: boolean;
    inner: Inner;
    pointer: Inner | undefined;
    map: Map<string, string> | undefined;
    when: { seconds: bigint } | undefined;
    data: Uint8Array | undefined;
  }
  const inner = goStruct<Inner>('p.Inner', {
    list: field('list', goSlice(goString('p.Name'))),
    size: field('Size', goInt64('time.Duration')),
  });
  const outer = goStruct<Outer>('p.Outer', {
    name: field('name', goString()),
    count: field('count', goInt),
    flag: field('flag', goBool),
    inner: field('inner', inner),
    pointer: field('pointer', goPointer(inner), 'Embedded'),
    map: field('map', goMap(goString())),
    when: field('when', goPointer(goTime)),
    data: field('data', goBytes),
  });

  test('decodes values into the types that are asked for', () => {
    const text =
      '{"NAME":"n","count":3,"flag":true,"inner":{"list":["a",null],"size":-5},"map":{"k":"v"},' +
      '"when":"1970-01-01T00:00:01Z","data":"aGk=","unknown":{"x":[1]},"pointer":{}}';
    expect(decodeJson(text, outer)).toEqual({
      name: 'n',
      count: 3,
      flag: true,
      inner: { list: ['a', ''], size: -5n },
      pointer: { list: undefined, size: 0n },
      map: new Map([['k', 'v']]),
      when: { seconds: 1n, nanos: 0 },
      data: Uint8Array.of(0x68, 0x69),
    });
  });

  test('equal keys: the last counts, objects are merged', () => {
    const value = decodeJson(
      '{"name":"a","name":"b","inner":{"size":1},"INNER":{"list":[]},"map":{"a":"1"},"map":{"b":"2"},"name":null}',
      outer,
    );
    expect(value.name).toBe('b');
    expect(value.inner).toEqual({ list: [], size: 1n });
    expect(value.map).toEqual(
      new Map([
        ['a', '1'],
        ['b', '2'],
      ]),
    );
  });

  test('an exact name wins over another case', () => {
    const type = goStruct<{ a: string; b: string }>('p.T', {
      a: field('key', goString()),
      b: field('KEY', goString()),
    });
    expect(decodeJson('{"KEY":"1","kEy":"2"}', type)).toEqual({ a: '2', b: '1' });
    const folding = goStruct<{ os: string }>('p.T', { os: field('os', goString()) });
    expect(decodeJson('{"oſ":"x"}', folding).os).toBe('x');
  });

  test.each([
    ['"x"', 'json: cannot unmarshal string into Go value of type p.Outer'],
    ['[]', 'json: cannot unmarshal array into Go value of type p.Outer'],
    ['{"name":1}', 'json: cannot unmarshal number into Go struct field Outer.name of type string'],
    ['{"name":{},"flag":1}', 'json: cannot unmarshal object into Go struct field Outer.name of type string'],
    ['{"count":1.5}', 'json: cannot unmarshal number 1.5 into Go struct field Outer.count of type int'],
    ['{"count":"1"}', 'json: cannot unmarshal string into Go struct field Outer.count of type int'],
    ['{"flag":"x"}', 'json: cannot unmarshal string into Go struct field Outer.flag of type bool'],
    ['{"inner":{"list":[1]}}', 'json: cannot unmarshal number into Go struct field Inner.inner.list of type p.Name'],
    ['{"inner":{"list":"a"}}', 'json: cannot unmarshal string into Go struct field Inner.inner.list of type []p.Name'],
    [
      '{"pointer":{"Size":true}}',
      'json: cannot unmarshal bool into Go struct field Inner.Embedded.pointer.Size of type time.Duration',
    ],
    ['{"pointer":7}', 'json: cannot unmarshal number into Go struct field Outer.Embedded.pointer of type p.Inner'],
    ['{"map":[]}', 'json: cannot unmarshal array into Go struct field Outer.map of type map[string]string'],
    ['{"map":{"a":1}}', 'json: cannot unmarshal number into Go struct field Outer.map of type string'],
    ['{"name":1,"when":3}', 'Time.UnmarshalJSON: input is not a JSON string'],
    ['{"data":"a$=="}', 'illegal base64 data at input byte 1'],
    ['{"data":"abc"}', 'illegal base64 data at input byte 0'],
    ['{"data":"ab="}', 'illegal base64 data at input byte 3'],
    ['{"data":"ab=c"}', 'illegal base64 data at input byte 2'],
    ['{"data":"abc=d"}', 'illegal base64 data at input byte 4'],
    ['{"name":1', 'unexpected end of JSON input'],
  ])("refuses %s with Go's words", (text, message) => {
    expect(() => decodeJson(text, outer)).toThrow(new Error(message));
  });

  test('errors name the types of slices and pointers', () => {
    const entries = goSlice(goPointer(goStruct<{ type: string }>('pkg.Entry', { type: field('Type', goString()) })));
    expect(() => decodeJson('{}', entries)).toThrow('json: cannot unmarshal object into Go value of type []*pkg.Entry');
    expect(() => decodeJson('[1]', entries)).toThrow('json: cannot unmarshal number into Go value of type pkg.Entry');
    expect(decodeJson('[null]', entries)).toEqual([undefined]);
    expect(decodeJson('null', entries)).toBeUndefined();
  });
});

describe('marshalJson', () => {
  test('escapes strings as Go does', () => {
    expect(marshalJson('<a href="x">&\u2028\u2029\x7f')).toBe(
      `${String.raw`"\u003ca href=\"x\"\u003e\u0026\u2028\u2029`}\x7f"`,
    );
    expect(marshalJson('\0\b\f\n\r\t\x1f\\')).toBe(String.raw`"\u0000\b\f\n\r\t\u001f\\"`);
    expect(marshalJson('😀\ufffd')).toBe('"😀\ufffd"');
    expect(marshalJson(decodeText(Uint8Array.of(0xe2, 0x82)))).toBe(String.raw`"\ufffd\ufffd"`);
  });

  test('structs keep their order, maps are sorted by bytes', () => {
    const map = new Map<string, number>([
      ['\u{1f600}', 1],
      ['\uffff', 2],
      ['10', 3],
      ['9', 4],
      ['__proto__', 5],
    ]);
    expect(marshalJson({ b: 1n, a: undefined, c: [], d: null, e: [undefined, true] })).toBe(
      '{"b":1,"c":[],"d":null,"e":[null,true]}',
    );
    expect(marshalJson(map)).toBe('{"10":3,"9":4,"__proto__":5,"\uffff":2,"\u{1f600}":1}');
    expect(marshalJson([1.5, 1e21, 1e-7, -0])).toBe('[1.5,1e+21,1e-7,-0]');
  });

  test('JSON is indented as in Go', () => {
    expect(marshalJsonIndent({ a: [1, { b: [] }], c: new Map() }, '', '  ')).toBe(
      '{\n  "a": [\n    1,\n    {\n      "b": []\n    }\n  ],\n  "c": {}\n}',
    );
    expect(marshalJsonIndent([1], '>', '\t')).toBe('[\n>\t1\n>]');
  });
});
