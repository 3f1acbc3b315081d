/** Images together with the settings that their configs bring. */
import { formatPlatform, type Platform } from '../image/platform.ts';
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

export interface ResolvedImageOptions extends ImageOptions {
  /** Names the image by the digest it has now, so that the graph stays the same when the tag moves. */
  readonly pin?: boolean | undefined;
}

/**
 * An image with environment, working directory and platform of its config.
 *
 * States are values, and nothing in a graph waits: what has to be asked for is asked for before. Where Go's client has
 * asynchronous states that are resolved together when the graph is marshalled, `resolveImages` asks for several images
 * together; what depends on an answer follows its `await`.
 *
 * @example
 * const base = await resolveImage('alpine:3', resolver, { pin: true });
 */
export async function resolveImage(
  ref: string,
  resolve: ResolveImage,
  options: ResolvedImageOptions = {},
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

/**
 * Several images, all asked for at once; what is the same is asked for once.
 *
 * @param images a reference for each, or one with options of its own
 * @param options for all of them
 * @example
 * const { go, base } = await resolveImages({ go: 'golang:1.25', base: { ref: 'alpine', pin: true } }, resolver);
 */
export async function resolveImages<Name extends string>(
  images: Readonly<Record<Name, string | (ResolvedImageOptions & { readonly ref: string })>>,
  resolve: ResolveImage,
  options: ResolvedImageOptions = {},
): Promise<Record<Name, State>> {
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
