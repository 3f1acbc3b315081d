/** The image that a state began with. */
import type { OciImageConfig } from '../image/config.ts';
import type { Platform } from '../image/platform.ts';

/**
 * The daemon's way to resolve a reference: `pull` asks the registry, `local` prefers an image in the daemon's store,
 * `default` is the daemon's choice.
 */
export type ResolveMode = 'default' | 'pull' | 'local';

/** The image that a state began with. `imageFrontend` of `tsfront/client` makes the config of the result from it. */
export interface BaseImage {
  /** The image config, as JSON or parsed; undefined if it was not resolved. */
  readonly config?: Uint8Array | OciImageConfig | undefined;
  /** The image reference; undefined if only the config is known. */
  readonly ref?: string | undefined;
  /** The platform of the image; that of the graph if absent. */
  readonly platform?: Platform | undefined;
  /** How to resolve the reference; `default` if absent. */
  readonly resolveMode?: ResolveMode | undefined;
  /** The OCI layout that contains the image; the image is in a registry if absent. */
  readonly ociLayout?: { readonly sessionId: string; readonly storeId: string } | undefined;
}
