/** Records the images found, so that a later build can use the same ones: a lock file for base images. */
import { defaultPlatform, formatPlatform, normalizePlatform } from '../image/platform.ts';
import { formatReference } from '../image/reference.ts';
import { parseObject } from '../oci/json-object.ts';
import type { FoundImage } from '../oci/manifest.ts';
import type { ImageResolver } from './resolver.ts';

/** A resolver that records the images it finds. */
export interface ImageRecorder extends ImageResolver {
  /** The images so far as the JSON of an image table (`image-table.ts`), in a fixed order. */
  table(): string;
}

/** Asks the resolvers in turn and remembers what they find. */
export function recordImages(resolvers: readonly ImageResolver[]): ImageRecorder {
  const images = new Map<string, { digest: string; platforms: Map<string, unknown> }>();
  return {
    async resolve(reference, platform) {
      for (const resolver of resolvers) {
        const found = await resolver.resolve(reference, platform);
        if (!found) continue;
        remember(formatReference(reference), formatPlatform(normalizePlatform(platform ?? defaultPlatform())), found);
        return found;
      }
      return undefined;
    },
    table() {
      const sorted = [...images].sort(([a], [b]) => (a < b ? -1 : 1));
      const table = sorted.map(([name, { digest, platforms }]) => {
        const configs = [...platforms].sort(([a], [b]) => (a < b ? -1 : 1));
        return [name, { digest, platforms: Object.fromEntries(configs) }] as const;
      });
      return `${JSON.stringify({ images: Object.fromEntries(table) }, undefined, 2)}\n`;
    },
  };

  function remember(name: string, platform: string, { digest, config }: FoundImage): void {
    let image = images.get(name);
    if (!image) images.set(name, (image = { digest, platforms: new Map() }));
    const isNull = config.length < 100 && Buffer.from(config).toString().trim() === 'null'; // Go reads it as {}
    image.platforms.set(platform, isNull ? {} : parseObject(config, `the image config of ${name}`));
  }
}
