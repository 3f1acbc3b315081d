/**
 * Refuses builds that a Docker engine without the containerd image store, or an archive for one, cannot hold. The
 * messages are buildx's.
 */
import type { Export } from '../../client/index.ts';

interface Wanted {
  /** Whether attestations were requested, other than the default ones. */
  readonly attestations: boolean;
  readonly platforms: readonly string[];
  readonly exports: readonly Export[];
  /** Types of caches to write. */
  readonly caches: readonly string[];
  /** Types of annotations. */
  readonly annotations: readonly string[];
}

/**
 * Refuses what needs the containerd image store.
 * @throws Error that says what the engine does not support, with a link
 */
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

/**
 * @throws Error for what an archive of the docker exporter cannot hold. BuildKit reports that at the end of the build,
 * or omits it
 */
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
