/** Images with the environment, working directory and platform of their configs. */
import { formatPlatform, type Platform } from '../image/platform.ts';
import { formatReference, parseNormalizedNamed, tagNameOnly, withDigest } from '../image/reference.ts';
import { aFunction, aString, checkArgument, objectWith } from '../text/arguments.ts';
import type { ResolveMode } from './base-image.ts';
import { type ImageOptions, image } from './source/image.ts';
import type { State } from './state.ts';

/** Resolves an image reference to its config, e.g. with a registry client or the gateway's `resolveImageConfig`. */
export type ResolveImage = (
  ref: string,
  request: { readonly platform: Platform | undefined; readonly resolveMode: ResolveMode },
) => Promise<{
  /** Reference that was resolved; the requested one if absent. */
  readonly ref?: string | undefined;
  /** Digest of the image; `pin` has no effect if absent. */
  readonly digest?: string | undefined;
  /** Image config as JSON. */
  readonly config: Uint8Array;
}>;

/** Options of `resolveImage`. */
export interface ResolvedImageOptions extends ImageOptions {
  /** Refers to the image by its present digest, so that the graph stays the same if the tag moves; false if absent. */
  readonly pin?: boolean | undefined;
}

/**
 * Resolves an image and makes a state with the environment, working directory and platform of its config.
 *
 * A graph contains no promises, so images are resolved before the states that depend on their configs are made.
 * BuildKit's Go client resolves the images of a graph together when it marshals the graph; `resolveImages` resolves
 * several images together.
 *
 * @throws Error if the reference is invalid, and what `resolve` throws
 * @example
 * const base = await resolveImage('alpine:3', resolver, { pin: true });
 */
export async function resolveImage(
  ref: string,
  resolve: ResolveImage,
  options: ResolvedImageOptions = {},
): Promise<State> {
  checkArgument('resolveImage', 'ref', ref, aString);
  checkArgument('resolveImage', 'resolve', resolve, aFunction);
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

/**
 * Resolves several images concurrently, equal ones once.
 *
 * @param images for each state a reference, or a reference with options of its own
 * @param options options of all images
 * @throws Error as `resolveImage` does
 * @example
 * const { go, base } = await resolveImages({ go: 'golang:1.25', base: { ref: 'alpine', pin: true } }, resolver);
 */
export async function resolveImages<Name extends string>(
  images: Readonly<Record<Name, string | (ResolvedImageOptions & { readonly ref: string })>>,
  resolve: ResolveImage,
  options: ResolvedImageOptions = {},
): Promise<Record<Name, State>> {
  checkArgument('resolveImages', 'images', images, objectWith({}));
  checkArgument('resolveImages', 'resolve', resolve, aFunction);
  const answers = new Map<string, ReturnType<ResolveImage>>();
  const resolveOnce: ResolveImage = (ref, request) => {
    const key = JSON.stringify([ref, request.platform && formatPlatform(request.platform), request.resolveMode]);
    const answer = answers.get(key) ?? resolve(ref, request);
    answers.set(key, answer);
    return answer;
  };
  const states = Object.entries<string | (ResolvedImageOptions & { readonly ref: string })>(images).map(
    async ([name, given]) => {
      const { ref, ...own } = typeof given === 'string' ? { ref: given } : given;
      return [name, await resolveImage(ref, resolveOnce, { ...options, ...own })] as const;
    },
  );
  return Object.fromEntries(await Promise.all(states)) as Record<Name, State>;
}
