/**
 * What a Docker engine without the containerd image store, or an archive for one, cannot hold: refused before a build, in
 * buildx's words.
 */
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

/** @throws Error for what an archive of the docker exporter cannot hold; BuildKit finds that at the end, or leaves it out */
export function requireOneManifest({
  attestations,
  platforms,
  exports,
}: Pick<Wanted, 'attestations' | 'platforms' | 'exports'>): void {
  const archive = exports.find(({ type }) => type === 'docker');
  if (!archive || (platforms.length < 2 && !attestations)) return;
  const lacks = 'docker exporter does not support exporting manifest lists, use the oci exporter instead';
  const what = attestations ? '--provenance=false and without --sbom and --attest' : 'one --platform';
  throw new Error(`${lacks} (-o type=oci), or build with ${what}`);
}

function notSupported(what: string, page: string): Error {
  return new Error(
    `${what} is not supported for the docker driver.\nSwitch to a different driver, or turn on the containerd image store, and try again.\nLearn more at https://docs.docker.com/go/${page}/`,
  );
}
