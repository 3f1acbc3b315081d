/** Image indexes and manifests, OCI's and Docker's: the way from a descriptor to the config for a platform. */
import { createHash } from 'node:crypto';
import { type OciImageConfig, parseOciImageConfig } from './config.ts';
import { splitDigest } from './digest.ts';
import { defaultPlatform, formatPlatform, normalizePlatform, type Platform } from './platform.ts';
import { selectPlatform } from './platform-match.ts';
import type { FoundImage } from './resolver.ts';

export interface Descriptor {
  /** '' where nobody says. */
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes; undefined where nobody says. */
  readonly size: number | undefined;
  readonly platform?: Platform | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What a descriptor leads to: a manifest or an index, or an image config. */
export type BlobKind = 'manifest' | 'config';

/**
 * Reads the bytes of a descriptor, checked against its digest and size. The digest is a valid one, and the size at most
 * that of `maxBlobSizes`.
 */
export type ReadBlob = (descriptor: Descriptor, kind: BlobKind) => Promise<Uint8Array>;

const indexTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]);
const imageTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]);
export const manifestTypes: ReadonlySet<string> = new Set([...indexTypes, ...imageTypes]);
/** What early versions of Docker made; it is not read any more. */
export const schema1Type = 'application/vnd.docker.distribution.manifest.v1+prettyjws';

/** Types of the configs of images. BuildKit reads that of early registries (application/octet-stream), too, but pulls no such image. */
const configTypes = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]);

/**
 * Bytes that are read of each kind; what is larger is refused. Containerd takes some 4 MB of a manifest, too, and the
 * daemon hands a frontend no config beyond its 16 MB for a message.
 */
export const maxBlobSizes: Readonly<Record<BlobKind, number>> = { manifest: 4 << 20, config: 8 << 20 };

/** Entries of an index; one of more is refused. */
const maxEntries = 10_000;
/** Manifests on the way from a reference to a config, indexes of indexes among them. */
const maxNesting = 4;
/** Levels of a JSON document. */
const maxDepth = 1000;
/** Platforms that an error names. */
const maxNamed = 20;

/**
 * Follows a descriptor to the config of the image for a platform. A manifest that is named directly is taken whatever
 * its platform; an index must have a match. As in containerd, entries that state a platform come first. Of the entries
 * that state none, the first is looked into, and no other: its config has to have the platform. So no more is read than
 * four manifests and a config, whatever an index says.
 *
 * Of the root alone nobody needs to say type and size: then its contents tell. BuildKit refuses all others without.
 *
 * @throws Error `no match for platform in manifest …: not found`, and for what is no image or is beyond a limit
 */
export async function findImage(root: Descriptor, platform: Platform | undefined, read: ReadBlob): Promise<FoundImage> {
  const wanted = platform ?? defaultPlatform();
  let descriptor = root;
  for (let depth = 0; depth < maxNesting; depth++) {
    const isRoot = descriptor === root;
    const bytes = isRoot
      ? await readChecked(descriptor, 'manifest', read)
      : await readSized(descriptor, 'manifest', read);
    if (!isRoot || descriptor.mediaType !== '') checkType(descriptor.mediaType, manifestTypes);
    const manifest = parseManifest(bytes, descriptor);
    if (manifest.config) {
      const config = await readSized(manifest.config, 'config', read);
      checkType(manifest.config.mediaType, configTypes);
      checkLayers(config, manifest.layers);
      if (descriptor !== root && !descriptor.platform) {
        const own = parsePlatformFields(parseObject(config, manifest.config.digest));
        if (selectPlatform([own], wanted) < 0) throw noMatch(root, wanted, [own]);
      }
      return { digest: root.digest, config };
    }
    descriptor = choose(manifest.manifests, wanted, root);
  }
  throw new Error(`image index ${root.digest} is nested too deeply: an image is at most ${maxNesting} manifests away`);
}

/** An artifact is no image, whatever it has for a config. */
function checkType(mediaType: string, known: ReadonlySet<string>): void {
  if (known.has(mediaType)) return;
  if (mediaType === schema1Type) throw new Error(schema1);
  const why = mediaType === '' ? 'nothing says what it is' : 'it is an artifact, no image';
  throw new Error(`encountered unknown type ${mediaType.slice(0, 200)}; children may not be fetched: ${why}`);
}

/** @throws Error as BuildKit has it for a manifest of a type that no image has */
export function checkManifestType(mediaType: string): void {
  checkType(mediaType, manifestTypes);
}

/**
 * BuildKit refuses an image whose config and manifest list different layers when it pulls it. One whose config has no
 * layers, in the history neither, is not pulled: it is empty.
 */
function checkLayers(bytes: Uint8Array, layers: number): void {
  let config: OciImageConfig;
  try {
    config = parseOciImageConfig(bytes);
  } catch {
    return; // whoever parses it whole says what is wrong
  }
  const diffIds = config.rootfs.diffIds?.length ?? 0;
  if (diffIds === layers || (diffIds === 0 && config.history.every(({ emptyLayer }) => emptyLayer))) return;
  throw new Error(
    `mismatched image rootfs and manifest layers: the config lists ${diffIds} and the manifest ${layers}`,
  );
}

