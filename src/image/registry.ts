/** Images from a registry: the distribution protocol as far as resolving a config needs it. */
import type { BlobCache } from './blob-cache.ts';
import { type CredentialSource, noCredentials } from './docker-config.ts';
import { type Answer, defaultLimits, type RequestLimits, request } from './http-request.ts';
import { type Descriptor, findImage, manifestTypes, maxBlobSize, sha256, verifyBlob } from './manifest.ts';
import { formatPlatform, type Platform } from './platform.ts';
import { formatReference, type ImageReference } from './reference.ts';
import { authorize } from './registry-auth.ts';
import type { FoundImage, ImageResolver } from './resolver.ts';

export interface RegistryOptions {
  /** Credentials by host; none by default. */
  readonly credentials?: CredentialSource | undefined;
  /** Other registries to ask first, by the host that references name: addresses such as `https://mirror.example.com`. */
  readonly mirrors?: ReadonlyMap<string, readonly string[]> | undefined;
  /** Where blobs are kept between runs. */
  readonly cache?: BlobCache | undefined;
  readonly limits?: Partial<RequestLimits> | undefined;
}

/** Makes a resolver for every image. It asks for the same image and platform once, for different ones at a time. */
export function registryResolver(options: RegistryOptions = {}): ImageResolver {
  const limits = { ...defaultLimits, ...options.limits };
  const pending = new Map<string, Promise<FoundImage>>();
  const repositories = new Map<string, Repository>();

  function repository(address: string, path: string): Repository {
    const key = `${address} ${path}`;
    let known = repositories.get(key);
    if (!known) repositories.set(key, (known = createRepository(new URL(address), path, options, limits)));
    return known;
  }

  async function find(reference: ImageReference, platform: Platform | undefined): Promise<FoundImage> {
    const { domain, path } = reference;
    const failures: Error[] = [];
    for (const address of [...(options.mirrors?.get(domain) ?? []), originAddress(domain)]) {
      try {
        return await findIn(repository(address, path), reference, platform);
      } catch (error) {
        if (limits.signal?.aborted) throw error;
        failures.push(error as Error);
      }
    }
    // The registry itself has the last word; what its mirrors said may explain it.
    const [last, ...mirrors] = failures.reverse();
    const more = mirrors.map(({ message }) => `; mirror: ${message}`).join('');
    throw new Error(`${formatReference(reference)}: ${last?.message}${more}`, { cause: last });
  }

  return {
    resolve(reference, platform) {
      const key = `${formatReference(reference)} ${platform ? formatPlatform(platform) : ''}`;
      return once(pending, key, () => find(reference, platform));
    },
  };
}

/** Loopback registries speak http. Docker Hub lives at another name than its references say. */
function originAddress(domain: string): string {
  const host = domain === 'docker.io' ? 'registry-1.docker.io' : domain;
  return `${/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(host) ? 'http' : 'https'}://${host}`;
}

async function findIn(
  repository: Repository,
  reference: ImageReference,
  platform: Platform | undefined,
): Promise<FoundImage> {
  const digest = reference.digest || (await repository.resolveTag(reference.tag));
  const root: Descriptor = { mediaType: '', digest, size: undefined, annotations: {} };
  // What is reached from the root by its manifests is a config.
  return findImage(root, platform, (descriptor) =>
    repository.read(descriptor, descriptor === root || isManifest(descriptor) ? 'manifests' : 'blobs'),
  );
}

function isManifest({ mediaType }: Descriptor): boolean {
  return manifestTypes.some((type) => type === mediaType);
}

interface Repository {
  /** The digest that a tag names now. */
  resolveTag(tag: string): Promise<string>;
  read(descriptor: Descriptor, kind: 'manifests' | 'blobs'): Promise<Uint8Array>;
}

