/** Joins images that are in a registry into one index there. */
import { createHash } from 'node:crypto';
import { type CredentialSource, dockerCredentials } from '../image/docker-config.ts';
import { defaultLimits, type RequestLimits, request } from '../image/http-request.ts';
import { parseNormalizedNamed, tagNameOnly } from '../image/reference.ts';
import { authorize } from '../image/registry-auth.ts';

const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
const MAX_MANIFEST_BYTES = 16 << 20;

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
  const repository = openRepository(reference.domain, reference.path, options);
  const entries: IndexEntry[] = [];
  for (const part of parts) {
    if (part.mediaType !== INDEX && part.mediaType !== MANIFEST_LIST) {
      entries.push(part);
      continue;
    }
    const body = await repository.get(part.digest, part.mediaType);
    const { manifests } = JSON.parse(body.toString()) as { manifests: IndexEntry[] };
    for (const manifest of manifests) entries.push(manifest);
  }
  const { annotations } = options;
  const content = { schemaVersion: 2, mediaType: INDEX, manifests: entries, ...(annotations && { annotations }) };
  const index = Buffer.from(JSON.stringify(content, null, 2));
  await repository.put(reference.tag, INDEX, index);
  const digest = `sha256:${createHash('sha256').update(index).digest('hex')}`;
  return { mediaType: INDEX, digest, size: index.length };
}

function openRepository(domain: string, path: string, options: JoinOptions) {
  const host = domain === 'docker.io' ? 'registry-1.docker.io' : domain;
  const local = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(host);
  const registry = new URL(`${local ? 'http' : 'https'}://${host}`);
  const limits = { ...defaultLimits, ...options.limits, ...(options.signal ? { signal: options.signal } : {}) };
  const find = options.credentials ?? dockerCredentials();
  let authorization: string | undefined;

  const send = async (what: string, init: RequestInit) => {
    const url = new URL(`/v2/${path}/manifests/${what}`, registry);
    const attempt = () =>
      request(
        url,
        { ...init, headers: { ...(init.headers as Record<string, string>), ...(authorization && { authorization }) } },
        MAX_MANIFEST_BYTES,
        limits,
      );
    let answer = await attempt();
    if (answer.status === 401) {
      const challenge = answer.headers.get('www-authenticate') ?? '';
      authorization = await authorize(challenge, registry, `repository:${path}:pull,push`, await find(host), limits);
      if (authorization) answer = await attempt();
    }
    if (answer.status >= 300)
      throw new Error(`${host} answered ${answer.status} to ${init.method ?? 'GET'} ${path}:${what}`);
    return answer;
  };
  return {
    async get(digest: string, accept: string): Promise<Buffer> {
      const { body } = await send(digest, { headers: { accept } });
      return Buffer.from(body);
    },
    async put(tag: string, type: string, body: Buffer): Promise<void> {
      await send(tag, { method: 'PUT', headers: { 'content-type': type }, body: new Uint8Array(body) });
    },
  };
}
