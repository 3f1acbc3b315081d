/** Joins images that are in a registry into one index there. */
import { defaultLimits, type RequestLimits, type RequestOptions, request } from '../http/request.ts';
import { digestOf, splitDigest } from '../image/digest.ts';
import { parseNormalizedNamed, tagNameOnly } from '../image/reference.ts';
import { parseObject } from '../oci/json-object.ts';
import { maxBlobSizes, parseEntries, verifyBlob } from '../oci/manifest.ts';
import { authorize } from '../registry/authorize.ts';
import { type CredentialSource, dockerCredentials } from '../registry/docker-config.ts';
import { registryItself } from '../registry/hosts.ts';
import { aNumber, aString, checkArgument, listOf, objectWith } from '../text/arguments.ts';

const indexType = 'application/vnd.oci.image.index.v1+json';
const manifestList = 'application/vnd.docker.distribution.manifest.list.v2+json';

/** An entry of an index, as registries write it. */
export interface IndexEntry {
  /** The type of the manifest. */
  readonly mediaType: string;
  /** The digest of the manifest. */
  readonly digest: string;
  /** Bytes of the manifest. */
  readonly size: number;
  /** As in an OCI image index. */
  readonly platform?: unknown;
  /** Annotations of the entry. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Options for joining images of several platforms to an index. */
export interface JoinOptions {
  /** Docker's by default. */
  readonly credentials?: CredentialSource | undefined;
  /** Annotations of the index. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Ends the requests. */
  readonly signal?: AbortSignal | undefined;
  /** Time and attempts of each request. */
  readonly limits?: Partial<RequestLimits> | undefined;
}

/**
 * Pushes an index of what `parts` point to, under each name. Parts that are indexes themselves, as images with
 * attestations are, give their entries.
 * What a daemon says of parts is checked: their digests, and an index against its digest and size.
 * @param names image references; the parts have to be in the repository of each
 * @returns the descriptor of the index
 */
export async function joinImages(
  names: readonly string[],
  parts: readonly IndexEntry[],
  options: JoinOptions = {},
): Promise<IndexEntry> {
  checkArgument('joinImages', 'names', names, listOf(aString));
  checkArgument(
    'joinImages',
    'parts',
    parts,
    listOf(objectWith({ mediaType: aString, digest: aString, size: aNumber })),
  );
  let joined: IndexEntry | undefined;
  for (const name of names) {
    try {
      joined = await joinImage(name, parts, options);
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw new Error(`failed to push the index ${name}: ${(error as Error).message}`, { cause: error });
    }
  }
  if (!joined) throw new Error('an index needs a name');
  return joined;
}

async function joinImage(name: string, parts: readonly IndexEntry[], options: JoinOptions): Promise<IndexEntry> {
  const reference = tagNameOnly(parseNormalizedNamed(name));
  const repository = await openRepository(reference.domain, reference.path, options);
  const entries: IndexEntry[] = [];
  for (const part of parts) {
    splitDigest(part.digest);
    if (part.mediaType !== indexType && part.mediaType !== manifestList) {
      entries.push(part);
      continue;
    }
    const body = await repository.get(part, part.mediaType);
    const { manifests } = parseObject(body, part.digest);
    if (!Array.isArray(manifests)) throw new Error(`${part.digest} is not an image index`);
    for (const { digest } of parseEntries(manifests, part.digest)) splitDigest(digest);
    for (const manifest of manifests as IndexEntry[]) entries.push(manifest);
  }
  const { annotations } = options;
  const content = { schemaVersion: 2, mediaType: indexType, manifests: entries, ...(annotations && { annotations }) };
  const index = Buffer.from(JSON.stringify(content, null, 2));
  await repository.put(reference.tag, indexType, index);
  const digest = digestOf(index);
  return { mediaType: indexType, digest, size: index.length };
}

async function openRepository(domain: string, path: string, options: JoinOptions) {
  const { registry, trust } = await registryItself(domain);
  const { host } = registry;
  const limits = { ...defaultLimits, ...options.limits, ...(options.signal ? { signal: options.signal } : {}) };
  const find = options.credentials ?? dockerCredentials();
  let authorization: string | undefined;

  const send = async (what: string, options: RequestOptions) => {
    const url = new URL(`/v2/${path}/manifests/${what}`, registry);
    const attempt = () => {
      const headers = { ...options.headers, ...(authorization && { authorization }) };
      return request(url, { ...options, headers, trust }, maxBlobSizes.manifest, limits);
    };
    let response = await attempt();
    if (response.status === 401 && response.url.origin === registry.origin) {
      const challenge = response.headers.get('www-authenticate') ?? '';
      const scope = `repository:${path}:pull,push`;
      authorization = await authorize(challenge, { registry, scope, trust }, await find(host), limits);
      if (authorization) response = await attempt();
    }
    if (response.status >= 300)
      throw new Error(`${host} answered ${response.status} to ${options.method ?? 'GET'} ${path}:${what}`);
    return response;
  };
  return {
    async get(part: IndexEntry, accept: string): Promise<Uint8Array> {
      const { algorithm, hex } = splitDigest(part.digest);
      const { body } = await send(`${algorithm}:${hex}`, { headers: { accept } });
      verifyBlob(part, body);
      return body;
    },
    async put(tag: string, type: string, body: Buffer): Promise<void> {
      await send(tag, { method: 'PUT', headers: { 'content-type': type }, body: new Uint8Array(body) });
    },
  };
}
