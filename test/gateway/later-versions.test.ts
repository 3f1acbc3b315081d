/** What Dockerfile 1.27 accepts and 1.26 does not: held against what 1.26 does with the same in another form. */
import { gunzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type GoldenCase, readCase, readExpected } from '../golden/cases.ts';
import { compare, normalize } from '../golden/lib/compare.mjs';
import { play } from '../golden/play.ts';

describe('an archive as context that is compressed with zstd', () => {
  const gzip = readCase('context/http-archive-filename');
  const key = [...gzip.files.keys()].find((name) => name.endsWith('!context'))!;
  const zstd = zstdCompressSync(gunzipSync(gzip.files.get(key) as Buffer));
  const withArchive = (data: Buffer): GoldenCase => ({ ...gzip, files: new Map(gzip.files).set(key, data) });

  test.each([
    ['as it is', zstd],
    ['after a skippable frame', Buffer.concat([Buffer.from('5a2a4d180400000061626364', 'hex'), zstd])],
  ])('a zstd archive is unpacked like one in gzip: %s', async (_, data) => {
    const verdict = compare(readExpected('context/http-archive-filename'), normalize(await play(withArchive(data))));
    expect(verdict.failed).toEqual([]);
  });

  test('zstd contexts are a capability of the frontend', async () => {
    const plain = readCase('options/caps-known-with-flag');
    const asked = { ...plain, opts: { 'frontend.caps': 'moby.buildkit.frontend.contexts.zstd' } };
    const verdict = compare(readExpected('options/caps-known-with-flag'), normalize(await play(asked)));
    expect(verdict.failed).toEqual([]);
  });
});
