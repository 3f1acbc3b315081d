/** Joins images that are in a registry into one index there. */
import { createHash } from 'node:crypto';
import { splitDigest } from '../image/digest.ts';
import { type CredentialSource, dockerCredentials } from '../image/docker-config.ts';
import { defaultLimits, type RequestLimits, type RequestOptions, request } from '../image/http-request.ts';
import { maxBlobSizes, parseEntries, parseObject, verifyBlob } from '../image/manifest.ts';
import { parseNormalizedNamed, tagNameOnly } from '../image/reference.ts';
import { authorize } from '../image/registry-auth.ts';
import { registryItself } from '../image/registry-hosts.ts';

const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';

/** An entry of an index, as registries write it. */
export interface IndexEntry {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: unknown;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface JoinOptions {
  /** Docker's by default. */
  readonly credentials?: CredentialSource | undefined;
  /** Annotations of the index. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
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
  let joined: IndexEntry | undefined;
  for (const name of names) {
    try {
      joined = await join(name, parts, options);
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw new Error(`failed to push the index ${name}: ${(error as Error).message}`, { cause: error });
    }
  }
  if (!joined) throw new Error('an index needs a name');
  return joined;
}

async function join(name: string, parts: readonly IndexEntry[], options: JoinOptions): Promise<IndexEntry> {
  const reference = tagNameOnly(parseNormalizedNamed(name));
  const repository = await openRepository(reference.domain, reference.path, options);
  const entries: IndexEntry[] = [];
  for (const part of parts) {
    splitDigest(part.digest);
    if (part.mediaType !== INDEX && part.mediaType !== MANIFEST_LIST) {
      entries.push(part);
      continue;
    }
    const body = await repository.get(part, part.mediaType);
    const { manifests } = parseObject(body, part.digest);
    if (!Array.isArray(manifests)) throw new Error(`${part.digest} is no image index`);
    for (const { digest } of parseEntries(manifests, part.digest)) splitDigest(digest);
    for (const manifest of manifests as IndexEntry[]) entries.push(manifest);
  }
  const { annotations } = options;
  const content = { schemaVersion: 2, mediaType: INDEX, manifests: entries, ...(annotations && { annotations }) };
  const index = Buffer.from(JSON.stringify(content, null, 2));
  await repository.put(reference.tag, INDEX, index);
  const digest = `sha256:${createHash('sha256').update(index).digest('hex')}`;
  return { mediaType: INDEX, digest, size: index.length };
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
    let answer = await attempt();
    if (answer.status === 401 && answer.url.origin === registry.origin) {
      const challenge = answer.headers.get('www-authenticate') ?? '';
      const scope = `repository:${path}:pull,push`;
      authorization = await authorize(challenge, { registry, scope, trust }, await find(host), limits);
      if (authorization) answer = await attempt();
    }
    if (answer.status >= 300)
      throw new Error(`${host} answered ${answer.status} to ${options.method ?? 'GET'} ${path}:${what}`);
    return answer;
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
