/** Resolves image configs from registries over the distribution protocol. */
import { credentialsIn, defaultLimits, type HttpResponse, type RequestLimits, request } from '../http/request.ts';
import { digestOf, splitDigest } from '../image/digest.ts';
import { formatPlatform, type Platform } from '../image/platform.ts';
import { formatReference, type ImageReference } from '../image/reference.ts';
import { parseObject } from '../oci/json-object.ts';
import {
  type BlobKind,
  checkManifestType,
  type Descriptor,
  type FoundImage,
  findImage,
  manifestTypes,
  maxBlobSizes,
  type ReadBlob,
  schema1Type,
  verifyBlob,
} from '../oci/manifest.ts';
import { authorize } from '../registry/authorize.ts';
import {
  CredentialHelperError,
  type CredentialSource,
  type Credentials,
  noCredentials,
  withoutCredentials,
} from '../registry/docker-config.ts';
import { type RegistryHost, registryHosts } from '../registry/hosts.ts';
import { errorReason, retryAdvice } from '../registry/token.ts';
import {
  aFunction,
  aString,
  checkArgument,
  having,
  listOf,
  mapOf,
  objectWith,
  optional,
  validator,
} from '../text/arguments.ts';
import { redactCredentials } from '../text/redact.ts';
import { ShortError } from '../text/short-error.ts';
import type { BlobCache } from './blob-cache.ts';
import type { ImageResolver } from './resolver.ts';

/** Options of {@link registryResolver}. */
export interface RegistryOptions {
  /** Credentials by host; none by default. */
  readonly credentials?: CredentialSource | undefined;
  /**
   * Other registries to ask first, by the host that references name: addresses such as `https://mirror.example.com`.
   */
  readonly mirrors?: ReadonlyMap<string, readonly string[]> | undefined;
  /** The cache for blobs, kept between runs. */
  readonly cache?: BlobCache | undefined;
  /** Called once for each registry whose credential helper failed: the registry is asked without credentials. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Time and attempts of each request. */
  readonly limits?: Partial<RequestLimits> | undefined;
}

const registryOptions = objectWith({
  credentials: optional(validator('a function, as dockerCredentials() gives', (value) => typeof value === 'function')),
  mirrors: optional(mapOf(listOf(aString), 'a Map of lists of addresses')),
  cache: optional(having('a cache, as createBlobCache(directory) gives', 'get', 'put')),
  onWarning: optional(aFunction),
  limits: optional(objectWith({})),
});

/** Makes a resolver for every image. It asks for each image and platform once; several may be asked for at a time. */
export function registryResolver(options: RegistryOptions = {}): ImageResolver {
  checkArgument('registryResolver', 'options', options, registryOptions);
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
    if (!known) repositories.set(key, (known = new Repository(host, path, options, limits)));
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
    // The registry's own error comes first; the errors of its mirrors may explain it.
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
  throw new Error(`${redactCredentials(address)} is not an http address such as https://mirror.example.com`);
}

/** Neither the registry nor a mirror has given the image. */
export class UnresolvedReference extends ShortError {
  override readonly name = 'UnresolvedReference';
  /** The reference that was asked for. */
  readonly reference: ImageReference;
  constructor(reference: ImageReference, reason: string, cause: unknown) {
    super(`${formatReference(reference)}: ${reason}`, { cause });
    this.reference = reference;
  }
}

/** Number of tags that a registry is asked for. */
const maxTags = 1000;

