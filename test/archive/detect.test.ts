import { zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { isArchive } from '../../src/archive/detect.ts';

/** A tar header of an empty file. */
function tarHeader(): Buffer {
  const header = Buffer.alloc(1024);
  header.write('a\0');
  header.write('0000644\0', 100);
  header.write('00000000000\0', 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0ustar\x0000', 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

describe('an archive', () => {
  test.each([
    ['tar', tarHeader()],
    ['gzip', Buffer.from('1f8b0800', 'hex')],
    ['bzip2', Buffer.from('BZh9')],
    ['xz', Buffer.from('fd377a585a0000', 'hex')],
    ['zstd', zstdCompressSync(tarHeader())],
    [
      'zstd after a skippable frame',
      Buffer.concat([Buffer.from('502a4d180400000061626364', 'hex'), zstdCompressSync('')]),
    ],
    ['the last kind of skippable frame', Buffer.from('5f2a4d1800000000', 'hex')],
  ])('data that begins with the header of %s is an archive', (_, header) => {
    expect(isArchive(header)).toBe(true);
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['a Dockerfile', Buffer.from('FROM alpine\n')],
    ['a skippable frame that is cut', Buffer.from('502a4d18040000', 'hex')],
    ['another number', Buffer.from('602a4d1804000000', 'hex')],
    ['zeros', Buffer.alloc(1024)],
  ])('data that begins with %s is not an archive', (_, header) => {
    expect(isArchive(header)).toBe(false);
  });
});
