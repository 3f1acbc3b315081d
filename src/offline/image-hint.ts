/** Hints for images and sources that are not on this machine. */
import { familiarString } from '../image/reference.ts';
import { UnresolvedReference } from '../resolve/registry-resolver.ts';
import { UnknownImage } from './offline-bridge.ts';
import { RemoteSource } from './source-files.ts';

/** A hint for an image or a source that could not be read; undefined for any other error. */
export function offlineHint(error: unknown): string | undefined {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (e instanceof RemoteSource) return 'Leave out --offline to fetch it, or name a directory that has its files.';
    if (e instanceof UnknownImage) return `Give ${imageOption(e.image)}, or leave out --offline to ask its registry.`;
    if (e instanceof UnresolvedReference)
      return `Without its registry, give ${imageOption(familiarString(e.reference))}. To check alone, --offline takes any image.`;
  }
  return undefined;
}

const imageOption = (image: string) => `the image with --images FILE or --oci-layout ${image}=DIRECTORY`;
