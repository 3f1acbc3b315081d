/** Follows a descriptor through image indexes and manifests, OCI's and Docker's, to the config for a platform. */
import { createHash } from 'node:crypto';
import {
  decodeJson,
  field,
  type GoType,
  goBytes,
  goInt,
  goInt64,
  goMap,
  goPointer,
  goSlice,
  goString,
  goStruct,
} from '../go/json-decode.ts';
import { decodeText } from '../go/text.ts';
import { type OciImageConfig, parseOciImageConfig } from '../image/config.ts';
import { splitDigest } from '../image/digest.ts';
import { defaultPlatform, formatPlatform, normalizePlatform, type Platform } from '../image/platform.ts';
import { selectPlatform } from '../image/platform-match.ts';
import { isObject, parseObject } from './json-object.ts';

/** A reference to a document or layer by its digest. */
export interface Descriptor {
  /** '' if not given. */
  readonly mediaType: string;
  /** `algorithm:hex`, not validated. */
  readonly digest: string;
  /** Bytes; undefined if not given. */
  readonly size: number | undefined;
  /** The platform in an index; undefined if not given. */
  readonly platform?: Platform | undefined;
  /** Annotations by key; empty if absent. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** An image for one platform. */
export interface FoundImage {
  /** Digest of what the reference names: of the index if the image has one; '' if `unknown`. */
  readonly digest: string;
  /** The image config, JSON. */
  readonly config: Uint8Array;
  /** Whether nothing is known about the image: the config is a placeholder. */
  readonly unknown?: boolean;
}

/** The kind of document behind a descriptor: `manifest` is a manifest or an index. */
export type BlobKind = 'manifest' | 'config';

/**
 * Reads the bytes of a descriptor and checks them against its digest and size. The digest is valid, and the size at
 * most that of `maxBlobSizes`.
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
/** Media types of manifests and indexes. */
export const manifestTypes: ReadonlySet<string> = new Set([...indexTypes, ...imageTypes]);
/** The manifests of early versions of Docker, which are not supported. */
export const schema1Type = 'application/vnd.docker.distribution.manifest.v1+prettyjws';

/**
 * Media types of image configs. BuildKit reads that of early registries (application/octet-stream) too, but cannot
 * pull such an image.
 */
const configTypes = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]);

/**
 * Maximum size of each kind in bytes; a larger one is refused. Containerd also refuses manifests beyond 4 MB, and the
 * daemon cannot send a frontend a config beyond 16 MB.
 */
export const maxBlobSizes: Readonly<Record<BlobKind, number>> = { manifest: 4 << 20, config: 8 << 20 };

/** Maximum number of entries of an index. */
const maxEntries = 10_000;
/** Maximum number of manifests and indexes from a reference to a config. */
const maxNesting = 4;
/** Maximum number of platforms that an error lists. */
const maxNamed = 20;

/**
 * Follows a descriptor to the config of the image for a platform. A manifest that is named directly is used whatever
 * its platform; an index must have a match. As in containerd, entries that state a platform come first. Of the entries
 * that state none, only the first is read: its config must have the platform. So at most four manifests and a config
 * are read.
 *
 * The root may lack its type and size, which its contents show. BuildKit refuses any other descriptor without them.
 *
 * @throws Error `no match for platform in manifest …: not found`, and for a document that is not an image or is beyond
 * a limit
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

/** Refuses an artifact, which is not an image even if its config has an image's type. */
function checkType(mediaType: string, known: ReadonlySet<string>): void {
  if (known.has(mediaType)) return;
  if (mediaType === schema1Type) throw new Error(schema1);
  const why = mediaType === '' ? 'it states no type' : 'it is an artifact, not an image';
  throw new Error(`encountered unknown type ${mediaType.slice(0, 200)}; children may not be fetched: ${why}`);
}

/**
 * Checks the media type of a manifest or an index.
 * @throws Error with BuildKit's text if the type is not that of an image or index
 */
export function checkManifestType(mediaType: string): void {
  checkType(mediaType, manifestTypes);
}

/**
 * Refuses an image whose config and manifest list different numbers of layers, because BuildKit cannot pull it. An
 * image whose config has no layers, nor history, is empty and never pulled.
 */
