/**
 * Archives that mean harm, as a source whose newest file gives a build its time: a few kilobytes that unpack to
 * terabytes.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decompress } from '../../src/archive/decompress.ts';
import { isTarHeader, newestFile } from '../../src/archive/tar.ts';
import { temporaryDir } from '../temporary-dir.ts';

const root = path.resolve(import.meta.dirname, '../..');
const zeros = Buffer.alloc(1 << 20);
/** 250,000 times the letter a, packed by `bzip2 -1`. */
const bzip2Letters = Buffer.from('QlpoMTFBWSZTWc6mDE8AAewBAOAAAAggADDMBSmnGJKtgkq8XckU4UJDOpgxPA==', 'base64');
const repeated = (data: Uint8Array, times: number) => Buffer.concat(Array.from({ length: times }, () => data));

interface Field {
  readonly name?: string;
  readonly type?: string;
  readonly size?: string | Buffer;
  readonly mtime?: number;
}

/** A header with its sum. */
function header({ name = 'f', type = '0', size = '0', mtime = 1 }: Field): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0, 'latin1');
  block.write('0000644\0', 100);
  if (typeof size === 'string') block.write(`${size.padStart(11, '0')}\0`, 124);
  else size.copy(block, 124);
  block.write(`${mtime.toString(8).padStart(11, '0')}\0`, 136);
  block.write('        ', 148);
  block.write(type, 156);
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

const octal = (size: number) => size.toString(8);
/** A header with content in whole blocks. */
const entry = (field: Field, content: Buffer) =>
  Buffer.concat([header({ ...field, size: octal(content.length) }), content, Buffer.alloc(-content.length & 511)]);
const end = Buffer.alloc(1024);

const timeOf = async (data: Uint8Array) => newestFile(decompress(data));

describe('memory does not grow with what comes out of', () => {
  const packed: [string, () => Buffer | undefined][] = [
    ['gzip', () => repeated(gzipSync(zeros), 300)],
    ['zstd', () => repeated(zstdCompressSync(zeros), 300)],
    ['one frame of zstd', () => zstdCompressSync(Buffer.alloc(300 << 20))],
    ['bzip2', () => repeated(bzip2Letters, 1200)],
    [
      'xz',
      () => {
        const { status, stdout } = spawnSync('xz', ['-c'], { input: zeros });
        return status === 0 ? repeated(stdout, 300) : undefined;
      },
    ],
  ];
  test.for(packed)('memory does not grow with what comes out of %s', async ([_format, pack], { skip }) => {
    const data = pack();
    if (!data) return skip('there is no xz here');
    expect(data.length).toBeLessThan(1 << 20);
    const script = `
      import { decompress } from ${JSON.stringify(path.join(root, 'src/archive/decompress.ts'))};
      const data = Buffer.concat(await Array.fromAsync(process.stdin));
      let turns = 0;
      setInterval(() => turns++, 1).unref();
      let size = 0;
      try { for await (const piece of decompress(data, 256 << 20)) size += piece.length; }
      catch (error) { console.log(error.message); }
      console.log(JSON.stringify({ size, turns, megabytes: process.resourceUsage().maxRSS >> 10 }));`;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { input: data, encoding: 'utf8' });
    const [message, measured = ''] = child.stdout.split('\n');
    expect(message, child.stderr).toMatch(/^an archive of \d+ bytes unpacks to more than 268435456 bytes/);
    const { size, turns, megabytes } = JSON.parse(measured) as Record<'size' | 'turns' | 'megabytes', number>;
    expect(size).toBeLessThanOrEqual(256 << 20);
    expect(size).toBeGreaterThan(255 << 20);
    expect(megabytes).toBeLessThan(220);
    expect(turns).toBeGreaterThan(10); // others had their turn
  });
});

test('a source of 4 MB that unpacks to more than 4 GiB ends compiling with an error', async () => {
  const bomb = Buffer.concat([gzipSync(header({ size: octal(2 ** 33 - 1) })), repeated(gzipSync(zeros), 4200)]);
  const server = createServer((_request, response) => void response.end(bomb)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const dir = temporaryDir();
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/bomb.tar.gz`;
    const lines = [
      'ARG SOURCE_DATE_EPOCH=source',
      'FROM scratch AS source',
      `ADD ${url} /`,
      'FROM scratch',
      'COPY x y',
    ];
    writeFileSync(path.join(dir, 'Dockerfile'), lines.join('\n'));
    const script = `
      import { runCli } from ${JSON.stringify(path.join(root, 'test/cli/run-cli.ts'))};
      const { code, stderr } = await runCli(['compile', ${JSON.stringify(dir)}]);
      console.log(JSON.stringify({ code, stderr, megabytes: process.resourceUsage().maxRSS >> 10 }));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (text) => {
      output += text;
    });
    await once(child, 'close');
    const { code, stderr, megabytes } = JSON.parse(output) as { code: number; stderr: string; megabytes: number };
    expect(stderr).toMatch(
      /failed to find the time of http:\S+bomb.tar.gz: an archive of \d+ bytes unpacks to more than 4294967296 bytes/,
    );
    expect(code).toBe(1);
    expect(megabytes).toBeLessThan(400);
  } finally {
    server.close();
  }
});

