/** Indexes and manifests in memory, whose blobs are counted as they are read. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parsePlatform } from '../../src/image/platform.ts';
import { type Descriptor, findImage, type ReadBlob, verifyBlob } from '../../src/oci/manifest.ts';

const types = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
};
const amd64 = { os: 'linux', architecture: 'amd64' };
const arm64 = { os: 'linux', architecture: 'arm64' };

function createStore() {
  const blobs = new Map<string, Uint8Array>();
  const asked: string[] = [];
  const read: ReadBlob = async ({ digest }, kind) => {
    asked.push(kind);
    return blobs.get(digest)!;
  };
  const add = (mediaType: string, value: unknown): Descriptor => {
    const bytes = Buffer.from(JSON.stringify(value));
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length, annotations: {} };
  };
  const image = (config: object, layers: readonly object[] = []) =>
    add(types.manifest, { schemaVersion: 2, config: add(types.config, config), layers });
  const index = (...manifests: object[]) => add(types.index, { schemaVersion: 2, manifests });
  const find = async (root: Descriptor, platform = 'linux/amd64') => {
    const { digest, config } = await findImage(root, parsePlatform(platform), read);
    return [digest, JSON.parse(new TextDecoder().decode(config)).author];
  };
  return { add, image, index, find, asked };
}

describe('findImage', () => {
  test('uses a manifest that is named directly, whatever its platform', async () => {
    const { image, find, asked } = createStore();
    const root = image({ ...arm64, author: 'arm' });
    expect(await find(root)).toEqual([root.digest, 'arm']);
    expect(asked).toEqual(['manifest', 'config']);
  });

  test('reads only the manifest of the wanted platform, and returns the digest of the index', async () => {
    const { image, index, find, asked } = createStore();
    const root = index(
      { ...image({ ...amd64, author: 'amd' }), platform: amd64 },
      { ...image({ ...arm64, author: 'arm' }), platform: arm64 },
    );
    expect(await find(root, 'linux/arm64')).toEqual([root.digest, 'arm']);
    expect(asked).toEqual(['manifest', 'manifest', 'config']);
  });

  test('prefers an entry that states its platform to one before it that states none', async () => {
    const { image, index, find } = createStore();
    const root = index(image({ ...amd64, author: 'silent' }), {
      ...image({ ...amd64, author: 'stated' }),
      platform: amd64,
    });
    expect(await find(root)).toEqual([root.digest, 'stated']);
  });

  test('names the platforms of an image that lacks the wanted one', async () => {
    const { image, index, find } = createStore();
    const root = index(
      { ...image({ ...arm64 }), platform: arm64 },
      { ...image({}), platform: { os: 'unknown', architecture: 'unknown' } },
    );
    await expect(find(root)).rejects.toThrow(
      `no match for platform in manifest ${root.digest}: not found (wanted linux/amd64; the image has linux/arm64)`,
    );
  });

  test('follows three indexes to a manifest, and no more', async () => {
    const { image, index, find } = createStore();
    const nested = (depth: number): Descriptor =>
      depth === 0 ? image({ ...amd64, author: 'deep' }) : index({ ...nested(depth - 1), platform: amd64 });
    expect((await find(nested(3)))[1]).toBe('deep');
    await expect(find(nested(4))).rejects.toThrow('is nested too deeply: an image is at most 4 manifests away');
  });

  test('reads nothing of a descriptor that is too large, or of an invalid digest', async () => {
    const { find, image, asked } = createStore();
    const root = image({});
    await expect(find({ ...root, size: (4 << 20) + 1 })).rejects.toThrow(
      'more than the 4194304 that a manifest may have',
    );
    await expect(find({ ...root, digest: 'sha256:../../etc/passwd' })).rejects.toThrow();
    expect(asked).toEqual([]);
  });

  test('refuses an entry of an index without a size', async () => {
    const { image, index, find } = createStore();
    const { digest, mediaType } = image(amd64);
    await expect(find(index({ digest, mediaType, platform: amd64 }))).rejects.toThrow(
      `unable to fetch descriptor (${digest}) which reports content size of zero`,
    );
  });

  test('refuses a config that lists other layers than the manifest', async () => {
    const { image, find } = createStore();
    const digest = `sha256:${'a'.repeat(64)}`;
    const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size: 1 };
    const rootfs = { type: 'layers', diff_ids: [digest, digest] };
    await expect(find(image({ ...amd64, rootfs }, [layer]))).rejects.toThrow(
      'mismatched image rootfs and manifest layers: the config lists 2 and the manifest 1',
    );
  });

  test('refuses a document that is a manifest and an index', async () => {
    const { add, find } = createStore();
    const root = add('', { config: {}, manifests: [] });
    await expect(find(root)).rejects.toThrow('invalid ambiguous manifest and manifest list');
  });
});

test('verifyBlob refuses bytes of another size or digest', () => {
  const bytes = Buffer.from('abc');
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  expect(() => verifyBlob({ digest, size: 3 }, bytes)).not.toThrow();
  expect(() => verifyBlob({ digest, size: undefined }, bytes)).not.toThrow();
  expect(() => verifyBlob({ digest, size: 4 }, bytes)).toThrow(`${digest} has 3 bytes instead of 4`);
  expect(() => verifyBlob({ digest, size: 3 }, Buffer.from('abd'))).toThrow(`the content of ${digest} has the digest`);
});
