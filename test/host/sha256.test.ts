import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { sha256 } from '../../src/host/sha256.ts';

test.each([0, 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1000, 100_000])('hashes %d bytes as Node does', (size) => {
  const data = Uint8Array.from({ length: size }, (_, i) => (i * 7919) & 255);
  expect(sha256(data)).toBe(createHash('sha256').update(data).digest('hex'));
});