function checkLayers(bytes: Uint8Array, layers: number): void {
  let config: OciImageConfig;
  try {
    config = parseOciImageConfig(bytes);
  } catch {
    return; // the parser of the whole config reports what is wrong
  }
  for (const id of config.rootfs.diffIds ?? [])
    try {
      splitDigest(id);
    } catch (cause) {
      throw new Error(`failed to parse diffID ${JSON.stringify(id.slice(0, 100))}: ${(cause as Error).message}`, {
        cause,
      });
    }
  const diffIds = config.rootfs.diffIds?.length ?? 0;
  if (diffIds === layers || (diffIds === 0 && config.history.every(({ emptyLayer }) => emptyLayer))) return;
  throw new Error(
    `mismatched image rootfs and manifest layers: the config lists ${diffIds} and the manifest ${layers}`,
  );
}

/** Reads a descriptor that must have a size, because containerd fetches no other. */
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
  const has = names.length > 0 ? `has ${names.join(', ')}` : 'lists no image';
  return new Error(
    `no match for platform in manifest ${root.digest}: not found (wanted ${formatPlatform(wanted)}; the image ${has})`,
  );
}

type Manifest =
  | { readonly config: Descriptor; readonly layers: number; readonly manifests: readonly [] }
  | { readonly config: undefined; readonly manifests: readonly Descriptor[] };

const schema1 =
  'support Docker Image manifest version 2, schema 1 has been removed. More information at https://docs.docker.com/go/deprecated-image-specs/';

function parseManifest(bytes: Uint8Array, { digest: name, mediaType }: Descriptor): Manifest {
  const json = parseObject(bytes, name);
  if (Object.hasOwn(json, 'fsLayers')) throw new Error(schema1);
  const { config, manifests, layers, mediaType: own } = json;
  const isImage = Boolean(config || layers);
  if (isImage && manifests) throw new Error('invalid ambiguous manifest and manifest list');
  const declaredType = typeof own === 'string' ? own : '';
  if (imageTypes.has(mediaType) && (manifests || indexTypes.has(declaredType)))
    throw new Error(`media-type: expected manifest but found index (${mediaType})`);
  if (indexTypes.has(mediaType) && (isImage || imageTypes.has(declaredType)))
    throw new Error(`media-type: expected index but found manifest (${mediaType})`);
  if (isImage ? indexTypes.has(declaredType) : imageTypes.has(declaredType))
    throw new Error('mediaType in manifest does not match manifest contents');
  if (config || Array.isArray(manifests)) decodeJson(decodeText(bytes), config ? goManifest : goIndex);
  if (config)
    return { config: parseDescriptor(config, name), layers: Array.isArray(layers) ? layers.length : 0, manifests: [] };
  if (Array.isArray(manifests)) return { config: undefined, manifests: parseEntries(manifests, name) };
  throw new Error(`${name} is not an image manifest`);
}

/** The documents as Go's structs: an input that Go cannot decode is refused. */
const goTexts = { mediaType: field('mediaType', goString()), artifactType: field('artifactType', goString()) };
const goPlatform = goStruct('v1.Platform', {
  architecture: field('architecture', goString()),
  os: field('os', goString()),
  osVersion: field('os.version', goString()),
  osFeatures: field('os.features', goSlice(goString())),
  variant: field('variant', goString()),
});
const goDescriptor: GoType<object> = goStruct('v1.Descriptor', {
  ...goTexts,
  digest: field('digest', goString('digest.Digest')),
  size: field('size', goInt64()),
  urls: field('urls', goSlice(goString())),
  annotations: field('annotations', goMap(goString())),
  data: field('data', goBytes),
  platform: field('platform', goPointer(goPlatform)),
});
const goDocument = {
  ...goTexts,
  schemaVersion: field('schemaVersion', goInt, 'Versioned'),
  subject: field('subject', goPointer(goDescriptor)),
  annotations: field('annotations', goMap(goString())),
};
const goManifest: GoType<object> = goStruct('v1.Manifest', {
  ...goDocument,
  config: field('config', goDescriptor),
  layers: field('layers', goSlice(goDescriptor)),
});
const goIndex: GoType<object> = goStruct('v1.Index', {
  ...goDocument,
  manifests: field('manifests', goSlice(goDescriptor)),
});

/** Reads the descriptors of an index; errors call the index `name`. */
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

/** Checks a blob against its descriptor. @throws Error if bytes are not what the descriptor says */
export function verifyBlob(descriptor: Pick<Descriptor, 'digest' | 'size'>, bytes: Uint8Array): void {
  if (descriptor.size !== undefined && descriptor.size !== bytes.length)
    throw new Error(`${descriptor.digest} has ${bytes.length} bytes instead of ${descriptor.size}`);
  const { algorithm } = splitDigest(descriptor.digest);
  const actual = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
  if (actual !== descriptor.digest) throw new Error(`the content of ${descriptor.digest} has the digest ${actual}`);
}
