/** A resolver over OCI layouts (`--oci-layout NAME=DIRECTORY`). */
import { formatReference, type ImageReference, parseNormalizedNamed, tagNameOnly } from '../image/reference.ts';
import { type OciLayout, openOciLayout } from '../oci/layout.ts';
import { aString, checkArgument, mapOf } from '../text/arguments.ts';
import type { ImageResolver } from './resolver.ts';

/** A resolver that takes single images from layouts: `layouts` are directories by reference. */
export function ociLayoutResolver(layouts: ReadonlyMap<string, string>): ImageResolver {
  checkArgument(
    'ociLayoutResolver',
    'layouts',
    layouts,
    mapOf(aString, 'a Map of directories by the names of layouts'),
  );
  const byName = new Map<string, { layout: OciLayout; digest: string }>();
  for (const [name, dir] of layouts) {
    const { reference } = parseName(name);
    if (reference) byName.set(formatReference(reference), { layout: openOciLayout(dir), digest: reference.digest });
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

/** A layout's name need not be a reference; if it is one, the layout also provides that image. */
function parseName(name: string): { reference: ImageReference | undefined } {
  try {
    return { reference: tagNameOnly(parseNormalizedNamed(name)) };
  } catch {
    return { reference: undefined };
  }
}
