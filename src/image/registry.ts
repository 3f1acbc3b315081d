/** Images from a registry: the distribution protocol as far as resolving a config needs it. */

import { redactCredentials } from '../text/redact.ts';
import type { BlobCache } from './blob-cache.ts';
import { splitDigest } from './digest.ts';
import {
  CredentialHelperError,
  type CredentialSource,
  type Credentials,
  noCredentials,
  withoutCredentials,
} from './docker-config.ts';
import { type Answer, credentialsIn, defaultLimits, type RequestLimits, request } from './http-request.ts';
import {
  type BlobKind,
  checkManifestType,
  type Descriptor,
  findImage,
  manifestTypes,
  maxBlobSizes,
  type ReadBlob,
  schema1Type,
  sha256,
  verifyBlob,
} from './manifest.ts';
import { formatPlatform, type Platform } from './platform.ts';
import { formatReference, type ImageReference } from './reference.ts';
import { authorize } from './registry-auth.ts';
import { type RegistryHost, registryHosts } from './registry-hosts.ts';
import { askAgain, reasonIn } from './registry-token.ts';
import type { FoundImage, ImageResolver } from './resolver.ts';

export interface RegistryOptions {
  /** Credentials by host; none by default. */
  readonly credentials?: CredentialSource | undefined;
  /** Other registries to ask first, by the host that references name: addresses such as `https://mirror.example.com`. */
  readonly mirrors?: ReadonlyMap<string, readonly string[]> | undefined;
  /** Where blobs are kept between runs. */
  readonly cache?: BlobCache | undefined;
  /** Told that a credential helper failed, and that the registry is asked without credentials; once for each registry. */
  readonly onWarning?: ((message: string) => void) | undefined;
  readonly limits?: Partial<RequestLimits> | undefined;
}

/** Makes a resolver for every image. It asks for the same image and platform once, for different ones at a time. */
export function registryResolver(options: RegistryOptions = {}): ImageResolver {
  const limits = { ...defaultLimits, ...options.limits };
  const pending = new Map<string, Promise<FoundImage>>();
  const hosts = new Map<string, Promise<readonly RegistryHost[]>>();
  const repositories = new Map<string, Repository>();

  /** Mirrors of the options, then those of the configuration, and the registry itself. */
  async function hostsOf(domain: string): Promise<readonly RegistryHost[]> {
    const mirrors: RegistryHost[] = [];
    for (const text of options.mirrors?.get(domain) ?? []) {
      const address = httpAddress(text);
      const api = new URL(address);
      api.pathname = `${address.pathname.replace(/\/$/, '')}/v2`;
      const { trust } = (await registryHosts(address.host)).at(-1)!;
      mirrors.push({ api, pulls: true, resolves: true, headers: {}, trust });
    }
    return [...mirrors, ...(await registryHosts(domain)).filter(({ pulls }) => pulls)];
  }

  function repository(host: RegistryHost, path: string): Repository {
    const key = `${host.api.href} ${path}`;
    let known = repositories.get(key);
    if (!known) repositories.set(key, (known = createRepository(host, path, options, limits)));
    return known;
  }

  async function find(reference: ImageReference, platform: Platform | undefined): Promise<FoundImage> {
    const { domain, path } = reference;
    const failures: Error[] = [];
    for (const host of await once(hosts, domain, () => hostsOf(domain))) {
      if (!host.resolves && !reference.digest) continue;
      try {
        return await findIn(repository(host, path), reference, platform);
      } catch (error) {
        if (limits.signal?.aborted) throw error;
        failures.push(error as Error);
      }
    }
    // The registry itself has the last word; what its mirrors said may explain it.
    const [last, ...mirrors] = failures.reverse();
    const more = mirrors.map(({ message }) => `; mirror: ${message}`).join('');
    const why = last?.message ?? `no host of ${domain} may be asked for it (hosts.toml)`;
    throw new UnresolvedReference(reference, `${why}${more}`, last);
  }

  return {
    resolve(reference, platform) {
      const key = `${formatReference(reference)} ${platform ? formatPlatform(platform) : ''}`;
      return once(pending, key, () => find(reference, platform));
    },
  };
}

/** @throws Error that names the address */
function httpAddress(address: string): URL {
  const url = URL.parse(address);
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new Error(`${redactCredentials(address)} is no http address, as https://mirror.example.com`);
}

/** No registry has given the image. */
export class UnresolvedReference extends Error {
  override readonly name = 'UnresolvedReference';
  readonly reference: ImageReference;
  constructor(reference: ImageReference, reason: string, cause: unknown) {
    super(`${formatReference(reference)}: ${reason}`, { cause });
    this.reference = reference;
  }
}

async function findIn(
  repository: Repository,
  reference: ImageReference,
  platform: Platform | undefined,
): Promise<FoundImage> {
  const named = reference.digest
    ? { digest: reference.digest, mediaType: '' }
    : await repository.resolveTag(reference.tag);
  const root: Descriptor = { ...named, size: undefined, annotations: {} };
  return findImage(root, platform, repository.read);
}

interface Repository {
  /** What a tag names now. */
  resolveTag(tag: string): Promise<Pick<Descriptor, 'digest' | 'mediaType'>>;
  readonly read: ReadBlob;
}

