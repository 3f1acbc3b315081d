/** Images of registries. */
import { formatReference, parseNormalizedNamed, tagNameOnly } from '../../image/reference.ts';
import { aString, checkArgument } from '../../text/arguments.ts';
import type { ResolveMode } from '../base-image.ts';
import type { Constraints } from '../constraints.ts';
import { sourceOptions } from '../llb-arguments.ts';
import type { State } from '../state.ts';
import { SourceAttributes, sourceState } from './source.ts';

/** Options of `image`. */
export interface ImageOptions extends Constraints {
  /** How the daemon resolves the reference; `default` if absent. */
  readonly resolveMode?: ResolveMode | undefined;
  /** Number of layers to use, from the lowest; all if absent. */
  readonly layerLimit?: number | undefined;
  /** Digest that the image must have, `sha256:…`; not checked if absent. */
  readonly checksum?: string | undefined;
  /** Kind under which the daemon's cache lists the image, e.g. `internal`; the daemon's default if absent. */
  readonly recordType?: string | undefined;
}

/**
 * Makes a state of an image of a registry. The reference is normalized: `alpine` is `docker.io/library/alpine:latest`.
 * An invalid one is an error when the state is marshalled.
 *
 * The daemon resolves the tag when it builds. The state does not have the environment and working directory of the
 * image config; `resolveImage` and `withImageConfig` add them. An image that `imageFrontend` makes of the state
 * inherits the config in any case.
 *
 * @example
 * image('golang:1.21-alpine', { platform: parsePlatform('linux/arm64'), resolveMode: 'local' });
 */
export function image(ref: string, options: ImageOptions = {}): State {
  checkArgument('image', 'ref', ref, aString);
  checkArgument('image', 'options', options, sourceOptions);
  const attrs = new SourceAttributes(['source.image']);
  const { resolveMode } = options;
  if (resolveMode && resolveMode !== 'default') attrs.set('image.resolvemode', resolveMode);
  if (resolveMode === 'pull') attrs.caps.push('source.image.resolvemode'); // no daemon may ignore it
  attrs.set('image.recordtype', options.recordType);
  attrs.number('image.layerlimit', options.layerLimit, 'source.image.layerlimit');
  attrs.set('image.checksum', options.checksum, 'source.image.checksum');
  let name = ref;
  let error: Error | undefined;
  try {
    name = formatReference(tagNameOnly(parseNormalizedNamed(ref)));
  } catch (cause) {
    error = cause as Error;
  }
  const base = { ref: name, platform: options.platform, resolveMode };
  return sourceState(`docker-image://${name}`, attrs, options, error, base);
}
