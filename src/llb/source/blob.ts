/** Single blobs of registries and OCI layouts as files. */
import { formatReference, parseNormalizedNamed } from '../../image/reference.ts';
import { aString, checkArgument } from '../../text/arguments.ts';
import type { Constraints } from '../constraints.ts';
import { sourceOptions } from '../llb-arguments.ts';
import type { State } from '../state.ts';
import { type FileInfo, SourceAttributes, sourceState } from './source.ts';

/** Options of `imageBlob`. */
export interface ImageBlobOptions extends Constraints, FileInfo {}

/** Options of `ociLayoutBlob`. */
export interface OciLayoutBlobOptions extends ImageBlobOptions {
  /** Session that provides the layout; any session of the build if absent. */
  readonly sessionId?: string | undefined;
  /** Name of the store under which the session provides the layout; the name in the reference if absent. */
  readonly storeId?: string | undefined;
}

/**
 * Makes a state of a single blob of a registry, as a file. An invalid reference is an error when the state is
 * marshalled.
 *
 * @param ref `name@sha256:…`
 * @example
 * imageBlob('docker.io/library/app@sha256:…', { filename: 'app.bundle' });
 */
export function imageBlob(ref: string, options: ImageBlobOptions = {}): State {
  checkArgument('imageBlob', 'ref', ref, aString);
  checkArgument('imageBlob', 'options', options, sourceOptions);
  return blob('docker-image+blob', ref, options);
}

/**
 * Makes a state of a single blob of an OCI layout, as a file. An invalid reference is an error when the state is
 * marshalled.
 *
 * @param ref `name@sha256:…`
 * @example
 * ociLayoutBlob('app@sha256:…', { storeId: 'app' });
 */
export function ociLayoutBlob(ref: string, options: OciLayoutBlobOptions = {}): State {
  checkArgument('ociLayoutBlob', 'ref', ref, aString);
  checkArgument('ociLayoutBlob', 'options', options, sourceOptions);
  return blob('oci-layout+blob', ref, options);
}

function blob(scheme: 'docker-image+blob' | 'oci-layout+blob', ref: string, options: OciLayoutBlobOptions): State {
  const attrs = new SourceAttributes(['source.imageblob']);
  attrs.file(options);
  attrs.set('oci.session', options.sessionId);
  attrs.set('oci.store', options.storeId);
  try {
    return sourceState(`${scheme}://${blobReference(ref)}`, attrs, options);
  } catch (error) {
    return sourceState(`${scheme}://invalid`, attrs, options, error as Error);
  }
}

function blobReference(ref: string): string {
  const named = parseNormalizedNamed(ref);
  if (named.tag) throw new Error('tagged image reference not allowed for blob reference');
  if (!named.digest) throw new Error('checksum required in blob reference');
  return formatReference(named);
}
