/** Hints for images and sources that are not on this machine, in flags. */
import { type UnavailableAdvice, unavailableHint } from '../daemonless/unavailable-hint.ts';

const withImage = (image: string) => `the image with --images FILE or --oci-layout ${image}=DIRECTORY`;

/** What to do, as flags. */
export const adviceInFlags: UnavailableAdvice = {
  remote: 'Leave out --offline to fetch it, or name a directory that has its files.',
  unknown: (image) => `Give ${withImage(image)}, or leave out --offline to ask its registry.`,
  unresolved: (image) => `Without its registry, give ${withImage(image)}. To check alone, --offline takes any image.`,
};

/** A hint for an image or a source that could not be read; undefined for any other error. */
export const unavailableHintInFlags = (error: unknown): string | undefined => unavailableHint(error, adviceInFlags);
