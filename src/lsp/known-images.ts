/** The images that are known in an editor: from image tables, from the lock and the cache, and from registries. */
import path from 'node:path';
import type { FileTree } from '../daemonless/file-tree.ts';
import { decodeText } from '../go/text.ts';
import { type ImageConfig, parseImageConfig } from '../image/config.ts';
import { formatPlatform, normalizePlatform } from '../image/platform.ts';
import { familiarString, withDigest } from '../image/reference.ts';
import { type Lock, readLock } from '../lock/lock-file.ts';
import { imageName } from '../lock/source-name.ts';
import { parseObject } from '../oci/json-object.ts';
import { parseEntries } from '../oci/manifest.ts';
import { createBlobCache } from '../resolve/blob-cache.ts';
import { cachedImages } from '../resolve/cached-images.ts';
import { parseImageTable } from '../resolve/image-table.ts';
import type { ImageResolver } from '../resolve/resolver.ts';
import { defaultCacheDir } from '../system/cache-dir.ts';
import { readNamedFile } from '../system/named-file.ts';
import type { Settings } from './settings.ts';

/** What is known of an image. */
export interface KnownImage {
  /** '' if it is not known. */
  readonly digest: string;
  /** Platforms that are known. */
  readonly platforms: readonly string[];
  /** The config for the platform of the build; undefined if it is not known. */
  readonly config: ImageConfig | undefined;
  /** Where this comes from. */
  readonly from: 'a lock' | 'an image table' | 'the cache' | 'its registry';
}

/** Resolvers that remember what they found. */
export interface ImageSources {
  readonly resolvers: readonly ImageResolver[];
  /** The images found, by their names in the short form, such as `alpine:3`. */
  readonly found: ReadonlyMap<string, KnownImage>;
}

const maxTableBytes = 64 << 20;

/** Opens what the settings allow. The network is used only if they allow registries. */
export async function openImages(
  settings: Settings,
  folder: string,
  dockerfileDir: FileTree,
  filename: string,
  signal: AbortSignal,
): Promise<ImageSources> {
  const found = new Map<string, KnownImage>();
  const cacheDir = defaultCacheDir();
  const cache = cacheDir === undefined ? undefined : createBlobCache(cacheDir);
  const remember = (resolver: ImageResolver, from: KnownImage['from']): ImageResolver => ({
    async resolve(reference, platform) {
      const image = await resolver.resolve(reference, platform);
      if (!image) return undefined;
      const { digest } = image;
      const config = readConfig(image.config);
      const own = config && platformOf(config);
      const index = await cache?.get(digest);
      const listed = index ? platformsIn(index) : [];
      const platforms = listed.length > 0 || own === undefined ? listed : [own];
      found.set(familiarString(reference), { digest, platforms, config, from });
      return image;
    },
  });

  const resolvers: ImageResolver[] = [];
  for (const file of settings.images) {
    const table = path.resolve(folder, file);
    try {
      const bytes = await readNamedFile(table, maxTableBytes, signal);
      resolvers.push(remember(parseImageTable(new TextDecoder().decode(bytes), table), 'an image table'));
    } catch {
      signal.throwIfAborted(); // a table that cannot be read knows no image
    }
  }
  const cached = cache && cachedImages(cache);
  const lock = await readLockBeside(dockerfileDir, filename);
  for (const { kind, name, pin } of lock?.sources ?? [])
    if (kind === 'image')
      found.set(name, { digest: pin, platforms: lock!.platforms, config: undefined, from: 'a lock' });
  if (cached) {
    resolvers.push(remember(cached, 'the cache'));
    const pins = new Map(lock?.sources.map(({ kind, name, pin }) => [`${kind} ${name}`, pin]));
    const locked: ImageResolver = {
      async resolve(reference, platform) {
        const pin = reference.digest === '' ? pins.get(`image ${imageName(reference)}`) : undefined;
        return pin === undefined ? undefined : cached.resolve(withDigest(reference, pin), platform);
      },
    };
    resolvers.push(remember(locked, 'a lock'));
  }
  if (settings.registry) {
    const { registryResolver } = await import('../resolve/registry-resolver.ts');
    const { dockerConfigDir, dockerCredentials } = await import('../registry/docker-config.ts');
    const credentials = dockerCredentials(dockerConfigDir(process.env), () => {});
    const registry = registryResolver({ credentials, cache, limits: { signal } });
    const quiet: ImageResolver = {
      // An image that a registry does not give is unknown, and no problem of the file.
      resolve: (reference, platform) => registry.resolve(reference, platform).catch(() => undefined),
    };
    resolvers.push(remember(quiet, 'its registry'));
  }
  return { resolvers, found };
}

function readConfig(bytes: Uint8Array) {
  try {
    return parseImageConfig(bytes);
  } catch {
    return undefined;
  }
}

function platformOf({ os, architecture, variant, osVersion }: ImageConfig): string | undefined {
  if (os === '' || architecture === '') return undefined;
  return formatPlatform(normalizePlatform({ os, architecture, variant, osVersion, osFeatures: [] }));
}

/** The platforms of an image index; none of another document. */
function platformsIn(bytes: Uint8Array): string[] {
  try {
    const { manifests } = parseObject(bytes, 'the index');
    const entries = Array.isArray(manifests) ? parseEntries(manifests, 'the index') : [];
    const names = entries.flatMap(({ platform }) => (platform ? formatPlatform(normalizePlatform(platform)) : []));
    // Attestations are for no platform.
    return [...new Set(names)].filter((name) => !name.startsWith('unknown'));
  } catch {
    return [];
  }
}

async function readLockBeside(dir: FileTree, filename: string): Promise<Lock | undefined> {
  try {
    return readLock(decodeText(await dir.readFile(`${filename}.lock`)));
  } catch {
    return undefined; // absent, or not a lock: the check says so
  }
}
