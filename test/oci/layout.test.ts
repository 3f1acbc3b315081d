/** Layouts in a directory; how images are resolved in them is in test/resolve/oci-layout-resolver.test.ts. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { blobPath, openOciLayout, readLayoutIndex } from '../../src/oci/layout.ts';
import { temporaryDir } from '../temporary-dir.ts';

const digest = `sha256:${'a'.repeat(64)}`;
let root: string;
beforeEach(() => {
  root = temporaryDir();
});
const writeIndex = (index: unknown) => writeFileSync(path.join(root, 'index.json'), JSON.stringify(index));

test('a blob lies below its algorithm, and an invalid digest cannot lead out of the layout', () => {
  expect(blobPath('/layout', digest)).toBe(`/layout/blobs/sha256/${'a'.repeat(64)}`);
  for (const bad of ['sha256:../x', 'a', '../x:y', `sha256:${'A'.repeat(64)}`])
    expect(() => blobPath('/layout', bad)).toThrow();
});

test('a missing index is undefined, and an index beyond the limit is an error', async () => {
  expect(await readLayoutIndex(root, 100)).toBeUndefined();
  writeIndex({ manifests: [], other: 'x' });
  expect(await readLayoutIndex(root, 100)).toEqual({ manifests: [], other: 'x' });
  await expect(readLayoutIndex(root, 10)).rejects.toThrow('index.json');
});

test('an index that is not a JSON object is an error that names the file', async () => {
  writeIndex([]);
  await expect(readLayoutIndex(root, 100)).rejects.toThrow(`${path.join(root, 'index.json')} is not a JSON object`);
  writeIndex({});
  await expect(openOciLayout(root).findTag('1')).rejects.toThrow('index.json has no manifests');
});

test.each([
  ['the tag alone', { 'org.opencontainers.image.ref.name': 'v1' }],
  ['a name with the tag', { 'org.opencontainers.image.ref.name': 'example.com/a:v1' }],
  ["containerd's name", { 'io.containerd.image.name': 'docker.io/library/a:v1' }],
])('a tag is found by %s', async (_, annotations) => {
  const other = { digest: `sha256:${'b'.repeat(64)}` };
  writeIndex({ manifests: [other, { digest, annotations }] });
  expect((await openOciLayout(root).findTag('v1')).digest).toBe(digest);
  await expect(openOciLayout(root).findTag('v2')).rejects.toThrow(`${root} has no image with the tag v2: not found`);
});

test('a directory without an index is not a layout', async () => {
  await expect(openOciLayout(root).findTag('1')).rejects.toThrow(`${root} is not an OCI layout`);
});
