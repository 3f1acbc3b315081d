import { describe, expect, test } from 'vitest';
import { isTarHeader, newestFile as newestOfPieces } from '../../src/archive/tar.ts';

interface Entry {
  readonly name: string;
  readonly type?: string;
  readonly mtime?: number;
  readonly content?: string;
  readonly magic?: string;
}

/** A header block with its sum, and the content in whole blocks. */
function entry({ name, type = '0', mtime = 0, content = '', magic = 'ustar\x0000' }: Entry): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write('0000644\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  block.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  block.write(`${mtime.toString(8).padStart(11, '0')}\0`, 136);
  block.write('        ', 148);
  block.write(type, 156);
  block.write(magic, 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const data = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  data.write(content);
  return Buffer.concat([block, data]);
}

const end = Buffer.alloc(1024);
const archive = (...entries: Entry[]) => Buffer.concat([...entries.map(entry), end]);
const record = (key: string, value: string) => {
  const rest = ` ${key}=${value}\n`;
  const length = String(rest.length + 2).length + rest.length;
  return `${length}${rest}`;
};

/** In pieces of every size, which must make no difference. */
async function newestFile(bytes: Uint8Array) {
  const answers = await Promise.all(
    [1, 100, 512, 700, 1024, 1 << 20].map(async (size) => {
      async function* pieces() {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
      }
      return newestOfPieces(pieces());
    }),
  );
  for (const answer of answers) expect(answer).toEqual(answers[0]);
  return answers[0];
}

describe('newestFile', () => {
  test('takes the newest regular file', async () => {
    const bytes = archive(
      { name: 'a', mtime: 100, content: 'x'.repeat(600) },
      { name: 'b', mtime: 300 },
      { name: 'c', mtime: 200 },
    );
    expect(await newestFile(bytes)).toEqual({ seconds: 300n, nanos: 0 });
  });
  test('leaves out directories, links and devices, but not hard links', async () => {
    const bytes = archive(
      { name: 'dir/', type: '5', mtime: 900 },
      { name: 'old-dir/', type: '\0', mtime: 900 },
      { name: 'link', type: '2', mtime: 900 },
      { name: 'dev', type: '3', mtime: 900 },
      { name: 'hard', type: '1', mtime: 500 },
    );
    expect(await newestFile(bytes)).toEqual({ seconds: 500n, nanos: 0 });
  });
  test('takes times and names of extended headers', async () => {
    const bytes = archive(
      { name: 'x', type: 'x', content: record('mtime', '1700000000.5') },
      { name: 'a', mtime: 1 },
      { name: 'x', type: 'x', content: record('path', 'dir/') },
      { name: 'b', type: '0', mtime: 1_800_000_000 },
    );
    expect(await newestFile(bytes)).toEqual({ seconds: 1_700_000_000n, nanos: 500_000_000 });
  });
  test('returns nothing for an archive without files', async () => {
    expect(await newestFile(end)).toBeUndefined();
    expect(await newestFile(archive({ name: 'd/', type: '5', mtime: 5 }))).toBeUndefined();
  });
  test('reads an archive that lacks its end blocks', async () => {
    const bytes = archive({ name: 'a', mtime: 1, content: 'content' });
    for (const length of [519, 700, 1024, 1536])
      expect((await newestFile(bytes.subarray(0, length)))?.seconds).toBe(1n);
  });
  test('refuses what is not an archive, or is cut off', async () => {
    const bytes = archive({ name: 'a', mtime: 1, content: 'content' });
    await expect(newestFile(Buffer.from('FROM alpine'.padEnd(600)))).rejects.toThrow('invalid tar header');
    await expect(newestFile(bytes.subarray(0, 400))).rejects.toThrow('unexpected EOF');
    await expect(newestFile(bytes.subarray(0, 515))).rejects.toThrow('unexpected EOF');
  });
});

describe('isTarHeader', () => {
  test('tells archives from texts', () => {
    expect(isTarHeader(archive({ name: 'Dockerfile', content: 'FROM x' }).subarray(0, 1024))).toBe(true);
    expect(isTarHeader(Buffer.from('FROM alpine\n'.repeat(100)))).toBe(false);
    expect(isTarHeader(Buffer.alloc(1024))).toBe(false);
    expect(isTarHeader(new Uint8Array())).toBe(false);
  });
});
