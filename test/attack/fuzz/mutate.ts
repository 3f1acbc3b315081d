/** Makes inputs of known ones: what is nearly right gets further into a program than noise does. */
import type { Random } from './random.ts';

/** Longer inputs find nothing that shorter ones do not, and take longer. */
const maxLength = 4096;

const oddTexts = [
  '\0',
  '\r',
  '\r\n',
  '\t',
  '\x1b[2J',
  '\x7f',
  '\u0085',
  '\u00a0',
  '\u2028',
  '\u202e',
  '\ufeff',
  '\ufffd',
  '\u{1f600}',
  'e\u0301',
  'İ',
  'ß',
  '__proto__',
  'constructor',
  '-1',
  '0',
  '4294967296',
  '9223372036854775808',
  '1e400',
  '../../etc/passwd',
  '//',
  '/./',
  '%00',
  '\\',
  '`',
  '"',
  "'",
  '$',
  '${',
  '}',
  '<<',
  '<<-EOF',
  '--',
  '[',
  ']',
  '{',
  '!',
  '**',
  '#',
  '=',
  ',',
  ':',
  '\n',
  '\n\n',
  ' \\\n',
];

const oddBytes = [0x00, 0x01, 0x7f, 0x80, 0xc0, 0xed, 0xa0, 0xf4, 0xff];

/** Changes an input in one to six places; `corpus` is where other parts come from. */
export function mutate(random: Random, input: Uint8Array, corpus: readonly Uint8Array[]): Buffer {
  let bytes = Buffer.from(input);
  for (let left = 1 + random.below(6); left > 0; left--) bytes = change(random, bytes, corpus);
  return bytes.subarray(0, maxLength);
}

function change(random: Random, bytes: Buffer, corpus: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  const at = random.below(bytes.length + 1);
  const size = Math.min(bytes.length - at, 1 + random.below(random.chance(0.2) ? 200 : 8));
  const before = bytes.subarray(0, at);
  const part = bytes.subarray(at, at + size);
  const after = bytes.subarray(at + size);
  switch (random.below(9)) {
    case 0: // one byte
      return Buffer.concat([before, Buffer.of(random.below(256)), bytes.subarray(at + 1)]);
    case 1: // one bit
      if (at === bytes.length) return Buffer.from(bytes);
      return Buffer.concat([before, Buffer.of(bytes[at]! ^ (1 << random.below(8))), bytes.subarray(at + 1)]);
    case 2: // a part less
      return Buffer.concat([before, after]);
    case 3: // a part again and again
      return Buffer.concat([before, ...Array.from({ length: 1 + random.below(8) }, () => part), bytes.subarray(at)]);
    case 4: // the end missing
      return Buffer.from(before);
    case 5: // a part of another
      return Buffer.concat([
        before,
        piece(random, random.pick(corpus)),
        random.chance(0.5) ? after : bytes.subarray(at),
      ]);
    case 6: // something odd
      return Buffer.concat([before, Buffer.from(random.pick(oddTexts)), bytes.subarray(at)]);
    case 7: // a byte that is not text
      return Buffer.concat([before, Buffer.of(random.pick(oddBytes)), bytes.subarray(at)]);
    default: // a part elsewhere
      return Buffer.concat([before, after, part]);
  }
}

function piece(random: Random, bytes: Uint8Array): Uint8Array {
  const start = random.below(bytes.length + 1);
  return bytes.subarray(start, start + 1 + random.below(random.chance(0.3) ? 400 : 40));
}

/** The same on text. */
export function mutateText(random: Random, input: string, corpus: readonly string[]): string {
  const others = Array.from({ length: 2 }, () => Buffer.from(random.pick(corpus)));
  return mutate(random, Buffer.from(input), others).toString();
}

const oddValues: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  2 ** 53,
  1e308,
  '',
  '\u001b[31m',
  '../../x',
  'sha256:',
  `sha256:${'0'.repeat(64)}`,
  [],
  {},
  [[]],
  [null],
  { __proto__: null, toString: 1 },
];

/** Changes a JSON value somewhere: another value in the place of one, a member less, twice or under another name. */
export function mutateJson(random: Random, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || random.chance(0.08)) {
    if (random.chance(0.3) && typeof value === 'string') return mutateText(random, value, [value, 'a/b']);
    return random.pick(oddValues);
  }
  if (Array.isArray(value)) {
    const items: unknown[] = [...value];
    const at = random.below(items.length + 1);
    if (at === items.length) items.push(random.pick([items[0], ...oddValues]));
    else if (random.chance(0.15)) items.splice(at, 1);
    else items[at] = mutateJson(random, items[at]);
    return items;
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return random.pick(oddValues);
  const at = random.below(entries.length);
  const [key, item] = entries[at]!;
  if (random.chance(0.1)) entries.splice(at, 1);
  else if (random.chance(0.08)) entries[at] = [random.pick(['__proto__', 'constructor', '', key.toUpperCase()]), item];
  else entries[at] = [key, mutateJson(random, item)];
  return Object.fromEntries(entries);
}
