/** Images in OCI layouts: folders with `oci-layout`, `index.json` and `blobs/`. */
import path from 'node:path';
import { splitDigest } from './digest.ts';
import {
  type Descriptor,
  findImage,
  maxBlobSizes,
  parseEntries,
  parseObject,
  type ReadBlob,
  verifyBlob,
} from './manifest.ts';
import type { Platform } from './platform.ts';
import { formatReference, type ImageReference, parseNormalizedNamed, tagNameOnly } from './reference.ts';
import type { FoundImage, ImageResolver } from './resolver.ts';
import { readSmallFile } from './small-file.ts';

/** An OCI layout on disk. */
export interface OciLayout {
  readonly folder: string;
  /** The entry of `index.json` for a tag (`org.opencontainers.image.ref.name` or the containerd name). */
  findTag(tag: string): Promise<Descriptor>;
  /** The image that a descriptor, or a digest alone, leads to. */
  image(descriptor: Descriptor | string, platform: Platform | undefined): Promise<FoundImage>;
}

/** Opens a layout; nothing is read before it is needed. */
export function openOciLayout(folder: string): OciLayout {
  const read: ReadBlob = async (descriptor, kind) => {
    const { algorithm, hex } = splitDigest(descriptor.digest);
    const bytes = await readSmallFile(path.join(folder, 'blobs', algorithm, hex), maxBlobSizes[kind]);
    verifyBlob(descriptor, bytes);
    return bytes;
  };

  async function entries(): Promise<Descriptor[]> {
    const file = path.join(folder, 'index.json');
    const { manifests } = parseObject(await readSmallFile(file, maxBlobSizes.manifest), file);
    if (!Array.isArray(manifests)) throw new Error(`${file} has no manifests`);
    return parseEntries(manifests, file);
  }

  return {
    folder,
    async findTag(tag) {
      const all = await entries();
      const named = all.find(({ annotations }) => {
        const name = annotations['org.opencontainers.image.ref.name'] ?? '';
        const full = annotations['io.containerd.image.name'] ?? '';
        return name === tag || name.endsWith(`:${tag}`) || full.endsWith(`:${tag}`);
      });
      // A layout with one image needs no tag.
      const found = named ?? (all.length === 1 ? all[0] : undefined);
      if (!found) throw new Error(`${folder} has no image with the tag ${tag}: not found`);
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

/** A resolver that takes single images from layouts: `layouts` are folders by reference. */
export function ociLayoutResolver(layouts: ReadonlyMap<string, string>): ImageResolver {
  const byName = new Map<string, { layout: OciLayout; digest: string }>();
  for (const [name, folder] of layouts) {
    const { reference } = parseName(name);
    if (reference) byName.set(formatReference(reference), { layout: openOciLayout(folder), digest: reference.digest });
  }
  return {
    async resolve(reference, platform) {
      const found = byName.get(formatReference(reference));
      if (!found) return undefined;
      const { layout } = found;
      return layout.image(reference.digest || (await layout.findTag(reference.tag || 'latest')), platform);
    },
  };
}

/** Names of layouts need not be references: those that are stand for the image as well. */
function parseName(name: string): { reference: ImageReference | undefined } {
  try {
    return { reference: tagNameOnly(parseNormalizedNamed(name)) };
  } catch {
    return { reference: undefined };
  }
}
