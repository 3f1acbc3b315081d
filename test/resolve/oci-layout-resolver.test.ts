import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { parsePlatform } from '../../src/image/platform.ts';
import { parseNormalizedNamed, tagNameOnly } from '../../src/image/reference.ts';
import { openOciLayout } from '../../src/oci/layout.ts';
import { ociLayoutResolver } from '../../src/resolve/oci-layout-resolver.ts';
import { type FakeImage, fakeImage } from '../registry/fake-registry.ts';
import { temporaryDir } from '../temporary-dir.ts';

let dir: string;
const one = fakeImage({ 'linux/amd64': { author: 'one' }, 'linux/arm64': { author: 'one' } });
const two = fakeImage({ 'linux/amd64': { author: 'two' } }, false);

async function writeLayout(images: Record<string, FakeImage>): Promise<void> {
  await mkdir(path.join(dir, 'blobs/sha256'), { recursive: true });
  for (const { blobs } of Object.values(images))
    for (const [digest, text] of blobs) await writeFile(path.join(dir, 'blobs', digest.replace(':', '/')), text);
  const manifests = Object.entries(images).map(([name, { digest }]) => ({
    digest,
    annotations: { 'org.opencontainers.image.ref.name': name },
  }));
  await writeFile(path.join(dir, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
}

beforeEach(async () => {
  dir = temporaryDir();
});

async function author(name: string, platform = 'linux/amd64', layout = name) {
  const resolver = ociLayoutResolver(new Map([[layout, dir]]));
  const found = await resolver.resolve(tagNameOnly(parseNormalizedNamed(name)), parsePlatform(platform));
  return found && [found.digest, JSON.parse(new TextDecoder().decode(found.config)).author];
}

test('an image is found by its tag', async () => {
  await writeLayout({ '1': one, '2': two });
  expect(await author('example.com/a:1')).toEqual([one.digest, 'one']);
  expect(await author('example.com/a:2')).toEqual([two.digest, 'two']);
  await expect(author('example.com/a:3')).rejects.toThrow(`${dir} has no image with the tag 3: not found`);
});

test('a lone image needs no tag', async () => {
  await writeLayout({ whatever: one });
  expect(await author('a')).toEqual([one.digest, 'one']);
});

test('an image is found by its digest', async () => {
  await writeLayout({ '1': one, '2': two });
  expect(await author(`a@${two.digest}`)).toEqual([two.digest, 'two']);
});

test('images of other names stay unknown', async () => {
  await writeLayout({ '1': one });
  expect(await author('b', 'linux/amd64', 'a')).toBeUndefined();
  expect(await author('b', 'linux/amd64', 'Not A Reference')).toBeUndefined();
});

test('a missing platform is an error', async () => {
  await writeLayout({ '1': one });
  await expect(author('a', 'linux/s390x')).rejects.toThrow(`no match for platform in manifest ${one.digest}`);
});

test('an OCI layout with damaged content is refused', async () => {
  await writeLayout({ '1': two });
  const config = [...two.blobs.keys()][0]!;
  await writeFile(path.join(dir, 'blobs', config.replace(':', '/')), 'x');
  await expect(author('a')).rejects.toThrow(`${config} has 1 bytes instead of`);
});

test('a directory without a layout is refused, and so is a digest that is a path', async () => {
  await expect(author('a')).rejects.toThrow('index.json');
  await expect(openOciLayout(dir).image('sha256:../../etc/passwd', undefined)).rejects.toThrow('invalid digest');
});
