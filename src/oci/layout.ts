/**
 * OCI image layouts: directories with `oci-layout`, `index.json` and `blobs/`. This module reads them;
 * `client/session/layout-index.ts` writes them.
 */
import path from 'node:path';
import { splitDigest } from '../image/digest.ts';
import type { Platform } from '../image/platform.ts';
import { readNamedFile } from '../system/named-file.ts';
import { aString, checkArgument } from '../text/arguments.ts';
import { parseObject } from './json-object.ts';
import {
  type Descriptor,
  type FoundImage,
  findImage,
  maxBlobSizes,
  parseEntries,
  type ReadBlob,
  verifyBlob,
} from './manifest.ts';

/** The annotation of an index entry that has the image's tag. */
export const refNameKey = 'org.opencontainers.image.ref.name';
/** Containerd's annotation with the whole name of an image. */
export const imageNameKey = 'io.containerd.image.name';

/**
 * The file of a blob.
 * @throws Error for an invalid digest, which could lead out of the layout
 */
export function blobPath(dir: string, digest: string): string {
  const { algorithm, hex } = splitDigest(digest);
  return path.join(dir, 'blobs', algorithm, hex);
}

/**
 * A layout's `index.json` with all its members; undefined if absent.
 * @throws Error that names the file if it is not a JSON object or larger than `maxBytes`
 */
export async function readLayoutIndex(dir: string, maxBytes: number): Promise<Record<string, unknown> | undefined> {
  const file = path.join(dir, 'index.json');
  let bytes: Uint8Array;
  try {
    bytes = await readNamedFile(file, maxBytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return parseObject(bytes, file);
}

/** An OCI layout on disk. */
export interface OciLayout {
  /** The directory as given. */
  readonly dir: string;
  /** The entry of `index.json` for a tag (`org.opencontainers.image.ref.name` or the containerd name). */
  findTag(tag: string): Promise<Descriptor>;
  /** The image that a descriptor, or a digest alone, leads to. */
  image(descriptor: Descriptor | string, platform: Platform | undefined): Promise<FoundImage>;
}

/** Opens a layout. Its files are read when they are needed. */
export function openOciLayout(dir: string): OciLayout {
  checkArgument('openOciLayout', 'dir', dir, aString);
  const read: ReadBlob = async (descriptor, kind) => {
    const bytes = await readNamedFile(blobPath(dir, descriptor.digest), maxBlobSizes[kind]);
    verifyBlob(descriptor, bytes);
    return bytes;
  };

  async function entries(): Promise<Descriptor[]> {
    const file = path.join(dir, 'index.json');
    const index = await readLayoutIndex(dir, maxBlobSizes.manifest);
    if (!index) throw new Error(`${file}: no such file or directory: ${dir} is not an OCI layout`);
    if (!Array.isArray(index['manifests'])) throw new Error(`${file} has no manifests`);
    return parseEntries(index['manifests'], file);
  }

  return {
    dir,
    async findTag(tag) {
      const all = await entries();
      const named = all.find(({ annotations }) => {
        const name = annotations[refNameKey] ?? '';
        const full = annotations[imageNameKey] ?? '';
        return name === tag || name.endsWith(`:${tag}`) || full.endsWith(`:${tag}`);
      });
      // A layout with one image needs no tag.
      const found = named ?? (all.length === 1 ? all[0] : undefined);
      if (!found) throw new Error(`${dir} has no image with the tag ${tag}: not found`);
      return found;
    },
    image(descriptor, platform) {
      const root =
        typeof descriptor === 'string'
          ? { mediaType: '', digest: descriptor, size: undefined, annotations: {} }
          : descriptor;
      return findImage(root, platform, read);
    },
  };
}
