/** A registry in this process, with the faults that registries have. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const sha256 = (bytes: string | Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

export interface FakeImage {
  readonly blobs: ReadonlyMap<string, string>;
  /** Digest of the index or manifest. */
  readonly digest: string;
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';

/**
 * An image with a config for each platform (`linux/arm/v7`), as an index; of one platform alone as a plain manifest.
 */
export function fakeImage(platforms: Record<string, object>, index = true): FakeImage {
  const blobs = new Map<string, string>();
  const put = (text: string) => {
    blobs.set(sha256(text), text);
    return { digest: sha256(text), size: Buffer.byteLength(text) };
  };
  const manifests = Object.entries(platforms).map(([name, more]) => {
    const [os, architecture, variant] = name.split('/');
    const platform = { os, architecture, ...(variant && { variant }) };
    const config = put(JSON.stringify({ ...platform, ...more }));
    const diffIds = (more as { rootfs?: { diff_ids?: string[] } }).rootfs?.diff_ids ?? [];
    const manifest = {
      schemaVersion: 2,
      mediaType: manifestType,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
      layers: diffIds.map((digest) => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size: 1 })),
    };
    return { mediaType: manifestType, ...put(JSON.stringify(manifest)), platform };
  });
  if (!index) return { blobs, digest: manifests[0]!.digest };
  const attestation = { mediaType: manifestType, ...put('{}'), platform: { os: 'unknown', architecture: 'unknown' } };
  const type = 'application/vnd.oci.image.index.v1+json';
  const body = { schemaVersion: 2, mediaType: type, manifests: [...manifests, attestation] };
  return { blobs, digest: put(JSON.stringify(body)).digest };
}

export interface FakeRegistry {
  readonly host: string;
  /** Where its tokens are. */
  url: string;
  /** The registry itself, for another server to serve. */
  readonly answer: RequestListener;
  /** `METHOD path` of each request. */
  readonly log: string[];
  /** Images by `name:tag`. */
  readonly images: Map<string, FakeImage>;
  /** Answers before the registry does; false leaves it to it. */
  fault: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** The type of all that it serves, in place of the right one. */
  contentType: string | undefined;
  /** Demands a token; `user:password` if anyone must know them. */
  auth: undefined | { readonly kind: 'bearer' | 'basic'; readonly login?: string };
  close(): Promise<void>;
}

export async function startFakeRegistry(): Promise<FakeRegistry> {
  const images = new Map<string, FakeImage>();
  const answer: RequestListener = (request, response) => {
    const path = request.url ?? '';
    registry.log.push(`${request.method} ${path}`);
    if (registry.fault(request, response)) return;
    if (path.startsWith('/token')) return token(request, response);
    if (!authorized(request)) {
      const challenge =
        registry.auth?.kind === 'basic'
          ? 'Basic realm="fake"'
          : `Bearer realm="${registry.url}/token",service="fake, service",scope="repository:x:pull"`;
      response.writeHead(401, { 'www-authenticate': challenge });
      return response.end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] }));
    }
    serve(request, response, path);
  };
  const server: Server = createServer(answer);

  const login = (request: IncomingMessage) =>
    Buffer.from((request.headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString();

  function authorized(request: IncomingMessage): boolean {
    if (!registry.auth) return true;
    if (registry.auth.kind === 'basic') return login(request) === registry.auth.login;
    return request.headers.authorization === 'Bearer good';
  }

  function token(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === 'POST') {
      let form = '';
      request.on('data', (chunk) => {
        form += chunk;
      });
      request.on('end', () => {
        registry.log.push(form);
        const fields = new URLSearchParams(form);
        const given = `${fields.get('username')}:${fields.get('password')}`;
        if (registry.auth?.login !== undefined && given !== registry.auth.login) response.writeHead(401);
        response.end(JSON.stringify({ access_token: 'good' }));
      });
      return;
    }
    const wanted = registry.auth?.login;
    if (wanted !== undefined && login(request) !== wanted) {
      response.writeHead(401);
      response.end();
      return;
    }
    response.end(JSON.stringify({ token: 'good' }));
  }

  function serve(request: IncomingMessage, response: ServerResponse, path: string): void {
    const [, name, , reference] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/?]+)(?:\?|$)/.exec(path) ?? [];
    const tagged = images.get(`${name}:${reference}`);
    const all = [...images].filter(([key]) => key.startsWith(`${name}:`));
    const digest = tagged?.digest ?? reference ?? '';
    const body = all.map(([, image]) => image.blobs.get(digest)).find((text) => text !== undefined);
    if (body === undefined) {
      response.writeHead(404);
      response.end(JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] }));
      return;
    }
    const type = /"mediaType":"([^"]*)"/.exec(body.replace(/"(config|layers|manifests)":.*/s, ''))?.[1];
    const isIndex = body.includes('"manifests":');
    const guessed = isIndex ? 'application/vnd.oci.image.index.v1+json' : manifestType;
    response.writeHead(200, {
      'docker-content-digest': digest,
      'content-type': registry.contentType ?? type ?? guessed,
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const registry: FakeRegistry = {
    host,
    url: `http://${host}`,
    answer,
    log: [],
    images,
    fault: () => false,
    contentType: undefined,
    auth: undefined,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return registry;
}
