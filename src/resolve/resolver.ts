/** The interface of what finds image configs without a daemon. */
import type { Platform } from '../image/platform.ts';
import type { ImageReference } from '../image/reference.ts';
import type { FoundImage } from '../oci/manifest.ts';

/** Resolves images. Several resolvers are asked in turn. */
export interface ImageResolver {
  /**
   * The image of a reference with tag or digest, for a platform (the default one if undefined). undefined if this
   * resolver does not know the image: the next one is asked.
   *
   * @throws Error if the image ought to be here but cannot be read
   */
  resolve(reference: ImageReference, platform: Platform | undefined): Promise<FoundImage | undefined>;
}
