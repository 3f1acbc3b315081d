import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromBase64, toBase64 } from '../../src/go/base64.ts';

const bytes = fc.uint8Array({ maxLength: 20_000 });

test('base64 is what Node writes, and is read back', () => {
  fc.assert(
    fc.property(bytes, (given) => {
      const text = Buffer.from(given).toString('base64');
      expect(toBase64(given)).toBe(text);
      expect(Buffer.compare(fromBase64(text)!, given)).toBe(0);
    }),
  );
});

test.each(['a', 'ab', 'abc', 'a===', '====', 'ab=c', 'a-_=', 'ab c', 'abcd=', '\u{1f600}aa'])(
  '%j is not base64',
  (text) => {
    expect(fromBase64(text)).toBeUndefined();
  },
);
