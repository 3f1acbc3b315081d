/** How the program of the image is linked, read from its ELF headers, for both architectures. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { onBinary } from './binary.ts';

const types = { load: 1, dynamic: 2, interpreter: 3, stack: 0x6474e551, relro: 0x6474e552 } as const;
const isExecutable = 1;
const isWritable = 2;

interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
}

/** The headers of a 64-bit little-endian program. */
function readHeaders(file: string) {
  const data = readFileSync(file);
  const [start, size, count] = [Number(data.readBigUInt64LE(32)), data.readUInt16LE(54), data.readUInt16LE(56)];
  const segments = Array.from({ length: count }, (_, i): Segment => {
    const at = start + i * size;
    const [type, flags] = [data.readUInt32LE(at), data.readUInt32LE(at + 4)];
    return { type, flags, offset: Number(data.readBigUInt64LE(at + 8)), size: Number(data.readBigUInt64LE(at + 32)) };
  });
  const segmentsOf = (type: number) => segments.filter((segment) => segment.type === type);
  const [dynamic] = segmentsOf(types.dynamic);
  const entries = new Map<number, number>();
  for (let at = dynamic!.offset; at < dynamic!.offset + dynamic!.size; at += 16)
    entries.set(Number(data.readBigInt64LE(at)), Number(data.readBigInt64LE(at + 8)));
  return {
    kind: data.readUInt16LE(16),
    sections: data.readUInt16LE(60),
    names: data.toString('latin1'),
    segmentsOf,
    entries,
  };
}

describe.each(['amd64', 'arm64'])('the program for %s', (architecture) => {
  onBinary(
    'is hardened',
    (file) => {
      const headers = readHeaders(file);

      test('it is static and position-independent', () => {
        const [shared, flags1, positionIndependent] = [3, 0x6ffffffb, 0x08000000];
        expect(headers.kind).toBe(shared);
        expect(headers.segmentsOf(types.interpreter)).toEqual([]);
        expect(headers.entries.get(flags1)! & positionIndependent).toBe(positionIndependent);
      });

      test('its relocations are read-only once it runs', () => {
        const [flags, bindNow] = [30, 8];
        expect(headers.segmentsOf(types.relro)).toHaveLength(1);
        expect(headers.entries.get(flags)! & bindNow).toBe(bindNow);
      });

      test('nothing in memory can be both written and executed, the stack neither', () => {
        const loaded = [...headers.segmentsOf(types.load), ...headers.segmentsOf(types.stack)];
        expect(headers.segmentsOf(types.stack)).toHaveLength(1);
        expect(loaded.filter(({ flags }) => flags & isWritable && flags & isExecutable)).toEqual([]);
        expect(headers.segmentsOf(types.load).filter(({ flags }) => flags & isExecutable)).toHaveLength(1);
      });

      test('only code can be executed', () => {
        const [code] = headers.segmentsOf(types.load).filter(({ flags }) => flags & isExecutable);
        expect(code!.offset).toBeGreaterThan(0); // the headers and constants are in a part of their own
      });

      test('it has no symbols', () => {
        expect(headers.names).not.toContain('.symtab');
        expect(headers.names).toContain('.shstrtab');
      });
    },
    architecture,
  );
});
