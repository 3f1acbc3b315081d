import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { decompress } from '../../src/archive/decompress.ts';
import { temporaryDir } from '../temporary-dir.ts';

const plain = Buffer.from('some text '.repeat(1000));
const unpack = async (data: Uint8Array, maxSize?: number) => {
  const pieces: Uint8Array[] = [];
  for await (const piece of decompress(data, maxSize)) pieces.push(piece);
  return Buffer.concat(pieces);
};
const text = async (data: Uint8Array) => (await unpack(data)).toString();

describe('decompress', () => {
  test('unpacks gzip and zstd', async () => {
    expect(await text(gzipSync(plain))).toBe(plain.toString());
    expect(await text(zstdCompressSync(plain))).toBe(plain.toString());
  });
  test('leaves other bytes as they are', async () => {
    expect(await text(plain)).toBe(plain.toString());
    expect(await text(Buffer.alloc(0))).toBe('');
  });
  test('takes what there is of a gzip stream that is cut off', async () => {
    const data = gzipSync(plain);
    expect(plain.toString().startsWith(await text(data.subarray(0, data.length - 10)))).toBe(true);
  });
  test('unpacks members of gzip one after another, up to zeros', async () => {
    const members = [gzipSync('one '), gzipSync(''), gzipSync('two'), Buffer.alloc(20), gzipSync('three')];
    expect(await text(Buffer.concat(members))).toBe('one two');
  });
  test('gives what stands before damage in a later member', async () => {
    const pieces = decompress(Buffer.concat([gzipSync('one'), Buffer.from('no member')]));
    expect(Buffer.from((await pieces.next()).value!).toString()).toBe('one');
    await expect(pieces.next()).rejects.toThrow('incorrect header check');
  });
  test('reads all fields of the header of gzip', async () => {
    const [plainHeader, body] = [gzipSync('one').subarray(0, 10), gzipSync('one').subarray(10)];
    const header = Buffer.concat([plainHeader, Buffer.from('\x03\x00abcname\0comment\0', 'latin1')]);
    header[3] = 0x1e;
    const sum = Buffer.alloc(2);
    sum.writeUInt16LE(crc32(header) & 0xffff);
    expect(await text(Buffer.concat([header, sum, body]))).toBe('one');
    await expect(text(Buffer.concat([header, Buffer.of(sum[0]! ^ 1, sum[1]!), body]))).rejects.toThrow('header crc');
  });
  test('damaged data is refused', async () => {
    await expect(unpack(Buffer.from('1f8b08ffffffffffff', 'hex'))).rejects.toThrow();
    await expect(unpack(Buffer.from('fd377a585a0000000000', 'hex'))).rejects.toThrow();
  });

  const xz = spawnSync('xz', ['-c'], { input: plain });
  test.skipIf(xz.error)('unpacks xz where there is a program for it', async () => {
    expect(await text(xz.stdout)).toBe(plain.toString());
  });

  test.runIf(process.platform === 'linux')(
    'ends the xz program with all that it has started when nobody reads on',
    async () => {
      const dir = temporaryDir();
      const pidFile = path.join(dir, 'pid');
      const settings = path.join(dir, 'settings');
      const script = `env > ${settings}\nsleep 1000 &\necho $! > ${pidFile}\nhead -c 100000 /dev/zero\nwait\n`;
      writeFileSync(path.join(dir, 'xz'), `#!/bin/sh\n${script}`, { mode: 0o755 });
      vi.stubEnv('PATH', `${dir}:${process.env['PATH']}`);
      vi.stubEnv('NODE_OPTIONS', '--no-warnings');
      vi.stubEnv('XZ_DEFAULTS', '--keep');
      onTestFinished(() => void vi.unstubAllEnvs());
      for await (const piece of decompress(Buffer.from('fd377a585a0000000000', 'hex'))) {
        expect(piece.every((byte) => byte === 0)).toBe(true);
        break;
      }
      const given = readFileSync(settings, 'utf8');
      expect(given).toMatch(/^XZ_OPT=--memlimit-decompress=\d+$/m);
      expect(given).not.toMatch(/^(NODE_OPTIONS|XZ_DEFAULTS)=/m);
      const pid = readFileSync(pidFile, 'utf8').trim();
      while (isRunning(pid)) await sleep(10); // the test's own limit ends this
    },
  );
});

function isRunning(pid: string): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}
