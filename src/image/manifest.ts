/** Image indexes and manifests, OCI's and Docker's: the way from a descriptor to the config for a platform. */
import { createHash } from 'node:crypto';
import { defaultPlatform, formatPlatform, normalizePlatform, type Platform } from './platform.ts';
import { selectPlatform } from './platform-match.ts';
import type { FoundImage } from './resolver.ts';

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes; undefined where nobody says. */
  readonly size: number | undefined;
  readonly platform?: Platform | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Reads the bytes of a descriptor, checked against its digest and size. */
export type ReadBlob = (descriptor: Descriptor) => Promise<Uint8Array>;

export const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const;

/** Manifests and configs beyond this size are refused. */
export const maxBlobSize = 8 << 20;

const maxNesting = 4;

/**
 * Follows a descriptor to the config of the image for a platform. A manifest that is named directly is taken whatever
 * its platform; an index must have a match.
 *
 * @throws Error `no match for platform in manifest …: not found`, and for what is no image
 */
export async function findImage(root: Descriptor, platform: Platform | undefined, read: ReadBlob): Promise<FoundImage> {
  const wanted = platform ?? defaultPlatform();
  let descriptor = root;
  for (let depth = 0; depth < maxNesting; depth++) {
    const manifest = parseManifest(await read(descriptor), descriptor.digest);
    if (manifest.config) return { digest: root.digest, config: await read(manifest.config) };
    descriptor = await choose(manifest.manifests, wanted, root, read);
  }
  throw new Error(`image index ${root.digest} is nested too deeply`);
}

async function choose(
  manifests: readonly Descriptor[],
  wanted: Platform,
  root: Descriptor,
  read: ReadBlob,
): Promise<Descriptor> {
  const platforms = await Promise.all(
    manifests.map((entry) => entry.platform ?? configPlatform(entry, read).catch(() => undefined)),
  );
  const known = manifests.flatMap((entry, at) => {
    const platform = platforms[at];
    return platform ? [{ entry, platform }] : [];
  });
  const best = selectPlatform(
    known.map(({ platform }) => platform),
    wanted,
  );
  if (best >= 0) return known[best]!.entry;
  const offered = known.map(({ platform }) => formatPlatform(normalizePlatform(platform)));
  const names = [...new Set(offered)].filter((name) => name !== 'unknown/unknown');
  throw new Error(
    `no match for platform in manifest ${root.digest}: not found (wanted ${formatPlatform(wanted)}, there is ${names.join(', ') || 'none'})`,
  );
}

/** The platform that a manifest's own config states. */
async function configPlatform(descriptor: Descriptor, read: ReadBlob): Promise<Platform | undefined> {
  const manifest = parseManifest(await read(descriptor), descriptor.digest);
  return manifest.config && parsePlatformFields(parseObject(await read(manifest.config), manifest.config.digest));
}

type Manifest =
  | { readonly config: Descriptor; readonly manifests: readonly [] }
  | { readonly config: undefined; readonly manifests: readonly Descriptor[] };

function parseManifest(bytes: Uint8Array, name: string): Manifest {
  const json = parseObject(bytes, name);
  if (json['schemaVersion'] === 1)
    throw new Error(
      'support Docker Image manifest version 2, schema 1 has been removed. More information at https://docs.docker.com/go/deprecated-image-specs/',
    );
  const { config, manifests } = json;
  if ((config || json['layers']) && manifests) throw new Error('invalid ambiguous manifest and manifest list');
  if (config) return { config: parseDescriptor(config, name), manifests: [] };
  if (Array.isArray(manifests))
    return { config: undefined, manifests: manifests.map((entry) => parseDescriptor(entry, name)) };
  throw new Error(`${name} is no image manifest`);
}

/** Reads a descriptor as it stands in an index; `name` is what errors call that. */
export function parseDescriptor(value: unknown, name: string): Descriptor {
  if (!isObject(value) || typeof value['digest'] !== 'string')
    throw new Error(`${name} has a descriptor without digest`);
  const { mediaType, digest, size, platform, annotations } = value;
  return {
    mediaType: typeof mediaType === 'string' ? mediaType : '',
    digest,
    size: typeof size === 'number' ? size : undefined,
    platform: isObject(platform) ? parsePlatformFields(platform) : undefined,
    annotations: isObject(annotations) ? (annotations as Record<string, string>) : {},
  };
}

function parsePlatformFields(fields: Readonly<Record<string, unknown>>): Platform {
  const text = (key: string) => (typeof fields[key] === 'string' ? fields[key] : '');
  const features = fields['os.features'];
  return {
    os: text('os'),
    architecture: text('architecture'),
    variant: text('variant'),
    osVersion: text('os.version'),
    osFeatures: Array.isArray(features) ? features.map(String) : [],
  };
}

/** @throws Error that names `name` where the bytes are no JSON object */
export function parseObject(bytes: Uint8Array, name: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // said below
  }
  if (!isObject(value)) throw new Error(`${name} is no JSON object`);
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Digest of some bytes. */
export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** @throws Error where bytes are not what the descriptor says */
export function verifyBlob(descriptor: Pick<Descriptor, 'digest' | 'size'>, bytes: Uint8Array): void {
  if (descriptor.size !== undefined && descriptor.size !== bytes.length)
    throw new Error(`${descriptor.digest} has ${bytes.length} bytes instead of ${descriptor.size}`);
  const [algorithm] = descriptor.digest.split(':', 1);
  if (algorithm !== 'sha256' && algorithm !== 'sha512')
    throw new Error(`${descriptor.digest}: unsupported digest algorithm`);
  const actual = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
  if (actual !== descriptor.digest) throw new Error(`the content of ${descriptor.digest} has the digest ${actual}`);
}
