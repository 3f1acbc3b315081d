import { spawnSync } from 'node:child_process';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decompress } from '../../src/gateway/decompress.ts';

const plain = Buffer.from('some text '.repeat(1000));
const unpack = async (data: Uint8Array, maxSize?: number) => {
  const pieces: Uint8Array[] = [];
  for await (const piece of decompress(data, maxSize)) pieces.push(piece);
  return Buffer.concat(pieces);
};
const text = async (data: Uint8Array) => (await unpack(data)).toString();

describe('decompress', () => {
  it('unpacks gzip and zstd', async () => {
    expect(await text(gzipSync(plain))).toBe(plain.toString());
    expect(await text(zstdCompressSync(plain))).toBe(plain.toString());
  });
  it('leaves other bytes as they are', async () => {
    expect(await text(plain)).toBe(plain.toString());
    expect(await text(Buffer.alloc(0))).toBe('');
  });
  it('takes what there is of a gzip stream that is cut off', async () => {
    const data = gzipSync(plain);
    expect(plain.toString().startsWith(await text(data.subarray(0, data.length - 10)))).toBe(true);
  });
  it('refuses damaged data', async () => {
    await expect(unpack(Buffer.from('1f8b08ffffffffffff', 'hex'))).rejects.toThrow();
    await expect(unpack(Buffer.from('fd377a585a0000000000', 'hex'))).rejects.toThrow();
  });

  const xz = spawnSync('xz', ['-c'], { input: plain });
  it.skipIf(xz.error)('unpacks xz where there is a program for it', async () => {
    expect(await text(xz.stdout)).toBe(plain.toString());
  });
});
