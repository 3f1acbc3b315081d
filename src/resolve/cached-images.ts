/** Finds images that a registry has given before, without the network. */
import { findImage } from '../oci/manifest.ts';
import { checkArgument, having } from '../text/arguments.ts';
import type { BlobCache } from './blob-cache.ts';
import type { ImageResolver } from './resolver.ts';

/**
 * Makes a resolver of the images with a digest whose documents are in a cache, as `registryResolver` fills it. It knows
 * no tags: what they name may have changed.
 */
export function cachedImages(cache: BlobCache): ImageResolver {
  checkArgument('cachedImages', 'cache', cache, having('a cache, as createBlobCache(directory) gives', 'get', 'put'));
  return {
    async resolve({ digest }, platform) {
      if (digest === '') return undefined;
      let isMissing = false;
      try {
        return await findImage(
          { digest, mediaType: '', size: undefined, annotations: {} },
          platform,
          async (wanted) => {
            const bytes = await cache.get(wanted.digest);
            isMissing = bytes === undefined;
            if (!bytes) throw new Error(`${wanted.digest} is not in the cache`);
            return bytes;
          },
        );
      } catch (error) {
        if (isMissing) return undefined;
        throw error;
      }
    },
  };
}
