/** Images of OCI layouts. */
import { aString, checkArgument } from '../../text/arguments.ts';
import type { Constraints } from '../constraints.ts';
import { sourceOptions } from '../llb-arguments.ts';
import type { State } from '../state.ts';
import { SourceAttributes, sourceState } from './source.ts';

/** Options of `ociLayout`. */
export interface OciLayoutOptions extends Constraints {
  /** Session that provides the layout; any session of the build if absent. */
  readonly sessionId?: string | undefined;
  /** Name of the store under which the session provides the layout; the name in the reference if absent. */
  readonly storeId?: string | undefined;
  /** Number of layers to use, from the lowest; all if absent. */
  readonly layerLimit?: number | undefined;
}

/**
 * Makes a state of an image of an OCI layout, which the client's session provides under the name of a store.
 *
 * @example
 * ociLayout('app@sha256:…', { storeId: 'app' });
 */
export function ociLayout(ref: string, options: OciLayoutOptions = {}): State {
  checkArgument('ociLayout', 'ref', ref, aString);
  checkArgument('ociLayout', 'options', options, sourceOptions);
  const attrs = new SourceAttributes(['source.ocilayout']);
  attrs.set('oci.session', options.sessionId);
  attrs.set('oci.store', options.storeId);
  attrs.number('oci.layerlimit', options.layerLimit);
  const ociLayout = { sessionId: options.sessionId ?? '', storeId: options.storeId ?? '' };
  return sourceState(`oci-layout://${ref}`, attrs, options, undefined, { ref, platform: options.platform, ociLayout });
}
