/** Images together with the settings that their configs bring. */
import type { Platform } from '../image/platform.ts';
import { formatReference, parseNormalizedNamed, tagNameOnly, withDigest } from '../image/reference.ts';
import type { ImageOptions, ResolveMode } from './options.ts';
import { image } from './source.ts';
import type { State } from './state.ts';

/** Looks up what a reference points to: a registry client, or the gateway's `resolveImageConfig`. */
export type ResolveImage = (
  ref: string,
  request: { readonly platform: Platform | undefined; readonly resolveMode: ResolveMode },
) => Promise<{
  /** The reference that was resolved; the one that was asked for if absent. */
  readonly ref?: string | undefined;
  readonly digest?: string | undefined;
  /** The image config as JSON. */
  readonly config: Uint8Array;
}>;

/**
 * An image with environment, working directory and platform of its config. Several at once: `Promise.all`.
 *
 * @param options.pin names the image by the digest it has now, so that the graph stays the same when the tag moves
 * @example
 * const [go, base] = await Promise.all([resolveImage('golang:1.21', resolver), resolveImage('alpine', resolver)]);
 */
export async function resolveImage(
  ref: string,
  resolve: ResolveImage,
  options: ImageOptions & { readonly pin?: boolean | undefined } = {},
): Promise<State> {
  const { pin, ...imageOptions } = options;
  const named = tagNameOnly(parseNormalizedNamed(ref));
  const { platform, resolveMode = 'default' } = options;
  const resolved = await resolve(formatReference(named), { platform, resolveMode });
  let name = formatReference(named);
  if (pin && named.digest === '') {
    const target = resolved.ref === undefined ? named : parseNormalizedNamed(resolved.ref);
    name = formatReference(resolved.digest ? withDigest(target, resolved.digest) : target);
  }
  return image(name, imageOptions).withImageConfig(resolved.config);
}
