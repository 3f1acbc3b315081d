import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareByteArrays, fromLatin1, joinBytes, readUint32, toLatin1, writeUint32 } from '../../src/go/bytes.ts';

const bytes = fc.uint8Array({ maxLength: 20_000 });

test('bytes are joined in their order', () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 5 }), (parts) => {
      expect(Buffer.compare(joinBytes(parts), Buffer.concat(parts))).toBe(0);
    }),
  );
});

test('text of Latin-1 is bytes, and back', () => {
  fc.assert(
    fc.property(bytes, (given) => {
      expect(fromLatin1(given)).toBe(Buffer.from(given).toString('latin1'));
      expect(Buffer.compare(toLatin1(fromLatin1(given)), given)).toBe(0);
    }),
  );
});

test('numbers of 32 bits are written with the highest byte first', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 32 - 1), (value) => {
      const target = Buffer.alloc(6);
      expect(writeUint32(target, 1, value)).toBe(5);
      expect(target.readUInt32BE(1)).toBe(value);
      expect(readUint32(target, 1)).toBe(value);
    }),
  );
});

test('bytes are ordered as Node orders them', () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      expect(Math.sign(compareByteArrays(a, b))).toBe(Buffer.compare(a, b));
    }),
  );
});
