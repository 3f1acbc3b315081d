/** A registry that answers with anything: resolving an image ends, after few requests, with an image or in words. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { defaultLimits } from '../../../../src/http/request.ts';
import { parseImageConfig } from '../../../../src/image/config.ts';
import { parsePlatform } from '../../../../src/image/platform.ts';
import { parseNormalizedNamed, tagNameOnly } from '../../../../src/image/reference.ts';
import { registryResolver } from '../../../../src/resolve/registry-resolver.ts';
import { mutateJson, mutateText } from '../mutate.ts';
import type { Random } from '../random.ts';
import { hold, mayFail, mayThrow, type Target } from '../run.ts';

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';
const sha256 = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

const config = {
  architecture: 'amd64',
  os: 'linux',
  created: '2024-01-01T00:00:00Z',
  config: {
    Env: ['PATH=/bin'],
    Cmd: ['sh'],
    Labels: { a: 'b' },
    ExposedPorts: { '80/tcp': {} },
    Healthcheck: { Interval: 5 },
  },
  rootfs: { type: 'layers', diff_ids: [`sha256:${'1'.repeat(64)}`] },
  history: [{ created_by: 'x', empty_layer: true }],
};
const challenges = [
  'Bearer realm="http://HOST/token",service="r",scope="repository:a:pull"',
  'Basic realm="x"',
  'Negotiate',
];

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A registry of a lane: each input sets what it answers. */
class Peer {
  answer: (path: string) => Answer = () => ({ status: 404, headers: {}, body: '' });
  requests = 0;
  private readonly server: Server = createServer((request, response) => {
    this.requests++;
    request.resume();
    const { status, headers, body } = this.answer(request.url ?? '');
    try {
      response.writeHead(status, headers);
    } catch {
      response.writeHead(status); // a header that no server could send
    }
    response.end(request.method === 'HEAD' ? undefined : body);
  });

  async address(): Promise<string> {
    if (!this.server.listening) await once(this.server.listen(0, '127.0.0.1'), 'listening');
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

const peers: Peer[] = [];

export const registry: Target = {
  name: 'registry',
  share: 20_000,
  lanes: 4,
  async try(random, tell, lane) {
    const peer = (peers[lane] ??= new Peer());
    const host = await peer.address();
    const { blobs, root } = image(random);
    tell(JSON.stringify([...blobs]));
    peer.requests = 0;
    peer.answer = answers({ random, host, blobs, root, isWild: random.chance(0.4) }, () => peer.requests);
    const images = registryResolver({ limits: { ...defaultLimits, patienceMs: 2000, attempts: 2, delayMs: 1 } });
    const reference = tagNameOnly(parseNormalizedNamed(`${host}/some/image`));
    await mayFail(async () => {
      const found = await images.resolve(reference, random.chance(0.8) ? parsePlatform('linux/amd64') : undefined);
      hold(found !== undefined && /^sha256:[0-9a-f]{64}$/.test(found.digest), 'an image has a digest');
      mayThrow(() => parseImageConfig(found.config));
    });
    hold(peer.requests <= 60, `few requests, not ${peer.requests}`);
  },
  close() {
    for (const peer of peers.splice(0)) peer.close();
  },
};

interface WildRegistry {
  readonly random: Random;
  readonly host: string;
  /** What it has, by digest. */
  readonly blobs: ReadonlyMap<string, string>;
  /** The digest of the tag. */
  readonly root: string;
  /** Whether its answers may have any status and any headers. */
  readonly isWild: boolean;
}

/** What a registry answers to a path. */
function answers({ random, host, blobs, root, isWild }: WildRegistry, requests: () => number): Peer['answer'] {
  const odd = random.pick(challenges).replace('HOST', host);
  return (path) => {
    if (requests() > 200) return { status: 404, headers: {}, body: '' };
    if (path.startsWith('/token'))
      return { status: random.pick([200, 200, 401]), headers: {}, body: someJson(random, { token: 'abc' }) };
    const name = path.split('/').at(-1)!.replaceAll('%3A', ':');
    const body = blobs.get(name === 'latest' ? root : name);
    const headers: Record<string, string> = { 'docker-content-digest': name === 'latest' ? root : name };
    let status = body === undefined ? 404 : 200;
    if (isWild && random.chance(0.3)) {
      status = random.pick([200, 204, 301, 302, 307, 400, 401, 401, 403, 404, 405, 416, 429, 500, 503]);
      headers['www-authenticate'] = mutateText(random, odd, challenges);
      headers['location'] = random.pick([path, '/v2/', '//', `http://${host}${path}`, 'file:///etc/passwd', '%']);
      headers['retry-after'] = random.pick(['0', '-1', 'x', '1e9']);
      headers['docker-content-digest'] = mutateText(random, root, [root, '../..']);
      for (const [key, value] of Object.entries(headers)) headers[key] = value.replace(/[^\x20-\x7e]/g, '?');
    }
    return { status, headers, body: isWild && random.chance(0.2) ? someText(random, body ?? '{}') : (body ?? '') };
  };
}

const someText = (random: Random, text: string) => mutateText(random, text, [text, '{"errors":[{"message":"x"}]}']);
const someJson = (random: Random, value: unknown) =>
  JSON.stringify(random.chance(0.5) ? value : mutateJson(random, value));

/** An index, a manifest and a config that refer to each other, each perhaps with something wrong in it. */
function image(random: Random): { blobs: Map<string, string>; root: string } {
  const blobs = new Map<string, string>();
  const put = (value: unknown, mediaType: string) => {
    const text = random.chance(0.1) ? someText(random, JSON.stringify(value)) : someJson(random, value);
    blobs.set(sha256(text), text);
    return { mediaType, digest: sha256(text), size: Buffer.byteLength(text) };
  };
  const manifest = () =>
    put(
      {
        schemaVersion: 2,
        mediaType: manifestType,
        config: put(config, 'application/vnd.oci.image.config.v1+json'),
        layers: [],
      },
      manifestType,
    );
  const platform = { os: 'linux', architecture: 'amd64', variant: '' };
  const entries = Array.from({ length: random.below(4) }, () => ({
    ...manifest(),
    ...(random.chance(0.7) && { platform }),
  }));
  const top = random.chance(0.6)
    ? put({ schemaVersion: 2, mediaType: indexType, manifests: entries }, indexType)
    : manifest();
  return { blobs, root: top.digest };
}