describe('a tar archive', () => {
  const file = header({ mtime: 7 });
  const base256 = (...bytes: number[]) => Buffer.from([...Array(12 - bytes.length).fill(0), ...bytes]);
  const marked = (size: Buffer, mark: number) => Buffer.from(size.map((byte, at) => (at === 0 ? byte | mark : byte)));

  test.each<[what: string, archive: () => Buffer, error: RegExp]>([
    ['with an extended header of 2 MiB', () => entry({ type: 'x' }, Buffer.alloc(2 << 20)), /header field too long/],
    [
      'with an extended header of 8 GB, which is not there',
      () => header({ type: 'x', size: octal(2 ** 33 - 1) }),
      /header field too long/,
    ],
    ['with a global header of 8 GB', () => header({ type: 'g', size: octal(2 ** 33 - 1) }), /header field too long/],
    ['with a name of 2 MiB', () => entry({ type: 'L' }, Buffer.alloc(2 << 20, 'a')), /header field too long/],
    ['with a link of 2 MiB', () => entry({ type: 'K' }, Buffer.alloc(2 << 20, 'a')), /header field too long/],
    ['with a file of 8 GB, which is not there', () => header({ size: octal(2 ** 33 - 1) }), /unexpected EOF/],
    ['with a file of 4 EB', () => header({ size: marked(base256(0x40, 0, 0, 0, 0, 0, 0, 0), 0x80) }), /unexpected EOF/],
    [
      'with a file of more bytes than there are numbers',
      () => header({ size: marked(base256(0x80, 0, 0, 0, 0, 0, 0, 0), 0x80) }),
      /invalid tar header/,
    ],
    ['with a file of -1 bytes', () => header({ size: Buffer.alloc(12, 0xff) }), /invalid tar header/],
    [
      'with a size in words',
      () => Buffer.concat([entry({ type: 'x' }, Buffer.from('12 size=abc\n')), file]),
      /invalid tar header/,
    ],
    [
      'with an extended size of 30 digits',
      () => Buffer.concat([entry({ type: 'x' }, Buffer.from(`39 size=${'9'.repeat(30)}\n`)), file]),
      /invalid tar header/,
    ],
    [
      'with a record as long as it likes',
      () => entry({ type: 'x' }, Buffer.from('99999999999 a=b\n')),
      /invalid tar header/,
    ],
    [
      'with sparse maps without an end',
      () => Buffer.concat([sparse(), repeated(Buffer.alloc(512, 1), 10_000)]),
      /unexpected EOF/,
    ],
  ])('a tar archive with %s is refused', async (_what, archive, error) => {
    await expect(timeOf(archive())).rejects.toThrow(error);
  });

  function sparse(): Buffer {
    const block = header({ type: 'S' });
    block[482] = 1;
    block.write('        ', 148);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return block;
  }

  test.each<[what: string, archive: () => Buffer]>([
    ['of 100,000 files', () => Buffer.concat([repeated(header({}), 100_000), file, end])],
    [
      'of 20,000 headers for the next header',
      () => Buffer.concat([repeated(entry({ type: 'x' }, Buffer.from('7 a=bc\n')), 20_000), file, end]),
    ],
    [
      'of 20,000 records in a header',
      () => Buffer.concat([entry({ type: 'x' }, Buffer.from('7 a=bc\n'.repeat(20_000))), file, end]),
    ],
    [
      'that names a directory in bytes that are not UTF-8',
      () =>
        Buffer.concat([
          entry({ type: 'x' }, Buffer.from('12 path=\xff\xfe/\n', 'latin1')),
          header({ mtime: 99 }),
          file,
          end,
        ]),
    ],
    [
      'that links have content, they say',
      () => Buffer.concat([header({ type: '2', size: octal(2 ** 33 - 1) }), file, end]),
    ],
    ['with anything after its end', () => Buffer.concat([file, end, Buffer.alloc(1 << 20, 'x')])],
  ])('a tar archive with %s is read', async (_what, archive) => {
    expect(await timeOf(archive())).toEqual({ seconds: 7n, nanos: 0 });
    expect(await timeOf(gzipSync(archive()))).toEqual({ seconds: 7n, nanos: 0 });
  });

  test('a tar archive is recognised by its first header, however long its first file is', () => {
    expect(isTarHeader(Buffer.concat([header({ size: octal(10_000) }), Buffer.alloc(512)]))).toBe(true);
    expect(isTarHeader(header({ size: octal(2 ** 33 - 1) }))).toBe(true);
    expect(isTarHeader(header({ type: 'x', size: octal(600) }))).toBe(false);
  });

  test('a tar archive whose compressed data is cut off is refused', async () => {
    const data = gzipSync(Buffer.concat([header({ size: octal(1 << 20) }), Buffer.alloc(1 << 20, 'x'), end]));
    await expect(timeOf(data.subarray(0, data.length / 2))).rejects.toThrow(/unexpected E(OF|nd)/i);
  });

  test('a tar archive of 20,001 frames is refused', async () => {
    const frame = zstdCompressSync('');
    await expect(timeOf(repeated(frame, 20_001))).rejects.toThrow('a zstd archive has more than 20000 frames');
  });

  test('a tar archive in several frames of zstd is read as one, without skippable frames', async () => {
    const skipped = Buffer.from('502a4d180400000001020304', 'hex');
    const frames = [file, end].map((part) => zstdCompressSync(part));
    expect(await timeOf(Buffer.concat([skipped, frames[0]!, skipped, frames[1]!]))).toEqual({ seconds: 7n, nanos: 0 });
  });
});