/** Containerd fetches nothing of which the size is not said. */
function readSized(descriptor: Descriptor, kind: BlobKind, read: ReadBlob): Promise<Uint8Array> {
  splitDigest(descriptor.digest);
  if (!descriptor.size)
    throw new Error(`unable to fetch descriptor (${descriptor.digest}) which reports content size of zero`);
  return readChecked(descriptor, kind, read);
}

function readChecked(descriptor: Descriptor, kind: BlobKind, read: ReadBlob): Promise<Uint8Array> {
  const { digest, size = 0 } = descriptor;
  splitDigest(digest);
  if (size > maxBlobSizes[kind])
    throw new Error(`${digest} has ${size} bytes, more than the ${maxBlobSizes[kind]} that a ${kind} may have`);
  return read(descriptor, kind);
}

function choose(manifests: readonly Descriptor[], wanted: Platform, root: Descriptor): Descriptor {
  const known = manifests.filter((entry) => entry.platform !== undefined);
  const platforms = known.map(({ platform }) => platform!);
  const best = selectPlatform(platforms, wanted);
  const chosen = best >= 0 ? known[best] : manifests.find((entry) => entry.platform === undefined);
  if (!chosen) throw noMatch(root, wanted, platforms);
  return chosen;
}

function noMatch(root: Descriptor, wanted: Platform, offered: readonly Platform[]): Error {
  const all = new Set(offered.map((platform) => formatPlatform(normalizePlatform(platform)).slice(0, 100)));
  all.delete('unknown/unknown');
  const names = [...all].slice(0, maxNamed);
  if (all.size > maxNamed) names.push(`${all.size - maxNamed} more`);
  return new Error(
    `no match for platform in manifest ${root.digest}: not found (wanted ${formatPlatform(wanted)}, there is ${names.join(', ') || 'none'})`,
  );
}

type Manifest =
  | { readonly config: Descriptor; readonly layers: number; readonly manifests: readonly [] }
  | { readonly config: undefined; readonly manifests: readonly Descriptor[] };

const schema1 =
  'support Docker Image manifest version 2, schema 1 has been removed. More information at https://docs.docker.com/go/deprecated-image-specs/';

function parseManifest(bytes: Uint8Array, { digest: name, mediaType }: Descriptor): Manifest {
  const json = parseObject(bytes, name);
  if (json['schemaVersion'] === 1) throw new Error(schema1);
  const { config, manifests, layers, mediaType: own } = json;
  const isImage = Boolean(config || layers);
  if (isImage && manifests) throw new Error('invalid ambiguous manifest and manifest list');
  const said = typeof own === 'string' ? own : '';
  if (imageTypes.has(mediaType) && (manifests || indexTypes.has(said)))
    throw new Error(`media-type: expected manifest but found index (${mediaType})`);
  if (indexTypes.has(mediaType) && (isImage || imageTypes.has(said)))
    throw new Error(`media-type: expected index but found manifest (${mediaType})`);
  if (isImage ? indexTypes.has(said) : imageTypes.has(said))
    throw new Error('mediaType in manifest does not match manifest contents');
  if (config)
    return { config: parseDescriptor(config, name), layers: Array.isArray(layers) ? layers.length : 0, manifests: [] };
  if (Array.isArray(manifests)) return { config: undefined, manifests: parseEntries(manifests, name) };
  throw new Error(`${name} is no image manifest`);
}

/** Reads the descriptors of an index; `name` is what errors call that. */
export function parseEntries(entries: readonly unknown[], name: string): Descriptor[] {
  if (entries.length > maxEntries)
    throw new Error(`${name} lists ${entries.length} images, more than the ${maxEntries} of an index`);
  return entries.map((entry) => parseDescriptor(entry, name));
}

function parseDescriptor(value: unknown, name: string): Descriptor {
  if (!isObject(value) || typeof value['digest'] !== 'string')
    throw new Error(`${name} has a descriptor without digest`);
  const { mediaType, digest, size, platform, annotations } = value;
  if (size !== undefined && !(Number.isSafeInteger(size) && (size as number) >= 0))
    throw new Error(`${name} has a descriptor with the size ${String(JSON.stringify(size)).slice(0, 30)}`);
  return {
    mediaType: typeof mediaType === 'string' ? mediaType : '',
    digest,
    size: size as number | undefined,
    platform: isObject(platform) ? parsePlatformFields(platform) : undefined,
    annotations: isObject(annotations) ? textsOf(annotations) : {},
  };
}

function textsOf(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
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

/** @throws Error that names `name` where the bytes are no JSON object, or one of more than a thousand levels */
export function parseObject(bytes: Uint8Array, name: string): Record<string, unknown> {
  checkDepth(bytes, name);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // said below
  }
  if (!isObject(value)) throw new Error(`${name} is no JSON object`);
  return value;
}

/** @throws Error that names `name` where a JSON text has more than a thousand levels, as no image has */
export function checkDepth(bytes: Uint8Array, name: string): void {
  if (isDeeper(bytes, maxDepth))
    throw new Error(`${name} is nested deeper than the ${maxDepth} levels of a manifest or config`);
}

/** Whether a JSON text opens more levels than that: reading them costs time and memory, writing them the stack. */
function isDeeper(bytes: Uint8Array, levels: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inString) {
      if (byte === 0x5c)
        at++; // what a backslash escapes
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > levels) return true;
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return false;
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
  const { algorithm } = splitDigest(descriptor.digest);
  const actual = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
  if (actual !== descriptor.digest) throw new Error(`the content of ${descriptor.digest} has the digest ${actual}`);
}
