/** What a Docker engine cannot do without the containerd image store: refused before a build, in buildx's words. */
import type { Export } from '../../client/index.ts';

interface Wanted {
  /** Attestations that were asked for, not those that images have by default. */
  readonly attestations: boolean;
  readonly platforms: readonly string[];
  readonly exports: readonly Export[];
  /** Types of caches to write. */
  readonly caches: readonly string[];
  /** Types of annotations. */
  readonly annotations: readonly string[];
}

/** @throws Error with what the engine lacks, and where more is said of it */
export function requireImageStore({ attestations, platforms, exports, caches, annotations }: Wanted): void {
  const types = exports.map(({ type }) => type);
  if (attestations) throw notSupported('Attestation', 'attestations');
  if (platforms.length > 1) throw notSupported('Multi-platform build', 'build-multi-platform');
  if (types.includes('oci')) throw notSupported('OCI exporter', 'build-exporters');
  if (types.includes('docker')) throw notSupported('Docker exporter', 'build-exporters');
  if (caches.some((type) => type !== 'inline')) throw notSupported('Cache export', 'build-cache-backends');
  if (annotations.some((type) => type.startsWith('index')))
    throw new Error('index annotations not supported for single platform export');
}

function notSupported(what: string, page: string): Error {
  return new Error(
    `${what} is not supported for the docker driver.\nSwitch to a different driver, or turn on the containerd image store, and try again.\nLearn more at https://docs.docker.com/go/${page}/`,
  );
}