function createRepository(
  { api, headers: own, trust, mirrorOf }: RegistryHost,
  path: string,
  { credentials, cache, onWarning }: RegistryOptions,
  limits: RequestLimits,
): Repository {
  const registry = new URL(api.origin);
  const base = `${api.origin}${api.pathname.replace(/\/$/, '')}/${path}`;
  const scope = `repository:${path}:pull`;
  let authorization: Promise<string | undefined> | undefined;

  async function get(what: string, method: 'GET' | 'HEAD', maxSize: number): Promise<Answer> {
    const url = new URL(`${base}/${what}`);
    if (mirrorOf) url.searchParams.set('ns', mirrorOf);
    const send = async () => {
      const granted = await authorization;
      const accept = [...manifestTypes, '*/*'].join(', ');
      const headers = { accept, ...own, ...(granted && { authorization: granted }) };
      return request(url, { method, headers, trust }, maxSize, limits);
    };
    const before = authorization;
    let answer = await send();
    // Where blobs are stored elsewhere, that place could ask for the registry's credentials, too.
    if (answer.status === 401 && answer.url.origin === registry.origin) {
      // Of several requests that are refused at once, one gets the token.
      if (authorization === before) authorization = challenged(answer);
      if (await authorization) answer = await send();
    }
    return answer;
  }

  async function challenged(answer: Answer): Promise<string | undefined> {
    // a mirror's address may have credentials in it
    const named = credentialsIn(api);
    const known = named.username ? { ...noCredentials, ...named } : await find();
    return authorize(answer.headers.get('www-authenticate') ?? '', { registry, scope, trust }, known, limits);
  }

  let helperFailure: string | undefined;

  async function find(): Promise<Credentials> {
    try {
      return (await credentials?.(registry.host, limits.signal)) ?? noCredentials;
    } catch (error) {
      if (!(error instanceof CredentialHelperError)) throw error;
      if (!helperFailure) onWarning?.(withoutCredentials(registry.host, error));
      helperFailure = error.message;
      return noCredentials;
    }
  }

  async function resolveTag(tag: string): Promise<Pick<Descriptor, 'digest' | 'mediaType'>> {
    // Registries count GETs of manifests; a HEAD is enough where the manifest is at hand.
    const head = await get(`manifests/${tag}`, 'HEAD', 0);
    const digest = head.headers.get('docker-content-digest') ?? '';
    if (head.status === 200 && isDigest(digest)) return { digest, mediaType: typeOf(head) };
    if (head.status !== 200 && head.status !== 405) throw refused(head);
    const answer = await get(`manifests/${tag}`, 'GET', maxBlobSizes.manifest);
    if (answer.status !== 200) throw refused(answer);
    await cache?.put(sha256(answer.body), answer.body);
    return { digest: sha256(answer.body), mediaType: typeOf(answer) };
  }

  async function read(descriptor: Descriptor, kind: BlobKind): Promise<Uint8Array> {
    const { algorithm, hex } = splitDigest(descriptor.digest);
    const digest = `${algorithm}:${hex}`;
    const cached = await cache?.get(digest);
    if (cached && isBlob(descriptor, cached)) return cached;
    const maxSize = descriptor.size ?? maxBlobSizes[kind];
    const answer = await get(`${kind === 'manifest' ? 'manifests' : 'blobs'}/${digest}`, 'GET', maxSize);
    if (answer.status !== 200) throw refused(answer);
    if (kind === 'manifest' && descriptor.mediaType === '') typeOf(answer);
    verifyBlob(descriptor, answer.body);
    await cache?.put(digest, answer.body);
    return answer.body;
  }

  // Asked once each: all platforms of a build must see the same image, even if its tag moves meanwhile.
  const tags = new Map<string, Promise<Pick<Descriptor, 'digest' | 'mediaType'>>>();
  const blobs = new Map<string, Promise<Uint8Array>>();
  return {
    resolveTag: (tag) => once(tags, tag, () => resolveTag(tag)),
    // what must not be equal in size is not the same
    read: (descriptor, kind) =>
      once(blobs, `${kind} ${descriptor.size} ${descriptor.digest}`, () => read(descriptor, kind)),
  };
}

/** The type of a manifest, as a registry says it. @throws Error for one that no image has */
function typeOf({ headers }: Answer): string {
  const type = (headers.get('content-type') ?? '').split(';')[0]!.trim();
  // some registries have no type for what early versions of Docker made
  checkManifestType(type === 'text/plain' ? schema1Type : type);
  return type;
}

function isBlob(descriptor: Descriptor, bytes: Uint8Array): boolean {
  try {
    verifyBlob(descriptor, bytes);
    return true;
  } catch {
    return false;
  }
}

function isDigest(text: string): boolean {
  try {
    return splitDigest(text) !== undefined;
  } catch {
    return false;
  }
}

function once<T>(known: Map<string, Promise<T>>, key: string, run: () => Promise<T>): Promise<T> {
  let result = known.get(key);
  if (!result) known.set(key, (result = run()));
  return result;
}

function refused({ status, headers, body, url: { host } }: Answer): Error {
  if (status === 404) return new Error('not found');
  if (status === 401 || status === 403)
    return new Error(
      `pull access denied, repository does not exist or may require authorization: ${host} answered ${status}${said(body)}`,
    );
  if (status === 429) return new Error(`too many requests to ${host}${said(body)}${askAgain(headers)}`);
  return new Error(`unexpected status ${status} from ${host}${said(body)}`);
}

/** What a registry says in its error document, in short. */
function said(body: Uint8Array): string {
  const reason = reasonIn(body);
  return reason && `: ${reason}`;
}
