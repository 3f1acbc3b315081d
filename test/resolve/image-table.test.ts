import { describe, expect, test } from 'vitest';
import { parsePlatform } from '../../src/image/platform.ts';
import { parseNormalizedNamed, tagNameOnly } from '../../src/image/reference.ts';
import { parseImageTable } from '../../src/resolve/image-table.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const rootfs = { type: 'layers', diff_ids: [digest] };
const table = parseImageTable(
  JSON.stringify({
    images: {
      alpine: { digest, platforms: { 'linux/amd64': { config: { User: 'a' } }, 'linux/arm64': { config: {} } } },
      'example.com/any:1': { digest, platforms: { '*': { author: 'me' } } },
      [`example.com/pinned@${digest}`]: { digest, platforms: { '*': {} } },
    },
  }),
  'images.json',
);

async function resolve(name: string, platform: string) {
  const found = await table.resolve(tagNameOnly(parseNormalizedNamed(name)), parsePlatform(platform));
  return found && { digest: found.digest, config: JSON.parse(new TextDecoder().decode(found.config)) };
}

describe('image table', () => {
  test('references are found in any spelling', async () => {
    const config = { architecture: 'amd64', os: 'linux', rootfs, config: { User: 'a' } };
    for (const name of ['alpine', 'docker.io/library/alpine:latest', `alpine:latest@${digest}`, `alpine@${digest}`])
      expect(await resolve(name, 'linux/amd64'), name).toEqual({ digest, config });
    expect(await resolve(`example.com/pinned:2@${digest}`, 'linux/amd64')).toBeDefined();
  });

  test('an entry without platforms serves every platform', async () => {
    expect((await resolve('example.com/any:1', 'linux/arm/v7'))?.config).toEqual({
      architecture: 'arm',
      os: 'linux',
      variant: 'v7',
      rootfs,
      author: 'me',
    });
  });

  test('an image that is not in the table stays unknown', async () => {
    expect(await resolve('alpine:3', 'linux/amd64')).toBeUndefined();
    expect(await resolve(`alpine@sha256:${'b'.repeat(64)}`, 'linux/amd64')).toBeUndefined();
  });

  test('a missing platform is an error that lists those of the table', async () => {
    await expect(resolve('alpine', 'linux/s390x')).rejects.toThrow(
      `no match for platform in manifest ${digest}: not found (docker.io/library/alpine:latest in images.json has linux/amd64, linux/arm64, not linux/s390x)`,
    );
  });

  test.each([
    ['{', /^t.json is not JSON: /],
    ['[]', /^t.json has no object "images"$/],
    ['{"images":{"A":{}}}', /^t.json: images\["A"\]: .*must be lowercase$/],
    ['{"images":{"a":3}}', /^t.json: images\["a"\] is not an object$/],
    ['{"images":{"a":{"digest":"sha256:1"}}}', /has no "digest" of the form/],
    [`{"images":{"a":{"digest":"${digest}","platforms":{}}}}`, /has no object "platforms"/],
    [`{"images":{"a":{"digest":"${digest}","platforms":{"linux/amd64":3}}}}`, /platforms\["linux\/amd64"\] is not/],
    [`{"images":{"a":{"digest":"${digest}","platforms":{"a/b/c/d":{}}}}}`, /images\["a"\]\.platforms: /],
  ])('an image table is refused if it is %s', (text, message) => {
    expect(() => parseImageTable(text, 't.json')).toThrow(message);
  });
});
