/** Notes down what images were resolved to, to resolve them to the same again: a lock file for base images. */
import { parseObject } from './manifest.ts';
import { defaultPlatform, formatPlatform, normalizePlatform } from './platform.ts';
import { formatReference } from './reference.ts';
import type { FoundImage, ImageResolver } from './resolver.ts';

export interface ImageRecorder extends ImageResolver {
  /** The images so far as a table (see `table.ts`), in a fixed order. */
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
    image.platforms.set(platform, parseObject(config, `the image config of ${name}`));
  }
}