function createRepository(
  registry: URL,
  path: string,
  { credentials, cache }: RegistryOptions,
  limits: RequestLimits,
): Repository {
  const base = `${registry.href.replace(/\/$/, '')}/v2/${path}`;
  const scope = `repository:${path}:pull`;
  let authorization: Promise<string | undefined> | undefined;

  async function get(what: string, method: 'GET' | 'HEAD'): Promise<Answer> {
    const url = new URL(`${base}/${what}`);
    const send = async () => {
      const granted = await authorization;
      const headers = { accept: [...manifestTypes, '*/*'].join(', '), ...(granted && { authorization: granted }) };
      return request(url, { method, headers }, maxBlobSize, limits);
    };
    const before = authorization;
    let answer = await send();
    if (answer.status === 401) {
      // Of several requests that are refused at once, one gets the token.
      if (authorization === before) authorization = challenged(answer);
      if (await authorization) answer = await send();
    }
    return answer;
  }

  async function challenged(answer: Answer): Promise<string | undefined> {
    const known = (await credentials?.(registry.host)) ?? noCredentials;
    return authorize(answer.headers.get('www-authenticate') ?? '', registry, scope, known, limits);
  }

  const manifest = async (name: string): Promise<Uint8Array> => {
    const answer = await get(`manifests/${name}`, 'GET');
    if (answer.status !== 200) throw refused(answer, registry);
    return answer.body;
  };

  async function resolveTag(tag: string): Promise<string> {
    // Registries count GETs of manifests; a HEAD is enough where the manifest is at hand.
    const answer = await get(`manifests/${tag}`, 'HEAD');
    const digest = answer.headers.get('docker-content-digest') ?? '';
    if (answer.status === 200 && /^sha256:[0-9a-f]{64}$/.test(digest)) return digest;
    if (answer.status !== 200 && answer.status !== 405) throw refused(answer, registry);
    const body = await manifest(tag);
    await cache?.put(sha256(body), body);
    return sha256(body);
  }

  async function read(descriptor: Descriptor, kind: 'manifests' | 'blobs'): Promise<Uint8Array> {
    const cached = await cache?.get(descriptor.digest);
    if (cached) return cached;
    const answer = await get(`${kind}/${descriptor.digest}`, 'GET');
    if (answer.status !== 200) throw refused(answer, registry);
    verifyBlob(descriptor, answer.body);
    await cache?.put(descriptor.digest, answer.body);
    return answer.body;
  }

  // Asked once each: all platforms of a build must see the same image, even if its tag moves meanwhile.
  const tags = new Map<string, Promise<string>>();
  const blobs = new Map<string, Promise<Uint8Array>>();
  return {
    resolveTag: (tag) => once(tags, tag, () => resolveTag(tag)),
    read: (descriptor, kind) => once(blobs, descriptor.digest, () => read(descriptor, kind)),
  };
}

function once<T>(known: Map<string, Promise<T>>, key: string, run: () => Promise<T>): Promise<T> {
  let result = known.get(key);
  if (!result) known.set(key, (result = run()));
  return result;
}

function refused({ status, headers, body }: Answer, { host }: URL): Error {
  if (status === 404) return new Error('not found');
  if (status === 401 || status === 403)
    return new Error(
      `pull access denied, repository does not exist or may require authorization: ${host} answered ${status}${said(body)}`,
    );
  if (status === 429) {
    const after = headers.get('retry-after');
    const hint = after ? `; it wants to be asked again ${/^\d+$/.test(after) ? `in ${after} s` : `at ${after}`}` : '';
    return new Error(`too many requests to ${host}${said(body)}${hint}`);
  }
  return new Error(`unexpected status ${status} from ${host}${said(body)}`);
}

/** What a registry says in its error document. */
function said(body: Uint8Array): string {
  try {
    const { errors } = JSON.parse(new TextDecoder().decode(body)) as { errors: { message: string }[] };
    return `: ${errors.map(({ message }) => String(message).slice(0, 200)).join('; ')}`;
  } catch {
    return '';
  }
}