/** The tags of a repository, up to 1,000. @throws Error if its registry does not give them */
export async function registryTags(
  { domain, path }: Pick<ImageReference, 'domain' | 'path'>,
  options: RegistryOptions = {},
): Promise<readonly string[]> {
  const host = (await registryHosts(domain)).filter(({ pulls }) => pulls).at(-1);
  if (!host) return [];
  return new Repository(host, path, options, { ...defaultLimits, ...options.limits }).listTags();
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

/** The descriptor of a tag. */
type TagTarget = Pick<Descriptor, 'digest' | 'mediaType'>;

/** One repository of one registry or mirror. */
class Repository {
  private readonly host: RegistryHost;
  private readonly path: string;
  private readonly options: RegistryOptions;
  private readonly limits: RequestLimits;
  /** The value of the header `authorization`; undefined until the registry asks for one. */
  private authorization: Promise<string | undefined> | undefined;
  /** Whether a warning was given for the registry's credential helper. */
  private hasWarned = false;
  // Asked once each: all platforms of a build must see the same image, even if its tag moves meanwhile.
  private readonly tags = new Map<string, Promise<TagTarget>>();
  private readonly blobs = new Map<string, Promise<Uint8Array>>();

  constructor(host: RegistryHost, path: string, options: RegistryOptions, limits: RequestLimits) {
    this.host = host;
    this.path = path;
    this.options = options;
    // A host that allows a long time for connecting gets as long for its answer.
    this.limits = { ...limits, patienceMs: Math.max(limits.patienceMs, host.dialMs ?? 0) };
  }

  resolveTag(tag: string): Promise<TagTarget> {
    return once(this.tags, tag, () => this.requestTag(tag));
  }

  readonly read: ReadBlob = (descriptor, kind) =>
    // Descriptors that disagree about the size are checked one by one.
    once(this.blobs, `${kind} ${descriptor.size} ${descriptor.digest}`, () => this.readBlob(descriptor, kind));

  private async requestTag(tag: string): Promise<TagTarget> {
    // Registries count GETs of manifests; a HEAD is enough if the cache has the manifest.
    const head = await this.request(`manifests/${tag}`, 'HEAD', 0);
    const digest = head.headers.get('docker-content-digest') ?? '';
    if (head.status === 200 && digest !== '') return { digest: checkedHeader(digest), mediaType: typeOf(head) };
    if (head.status !== 200 && head.status !== 405) throw refused(head);
    const response = await this.request(`manifests/${tag}`, 'GET', maxBlobSizes.manifest);
    if (response.status !== 200) throw refused(response);
    await this.options.cache?.put(digestOf(response.body), response.body);
    return { digest: digestOf(response.body), mediaType: typeOf(response) };
  }

  private async readBlob(descriptor: Descriptor, kind: BlobKind): Promise<Uint8Array> {
    const { cache } = this.options;
    const { algorithm, hex } = splitDigest(descriptor.digest);
    const digest = `${algorithm}:${hex}`;
    const cached = await cache?.get(digest);
    if (cached && isBlob(descriptor, cached)) return cached;
    const maxSize = descriptor.size ?? maxBlobSizes[kind];
    const response = await this.request(`${kind === 'manifest' ? 'manifests' : 'blobs'}/${digest}`, 'GET', maxSize);
    if (response.status !== 200) throw refused(response);
    if (kind === 'manifest' && descriptor.mediaType === '') typeOf(response);
    verifyBlob(descriptor, response.body);
    await cache?.put(digest, response.body);
    return response.body;
  }

  /** The tags, as many as the registry gives in one answer. */
  async listTags(): Promise<readonly string[]> {
    const response = await this.request(`tags/list?n=${maxTags}`, 'GET', maxBlobSizes.manifest);
    if (response.status !== 200) throw refused(response);
    const { tags } = parseObject(response.body, 'the list of tags');
    return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [];
  }

  /** Sends a request; if the registry refuses it, asks for authorization and sends it once more. */
  private async request(what: string, method: 'GET' | 'HEAD', maxSize: number): Promise<HttpResponse> {
    const before = this.authorization;
    const response = await this.send(what, method, maxSize);
    // A store of blobs at another address must not get the registry's credentials.
    if (response.status !== 401 || response.url.origin !== this.host.api.origin) return response;
    // If several requests are refused at the same time, only the first requests a token.
    if (this.authorization === before) this.authorization = this.authorize(response);
    return (await this.authorization) ? this.send(what, method, maxSize) : response;
  }

  private async send(what: string, method: 'GET' | 'HEAD', maxSize: number): Promise<HttpResponse> {
    const { api, headers: configured, trust, dialMs, mirrorOf } = this.host;
    const url = new URL(`${api.origin}${api.pathname.replace(/\/$/, '')}/${this.path}/${what}`);
    if (mirrorOf) url.searchParams.set('ns', mirrorOf);
    const authorization = await this.authorization;
    const accept = [...manifestTypes, '*/*'].join(', ');
    const headers = { accept, ...configured, ...(authorization && { authorization }) };
    return request(url, { method, headers, trust, dialMs }, maxSize, this.limits);
  }

  private async authorize(response: HttpResponse): Promise<string | undefined> {
    const { api, trust } = this.host;
    const registry = new URL(api.origin);
    // A mirror's address may have credentials in it.
    const named = credentialsIn(api);
    const known = named.username ? { ...noCredentials, ...named } : await this.findCredentials(registry.host);
    const challenge = response.headers.get('www-authenticate') ?? '';
    return authorize(challenge, { registry, scope: `repository:${this.path}:pull`, trust }, known, this.limits);
  }

  private async findCredentials(host: string): Promise<Credentials> {
    const { credentials, onWarning } = this.options;
    try {
      return (await credentials?.(host, this.limits.signal)) ?? noCredentials;
    } catch (error) {
      if (!(error instanceof CredentialHelperError)) throw error;
      if (!this.hasWarned) onWarning?.(withoutCredentials(host, error));
      this.hasWarned = true;
      return noCredentials;
    }
  }
}

/**
 * The media type of a manifest, from the registry's answer.
 * @throws Error if it is not the type of an image or an index
 */
function typeOf({ headers }: HttpResponse): string {
  const type = (headers.get('content-type') ?? '').split(';')[0]!.trim();
  // Some registries send text/plain for the manifests of early versions of Docker.
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

/** @throws Error with containerd's text if the header `docker-content-digest` does not have a digest */
function checkedHeader(digest: string): string {
  try {
    splitDigest(digest);
    return digest;
  } catch (cause) {
    throw new Error(`"${digest.slice(0, 100)}" in header not a valid digest`, { cause });
  }
}

function once<T>(known: Map<string, Promise<T>>, key: string, run: () => Promise<T>): Promise<T> {
  let result = known.get(key);
  if (!result) known.set(key, (result = run()));
  return result;
}

function refused({ status, headers, body, url: { host } }: HttpResponse): Error {
  if (status === 404) return new Error('not found');
  if (status === 401 || status === 403)
    return new Error(
      `pull access denied, repository does not exist or may require authorization: ${host} answered ${status}${refusalText(body)}`,
    );
  if (status === 429) return new Error(`too many requests to ${host}${refusalText(body)}${retryAdvice(headers)}`);
  return new Error(`unexpected status ${status} from ${host}${refusalText(body)}`);
}

/** A colon and the reason from the registry's error document; '' if there is no reason in it. */
function refusalText(body: Uint8Array): string {
  const reason = errorReason(body);
  return reason && `: ${reason}`;
}
