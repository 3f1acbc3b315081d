/** A fixed table of images (`--images FILE`), to compile without a registry. */
import { formatPlatform, normalizePlatform, type Platform, parsePlatform } from '../image/platform.ts';
import { selectPlatform } from '../image/platform-match.ts';
import {
  formatReference,
  type ImageReference,
  parseNormalizedNamed,
  tagNameOnly,
  trimNamed,
  withTag,
} from '../image/reference.ts';
import { checkDepth, isObject } from '../oci/json-object.ts';
import { aString, checkArgument } from '../text/arguments.ts';
import type { ImageResolver } from './resolver.ts';

interface TableImage {
  readonly digest: string;
  readonly platforms: readonly { readonly platform: Platform | undefined; readonly config: object }[];
}

/**
 * Makes a resolver of the JSON text of a table of images (`--images FILE`); errors call it `file`.
 *
 * Keys of `images` are references as in FROM; `docker.io/library/` and `:latest` may be omitted. Each
 * platform has its image config, as `docker buildx imagetools inspect --format '{{json .Image}}'` prints it; `*` serves
 * every platform. If a config has no `architecture` and `os`, they come from its key; an image without `rootfs` is
 * assumed to have a layer.
 *
 * @example
 * const config = { config: { Env: ['PATH=/usr/local/bin:/usr/bin:/bin'] } };
 * const digest = `sha256:${'0'.repeat(64)}`;
 * const table = { images: { 'node:22-alpine': { digest, platforms: { 'linux/amd64': config, '*': {} } } } };
 * parseImageTable(JSON.stringify(table), 'images.json');
 *
 * @throws Error that says which entry is wrong and how
 */
export function parseImageTable(text: string, file: string): ImageResolver {
  checkArgument('parseImageTable', 'text', text, aString);
  checkArgument('parseImageTable', 'file', file, aString);
  const images = new Map<string, TableImage>();
  for (const [key, value] of Object.entries(readImages(text, file))) {
    const where = `${file}: images[${JSON.stringify(key)}]`;
    let reference: ImageReference;
    try {
      reference = tagNameOnly(parseNormalizedNamed(key));
    } catch (error) {
      throw new Error(`${where}: ${(error as Error).message}`);
    }
    images.set(formatReference(reference), readImage(value, where));
  }

  return {
    async resolve(reference, platform) {
      const image = images.get(formatReference(reference)) ?? byDigest(images, reference);
      if (!image) return undefined;
      return { digest: image.digest, config: configFor(image, platform, `${formatReference(reference)} in ${file}`) };
    },
  };
}

/** An image asked for by digest is there if the table has the same name with that digest. */
function byDigest(images: ReadonlyMap<string, TableImage>, reference: ImageReference): TableImage | undefined {
  if (reference.digest === '') return undefined;
  if (reference.tag !== '') {
    const tagged = images.get(formatReference(withTag(trimNamed(reference), reference.tag)));
    if (tagged?.digest === reference.digest) return tagged;
  }
  const name = `${formatReference(trimNamed(reference))}`;
  for (const [key, image] of images)
    if (image.digest === reference.digest && (key.startsWith(`${name}:`) || key.startsWith(`${name}@`))) return image;
  return undefined;
}

function configFor(image: TableImage, platform: Platform | undefined, where: string): Uint8Array {
  const exact = image.platforms.flatMap(({ platform }) => (platform ? [platform] : []));
  const best = platform ? selectPlatform(exact, platform) : 0;
  const entry =
    image.platforms.find((entry) => entry.platform !== undefined && entry.platform === exact[best]) ??
    image.platforms.find((entry) => entry.platform === undefined);
  if (!entry) {
    const names = exact.map((other) => formatPlatform(other)).join(', ');
    const wanted = platform ? formatPlatform(platform) : 'any';
    throw new Error(
      `no match for platform in manifest ${image.digest}: not found (${where} has ${names}, not ${wanted})`,
    );
  }
  const { os, architecture, variant } = entry.platform ?? platform ?? { os: '', architecture: '', variant: '' };
  const known = { ...(architecture && { architecture }), ...(os && { os }), ...(variant && { variant }) };
  // The frontend treats an image without layers as scratch.
  const rootfs = { type: 'layers', diff_ids: [image.digest] };
  return new TextEncoder().encode(JSON.stringify({ ...known, rootfs, ...entry.config }));
}

function readImages(text: string, file: string): Record<string, unknown> {
  checkDepth(Buffer.from(text), file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is not JSON: ${(error as Error).message}`);
  }
  const images = isObject(value) ? value['images'] : undefined;
  if (!isObject(images)) throw new Error(`${file} has no object "images"`);
  return images;
}

function readImage(value: unknown, where: string): TableImage {
  if (!isObject(value)) throw new Error(`${where} is not an object`);
  const { digest, platforms } = value;
  if (typeof digest !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(digest))
    throw new Error(`${where} has no "digest" of the form sha256:<64 hexadecimal digits>`);
  if (!isObject(platforms) || Object.keys(platforms).length === 0)
    throw new Error(`${where} has no object "platforms" with at least one platform`);
  const entries = Object.entries(platforms).map(([key, config]) => {
    if (!isObject(config)) throw new Error(`${where}.platforms[${JSON.stringify(key)}] is not an object`);
    try {
      return { platform: key === '*' ? undefined : normalizePlatform(parsePlatform(key)), config };
    } catch (error) {
      throw new Error(`${where}.platforms: ${(error as Error).message}`);
    }
  });
  return { digest, platforms: entries };
}
