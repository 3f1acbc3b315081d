/** Where image configs come from when there is no daemon to ask. */

import type { Platform } from './platform.ts';
import type { ImageReference } from './reference.ts';

/** An image for one platform. */
export interface FoundImage {
  /** Digest of what the reference names: an index where the image has several platforms. */
  readonly digest: string;
  /** The image config, JSON. */
  readonly config: Uint8Array;
  /** Nothing is known of the image: digest and config stand in for what it has. */
  readonly unknown?: boolean;
}

/** Resolves images; one of several that are asked in turn. */
export interface ImageResolver {
  /**
   * The image of a reference with tag or digest, for a platform (the default one if undefined). Returns undefined for an
   * image that is not this resolver's business.
   *
   * @throws Error where the image ought to be here but cannot be read
   */
  resolve(reference: ImageReference, platform: Platform | undefined): Promise<FoundImage | undefined>;
}
