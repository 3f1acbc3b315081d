/**
 * A registry that means harm: what it serves, how it answers, and what it says about tokens. Whatever it does ends in
 * an error that says why, after few requests and in bounded memory, and nothing of the user's goes where it does not
 * belong.
 */
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { defaultLimits, request } from '../../src/http/request.ts';
import { parsePlatform } from '../../src/image/platform.ts';
import { parseNormalizedNamed, tagNameOnly } from '../../src/image/reference.ts';
import { openOciLayout } from '../../src/oci/layout.ts';
import { type Credentials, noCredentials } from '../../src/registry/docker-config.ts';
import { createBlobCache } from '../../src/resolve/blob-cache.ts';
import { type RegistryOptions, registryResolver } from '../../src/resolve/registry-resolver.ts';
import { type StoppedClock, stopClock } from '../http/stopped-clock.ts';
import { makeAuthority, serveTls, startProxy } from '../http/tls-network.ts';
import { type FakeImage, type FakeRegistry, sha256, startFakeRegistry } from '../registry/fake-registry.ts';

let registry: FakeRegistry;
let other: FakeRegistry;
let directory: string;
beforeEach(async () => {
  [registry, other] = await Promise.all([startFakeRegistry(), startFakeRegistry()]);
  directory = await mkdtemp(path.join(tmpdir(), 'tsfront-attack-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all([registry.close(), other.close()]);
  await rm(directory, { recursive: true, force: true });
});

/** Patience enough for a busy machine; where patience is what a test is about, the clock is moved. */
const limits = { ...defaultLimits, patienceMs: 20_000, totalMs: 40_000, attempts: 3, delayMs: 1 };
const amd64 = { os: 'linux', architecture: 'amd64' };
const arm64 = { os: 'linux', architecture: 'arm64' };

async function resolve(options: RegistryOptions = {}): Promise<string> {
  const resolver = registryResolver({ limits, ...options });
  const reference = tagNameOnly(parseNormalizedNamed(`${registry.host}/app:1`));
  const found = await resolver.resolve(reference, parsePlatform('linux/amd64'));
  return new TextDecoder().decode(found?.config);
}

const failure = (result: Promise<unknown>) =>
  result.then(
    () => expect.fail('this should have failed'),
    (error: Error) => error,
  );

/** Documents by digest; the first is the root. */
function image(...documents: readonly (string | object)[]): FakeImage {
  const texts = documents.map((document) => (typeof document === 'string' ? document : JSON.stringify(document)));
  return { digest: sha256(texts[0]!), blobs: new Map(texts.map((text) => [sha256(text), text])) };
}

const described = (document: string | object, more: object = {}) => {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  const kind = text.includes('"manifests":') ? 'index' : text.includes('"config":{"mediaType"') ? 'manifest' : 'config';
  const mediaType = `application/vnd.oci.image.${kind}.v1+json`;
  return { mediaType, digest: sha256(text), size: Buffer.byteLength(text), ...more };
};
const config = { ...amd64, config: {} };
const manifest = { schemaVersion: 2, config: described(config), layers: [] };
const indexOf = (...manifests: readonly object[]) => ({ schemaVersion: 2, manifests });
const entries = (count: number, more: object = {}) =>
  Array.from({ length: count }, (_, at) => ({ digest: sha256(String(at)), size: 100, ...more }));
const deep = (levels: number) => `{"config":${'['.repeat(levels)}${']'.repeat(levels)}}`;

describe('what it serves', () => {
  let nested: object = indexOf(described(manifest, { platform: amd64 }));
  const levels: object[] = [nested];
  for (let depth = 0; depth < 5; depth++) levels.unshift((nested = indexOf(described(nested, { platform: amd64 }))));

  test.each<[what: string, image: FakeImage, error: RegExp, requests: number]>([
    [
      '600 entries without platforms, the first for another platform',
      image(indexOf(described({ config: described(arm64) }), ...entries(599)), { config: described(arm64) }, arm64),
      /no match for platform in manifest sha256:\w+: not found \(wanted linux\/amd64; the image has linux\/arm64\)$/,
      4,
    ],
    ['600 entries without platforms, none of them there', image(indexOf(...entries(600))), /not found$/, 3],
    ['10,001 entries', image(indexOf(...entries(10_001))), /lists 10001 images, more than the 10000 of an index/, 2],
    [
      '5,000 entries for as many platforms',
      image(
        indexOf(...entries(5000).map((entry, at) => ({ ...entry, platform: { os: `os${at}`, architecture: 'x' } }))),
      ),
      /; the image has os0\/x, os1\/x, .*, 4980 more\)$/,
      2,
    ],
    [
      'names of platforms that are megabytes long',
      image(indexOf({ digest: sha256('x'), platform: { os: 'o'.repeat(2 << 20), architecture: 'x' } })),
      /; the image has o{100}\)$/,
      2,
    ],
    [
      'indexes of indexes of indexes',
      image(...levels, manifest, config),
      /nested too deeply: .* at most 4 manifests/,
      5,
    ],
    ...[
      'sha256:../../../../token',
      `sha256:${'0'.repeat(64)}/../../x`,
      'sha256:',
      '../x',
      'md5:00',
      `SHA256:${'a'.repeat(64)}`,
      'x'.repeat(2 << 20),
    ].flatMap((digest): [string, FakeImage, RegExp, number][] => [
      [
        `the digest ${digest.slice(0, 40)} in an index`,
        image(indexOf({ digest, platform: amd64 })),
        /invalid digest "/,
        2,
      ],
      [`the digest ${digest.slice(0, 40)} of a config`, image({ config: { digest, size: 5 } }), /invalid digest "/, 2],
    ]),
    ...[-1, 1.5, '12', null, 1e300, [], 2 ** 53].map((size): [string, FakeImage, RegExp, number] => [
      `the size ${JSON.stringify(size)}`,
      image({ config: { digest: sha256('x'), size } }),
      /has a descriptor with the size |cannot unmarshal .* into Go struct field/,
      2,
    ]),
    [
      'a config of 8 MiB and a byte, it says',
      image({ config: { digest: sha256('x'), size: (8 << 20) + 1 } }),
      /more than the 8388608 that a config may have/,
      2,
    ],
    [
      'a manifest of 4 MiB and a byte, it says',
      image(indexOf({ digest: sha256('x'), size: (4 << 20) + 1, platform: amd64 })),
      /more than the 4194304 that a manifest may have/,
      2,
    ],
    [
      'a config that is longer than it says',
      image({ config: { ...described(config), size: 5 } }, config),
      /larger than 5 bytes/,
      3,
    ],
    [
      'a config that is shorter than it says',
      image({ config: { ...described(config), size: 500 } }, config),
      /has \d+ bytes instead of 500/,
      3,
    ],
    [
      'a manifest of a million levels',
      image(deep(1e6)),
      /nested deeper than the 1000 levels of a manifest or config/,
      2,
    ],
    ['levels in texts, which count for nothing', image({ a: '\\"['.repeat(5000) }), /is not an image manifest/, 2],
    ['a manifest and an index at once', image({ ...manifest, manifests: [] }, config), /invalid ambiguous manifest/, 2],
    ['layers and an index at once', image({ layers: [], manifests: [] }), /invalid ambiguous manifest/, 2],
    ['the first schema', image({ schemaVersion: 1 }), /is not an image manifest/, 2],
    ...[
      '',
      '[]',
      'null',
      '7',
      '"text"',
      '{',
      '{"manifests":',
      '\0',
      '{"config":7}',
      '{"manifests":7}',
      '{"manifests":[7]}',
      '{"manifests":[null]}',
      '{"config":{"digest":7}}',
      '{"manifests":[]}',
      '{"__proto__":{"config":{}}}',
    ].map((text): [string, FakeImage, RegExp, number] => [
      `the document ${text}`,
      image(text),
      /is not a JSON object|is not an image manifest|without digest|no match for platform|cannot unmarshal/,
      2,
    ]),
  ])('ends the resolving with an error if it is %s', async (_what, served, error, requests) => {
    registry.images.set('app:1', served);
    const { message } = await failure(resolve());
    expect(message).toMatch(error);
    expect(message.length).toBeLessThan(3000);
    expect(registry.log.length).toBeLessThanOrEqual(requests);
    for (const line of registry.log)
      expect(line).toMatch(/^(HEAD|GET) \/v2\/app\/(manifests|blobs)\/(1|sha256:[0-9a-f]{64})$/);
  });

  test('an image config of a million levels is not a table of images', async () => {
    const { recordImages } = await import('../../src/resolve/record-images.ts');
    const text = deep(1e6);
    registry.images.set('app:1', image({ config: described(text) }, text));
    const recorder = recordImages([registryResolver({ limits })]);
    const reference = tagNameOnly(parseNormalizedNamed(`${registry.host}/app:1`));
    const { message } = await failure(recorder.resolve(reference, parsePlatform('linux/amd64')));
    expect(message).toMatch(/^the image config of .*\/app:1 is nested deeper than the 1000 levels/);
  });

  test('a table of images of a million levels is refused', async () => {
    const { parseImageTable } = await import('../../src/resolve/image-table.ts');
    expect(() => parseImageTable(deep(1e6), 'images.json')).toThrow(
      /^images.json is nested deeper than the 1000 levels/,
    );
  });

  test('annotations that are not texts are ignored', async () => {
    const annotations = { 'org.opencontainers.image.ref.name': 7, 'io.containerd.image.name': [], __proto__: null };
    registry.images.set(
      'app:1',
      image(indexOf(described(manifest, { platform: amd64, annotations })), manifest, config),
    );
    expect((await failure(resolve())).message).toMatch(/cannot unmarshal number into Go struct field .*annotations/);
  });
});

describe('how it answers', () => {
  type Fault = (request: IncomingMessage, response: ServerResponse) => void;
  const headers =
    (fields: Record<string, string>, status = 200): Fault =>
    (_request, response) =>
      void response.writeHead(status, fields).end();
  /** Writes on for ever, whenever there is room. */
  const endless =
    (chunk: Buffer, status = 200): Fault =>
    (_request, response) => {
      response.on('error', () => {}).writeHead(status);
      const more = () => {
        while (!response.destroyed && response.write(chunk));
        response.once('drain', more);
      };
      more();
    };
  let clock: StoppedClock;
  /** Writes on for ever, by a clock that stands while something is on its way. */
  const steadily =
    (chunk: Buffer, everyMs: number): Fault =>
    async (_request, response) => {
      await clock.passAfter(() => response.flushHeaders(), everyMs);
      while (!response.destroyed) await clock.passAfter(() => response.write(chunk), everyMs);
    };
  /** Writes to the connection for ever, what is not a whole answer. */
  const halting =
    (first: string, text: string): Fault =>
    async (_request, { socket }) => {
      socket!.on('error', () => {}).write(first);
      while (!socket!.destroyed) {
        await new Promise((written) => socket!.write(text, written));
        for (let i = 0; i < 10; i++) await turn();
        clock.pass(1000);
      }
    };
  const zeros = Buffer.alloc(64 << 20);
  const packed =
    (encoding: string, body: Buffer): Fault =>
    (_request, response) =>
      void response.writeHead(200, { 'content-encoding': encoding }).end(body);

  test.each<[what: string, fault: Fault, error: RegExp, requests: number]>([
    [
      'a byte now and then',
      steadily(Buffer.from('{'), 1000),
      /comes too slowly: \d+ bytes within [\d.]+ s, fewer than/,
      1,
    ],
    ['steadily, without an end', steadily(Buffer.alloc(2000), 1000), /was not complete within 40 s/, 1],
    ['as much as it can', endless(Buffer.alloc(1 << 20)), /is larger than 4194304 bytes/, 1],
    ['one byte of a header now and then', halting('HTTP/1.1 200 OK\r\nx: ', 'x'), /no answer within 20 s/, 1],
    [
      'a hint that it goes on, again and again',
      halting('', 'HTTP/1.1 102 Processing\r\n\r\n'),
      /no answer within 20 s/,
      1,
    ],
    [
      'a megabyte of headers',
      (_request, response) => void response.socket?.end(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(200_000)}\r\n`),
      /Header|overflow/i,
      3,
    ],
    ['64 MB in 64 kB of gzip', packed('gzip', gzipSync(zeros)), /is larger than 4194304 bytes/, 1],
    ['64 MB in a few bytes of brotli', packed('br', brotliCompressSync(zeros)), /is larger than 4194304 bytes/, 1],
    ['gzip that is none', packed('gzip', Buffer.from('nothing of the kind')), /header/, 3],
    [
      'gzip in gzip in gzip',
      packed('gzip, gzip, gzip', gzipSync(gzipSync(gzipSync(zeros)))),
      /is larger than 4194304 bytes/,
      1,
    ],
    [
      'to itself, again and again',
      (request, response) => headers({ location: `${request.url}x` }, 302)(request, response),
      /it redirects more than 10 times/,
      11,
    ],
    ['to a file', headers({ location: 'file:///etc/passwd' }, 307), /it redirects to an address that is not http/, 1],
    ['to nowhere', headers({ location: 'http://' }, 307), /it redirects to an address that is not http/, 1],
    [
      '429, to be asked again never',
      headers({ 'retry-after': '99999999999999999999' }, 429),
      /too many requests to .* ask again in 9{20} s/,
      1,
    ],
    ['429, to be asked again before', headers({ 'retry-after': '-5' }, 429), /too many requests to/, 3],
    [
      '429, to be asked again when?',
      headers({ 'retry-after': `x${'y'.repeat(5000)}` }, 429),
      /ask again at xy{99}$/,
      3,
    ],
    ['500 without an end', endless(Buffer.alloc(1 << 20), 500), /unexpected status 500 from/, 3],
    [
      '403 with an endless reason',
      (_request, response) =>
        void response.writeHead(403).end(JSON.stringify({ errors: Array(500).fill({ message: 'm'.repeat(100) }) })),
      /answered 403: (m{100}; ){4}m{100}$/,
      1,
    ],
    [
      '403 with a reason of any kind',
      (_request, response) => void response.writeHead(403).end('{"errors":[{"message":{}},{}]}'),
      /answered 403$/,
      1,
    ],
    ['nothing, and goes away', (request) => void request.socket.destroy(), /other side closed|ECONNRESET|socket/, 3],
    [
      'something else than http',
      (_request, response) => void response.socket?.end('SSH-2.0-OpenSSH\r\n'),
      /Expected HTTP|Parse|invalid|Response does not match/i,
      3,
    ],
  ])('the error says why, after few requests: %s', async (_what, fault, error, requests) => {
    registry.images.set('app:1', image(manifest, config));
    registry.fault = (request, response) => {
      if (request.method === 'HEAD') {
        response.writeHead(405).end();
        return true;
      }
      fault(request, response);
      return true;
    };
    if (/ within /.test(error.source)) clock = stopClock();
    const { message } = await failure(resolve());
    expect(message).toMatch(error);
    expect(message.length).toBeLessThan(1000);
    expect(registry.log.filter((line) => line.startsWith('GET')).length).toBeLessThanOrEqual(requests);
  });

  test('an invalid digest of a tag is refused', async () => {
    registry.images.set('app:1', image(manifest, config));
    registry.fault = (request, response) => {
      if (request.method === 'HEAD') response.writeHead(200, { 'docker-content-digest': 'sha256:../../../x' }).end();
      return request.method === 'HEAD';
    };
    expect((await failure(resolve())).message).toMatch(/"sha256:..\/..\/..\/x" in header not a valid digest/);
    for (const line of registry.log) expect(line).not.toContain('..');
  });

  test('a redirect from https to http is refused', async () => {
    const authority = makeAuthority(directory);
    const location = `http://${registry.host}/`;
    const server = await serveTls(authority, (_, response) => void response.writeHead(302, { location }).end());
    vi.stubEnv('SSL_CERT_FILE', authority.file);
    const asked = request(new URL(`https://localhost:${server.port}/v2/`), {}, 100, limits);
    const { message } = await failure(asked.finally(() => server.close()));
    expect(message).toMatch(/^localhost:\d+: it redirects from https to http \(127.0.0.1:\d+\): give that address/);
    expect(registry.log).toEqual([]);
  });

  test('a long answer is read in bounded memory', () => {
    const script = `
      import { createServer } from 'node:http';
      import { createGzip } from 'node:zlib';
      import { request, defaultLimits } from ${JSON.stringify(path.resolve(import.meta.dirname, '../../src/http/request.ts'))};
      const zeros = Buffer.alloc(1 << 20);
      const server = createServer((_, response) => {
        response.on('error', () => {}).writeHead(200, { 'content-encoding': 'gzip' });
        const gzip = createGzip({ level: 1 });
        gzip.pipe(response);
        const more = () => { while (!response.destroyed && gzip.write(zeros)); if (!response.destroyed) gzip.once('drain', more); };
        more();
      }).listen(0, '127.0.0.1', async () => {
        const url = new URL('http://127.0.0.1:' + server.address().port);
        await request(url, {}, 64 << 20, defaultLimits).catch((error) => console.log(error.message));
        console.log(process.resourceUsage().maxRSS >> 10);
        process.exit();
      });`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    const [message, megabytes] = stdout.split('\n');
    expect(message, stderr).toMatch(/the answer is larger than 67108864 bytes/);
    expect(Number(megabytes)).toBeLessThan(400);
  });
});

describe('where credentials go', () => {
  const known: Credentials = { ...noCredentials, username: 'me', password: 's3cret' };
  const credentials = async (host: string) => (host === registry.host ? known : noCredentials);
  const secrets = (request: IncomingMessage) => request.headers.authorization !== undefined;
  let leaked: string[];
  beforeEach(() => {
    leaked = [];
    registry.images.set('app:1', image(manifest, config));
    other.images.set('app:1', image(manifest, config));
    other.fault = (request) => {
      if (secrets(request) || request.method === 'POST') leaked.push(`${request.method} ${request.url}`);
      return false;
    };
  });

  test('credentials do not follow a redirect to another port', async () => {
    registry.auth = { kind: 'basic', login: 'me:s3cret' };
    registry.fault = (request, response) => {
      if (!secrets(request) || request.method === 'HEAD') return false;
      response.writeHead(307, { location: `${other.url}${request.url}` }).end();
      return true;
    };
    expect(JSON.parse(await resolve({ credentials }))).toEqual(config);
    expect(other.log.length).toBeGreaterThan(0);
    expect(leaked).toEqual([]);
  });

  test('no header that is for the registry goes along with a redirect to another port', async () => {
    const seen: IncomingMessage['headers'][] = [];
    other.fault = ({ headers }, response) => {
      seen.push(headers);
      response.end();
      return true;
    };
    registry.fault = (_request, response) => {
      response.writeHead(307, { location: other.url }).end();
      return true;
    };
    const headers = { accept: 'text/plain', Authorization: 'Basic s3cret', Cookie: 's3cret', 'X-Token': 's3cret' };
    await request(new URL(registry.url), { headers }, 100, limits);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ accept: 'text/plain' });
    expect(JSON.stringify(seen)).not.toContain('s3cret');
  });

  test.each(['basic', 'bearer'] as const)(
    'credentials do not go to a host that is redirected to and asks for them (%s)',
    async (kind) => {
      other.auth = { kind, login: 'me:s3cret' };
      registry.fault = (request, response) => {
        response.writeHead(307, { location: `${other.url}${request.url}` }).end();
        return true;
      };
      const { message } = await failure(resolve({ credentials }));
      expect(message).toContain(`${other.host} answered 401`);
      expect(leaked).toEqual([]);
    },
  );

  const unencrypted = 'http://192.0.2.1/token';
  test.each([
    ['unencrypted', unencrypted, /credentials for 127\S+ are not sent to 192.0.2.1: the connection is not encrypted/],
    ['no address', 'token', /credentials for 127\S+ are not sent to its token service: that is not an http address/],
    ['a file', 'file:///etc/passwd', /that is not an http address/],
    ['credentials of its own', 'http://a:b@localhost/', /that is not an http address/],
    ['nothing', '', /that is not an http address/],
  ])('credentials do not go to a token service that is %s', async (_what, realm, error) => {
    registry.fault = (_request, response) => {
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}"` }).end();
      return true;
    };
    const { message } = await failure(resolve({ credentials }));
    expect(message).toMatch(error);
    expect(message).not.toContain('s3cret');
    expect(registry.log).toHaveLength(1);
  });

  test('credentials do not follow a redirect of the token service', async () => {
    registry.auth = { kind: 'bearer' };
    registry.fault = (request, response) => {
      if (!request.url?.startsWith('/token')) return false;
      response.writeHead(307, { location: `${other.url}/token` }).end();
      return true;
    };
    const { message } = await failure(resolve({ credentials }));
    expect(message).toMatch(/it redirects to 127.0.0.1:\d+, which is not followed/);
    expect(other.log).toEqual([]);
  });

  test('credentials do not go over http to another machine', async () => {
    const mirror = 'http://mirror.invalid';
    const proxy = await startProxy(new Map([['mirror.invalid', Number(registry.host.split(':')[1])]]));
    vi.stubEnv('HTTP_PROXY', `http://127.0.0.1:${proxy.port}`);
    registry.auth = { kind: 'basic', login: 'nobody:else' };
    const asked: unknown[] = [];
    registry.fault = ({ headers }) => {
      if (headers.host === 'mirror.invalid') asked.push(headers.authorization);
      return false;
    };
    const mirrors = new Map([[registry.host, [mirror]]]);
    const { message } = await failure(
      resolve({ credentials: async () => known, mirrors }).finally(() => proxy.close()),
    );
    expect(message).toContain(
      'credentials for mirror.invalid are not sent to mirror.invalid: the connection is not encrypted',
    );
    expect(asked).toEqual([undefined]);
  });

  test('credentials do not go to a token service of another name that an unencrypted registry names', async () => {
    const posted: string[] = [];
    const authority = makeAuthority(directory);
    const server = await serveTls(authority, (request, response) => {
      posted.push(`${request.method} ${request.url}`);
      response.end(JSON.stringify({ token: 'good' }));
    });
    vi.stubEnv('SSL_CERT_FILE', authority.file);
    const proxy = await startProxy(new Map([['mirror.invalid', Number(registry.host.split(':')[1])]]));
    vi.stubEnv('HTTP_PROXY', `http://127.0.0.1:${proxy.port}`);
    registry.fault = ({ headers }, response) => {
      if (headers.host !== 'mirror.invalid') return false;
      response.writeHead(401, { 'www-authenticate': `Bearer realm="https://localhost:${server.port}/token"` }).end();
      return true;
    };
    const mirrors = new Map([[registry.host, ['http://mirror.invalid']]]);
    registry.images.clear();
    const { message } = await failure(resolve({ credentials: async () => known, mirrors }));
    await Promise.all([proxy.close(), server.close()]);
    expect(message).toMatch(
      /credentials for mirror.invalid are not sent to localhost:\d+: the registry names that over a connection that is not encrypted/,
    );
    expect(posted).toEqual([]);
  });

  test.each([
    ['a word of 15,000 letters', 'a'.repeat(15_000)],
    ['quotes that are never closed', 'Bearer realm="'.repeat(1000)],
    ['quotes and backslashes', `Bearer realm="${'\\"'.repeat(7000)}`],
    ['commas', ','.repeat(15_000)],
    ['a thousand challenges', 'Bearer realm=x, '.repeat(900)],
  ])('a challenge of %s is refused with a short error', async (_what, challenge) => {
    registry.fault = (_request, response) => {
      response.writeHead(401, { 'www-authenticate': challenge }).end();
      return true;
    };
    const { message } = await failure(resolve({ credentials }));
    expect(message.length).toBeLessThan(500);
    expect(registry.log).toHaveLength(1);
  });

  test('the first of several services counts, whole', async () => {
    registry.fault = (request, response) => {
      if (request.headers.authorization || request.url?.startsWith('/token')) return false;
      const challenge = `Basic realm="x", Bearer realm="${registry.url}/token", Bearer realm="${other.url}/token",service="other"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
      return true;
    };
    expect(JSON.parse(await resolve({ credentials }))).toEqual(config);
    expect(other.log).toEqual([]);
    expect(registry.log.join()).not.toContain('service=other');
  });

  test.each([
    ['no JSON', 'x'],
    ['null', 'null'],
    ['a list', '[]'],
    ['a number for a token', '{"token":7}'],
    ['a token with line breaks', '{"token":"s3cret token\\r\\nx: y"}'],
    ['a token that no header takes', '{"token":"s3cret\u{1f600}"}'],
    ['a million levels', '['.repeat(500_000)],
    ['two megabytes', JSON.stringify({ token: 's3cret'.repeat(400_000) })],
  ])('a token service that answers %s', async (_what, answer) => {
    registry.auth = { kind: 'bearer' };
    registry.fault = (request, response) => {
      if (request.url?.startsWith('/token')) response.writeHead(200).end(answer);
      return request.url?.startsWith('/token') === true;
    };
    const { message } = await failure(resolve({ credentials }));
    expect(message).toMatch(/there is no token in its answer$|is larger than 1048576 bytes/);
    expect(message).not.toContain('s3cret');
  });
});

describe('what is on this machine', () => {
  const good = image(indexOf(described(manifest, { platform: amd64 })), manifest, config);
  const damage: [string, (file: string) => Promise<unknown>][] = [
    ['empty', (file) => writeFile(file, '')],
    ['something else', (file) => writeFile(file, JSON.stringify({ config: { digest: 'sha256:../../x' } }))],
    ['endless', (file) => truncate(file, 2 ** 40)],
    [
      'a pipe',
      async (file) => {
        await rm(file);
        spawnSync('mkfifo', [file]);
      },
    ],
    [
      'a directory',
      async (file) => {
        await rm(file);
        await mkdir(file);
      },
    ],
    ['not to be read', (file) => chmod(file, 0)],
  ];

  test.each(damage)('a blob in the cache that is %s is fetched again', async (_what, spoil) => {
    registry.images.set('app:1', good);
    const cache = createBlobCache(directory);
    await resolve({ cache });
    const blobs = path.join(directory, 'blobs/sha256');
    for (const name of await readdir(blobs)) await spoil(path.join(blobs, name));
    expect(JSON.parse(await resolve({ cache }))).toEqual(config);
  });

  test('a cache that gives something else is not believed', async () => {
    registry.images.set('app:1', good);
    const cache = { get: async () => Buffer.from('{}'), put: async () => {} };
    expect(JSON.parse(await resolve({ cache }))).toEqual(config);
  });

  test('a blob of another size than is said is not taken from the cache either', async () => {
    const liar = { ...manifest, config: { ...described(config), size: 7 } };
    registry.images.set('app:1', image(manifest, config));
    const cache = createBlobCache(directory);
    await resolve({ cache });
    registry.images.set('app:1', image(liar, config));
    expect((await failure(resolve({ cache }))).message).toMatch(/larger than 7 bytes/);
  });

  async function layout(...documents: readonly (string | object)[]): Promise<string> {
    await mkdir(path.join(directory, 'blobs/sha256'), { recursive: true });
    const { blobs } = image(...documents);
    for (const [digest, text] of blobs) await writeFile(path.join(directory, 'blobs', digest.replace(':', '/')), text);
    await writeFile(path.join(directory, 'index.json'), documents[0] as string);
    return directory;
  }
  const open = async (dir: string) => {
    const opened = openOciLayout(dir);
    return opened.image(await opened.findTag('1'), parsePlatform('linux/amd64'));
  };

  test.each([
    [
      'leads outside',
      JSON.stringify(indexOf({ digest: 'sha256:../../../../etc/passwd' })),
      /invalid digest "sha256:\.\./,
    ],
    ['has 10,001 images', JSON.stringify(indexOf(...entries(10_001))), /lists 10001 images/],
    ['has a million levels', deep(1e6), /nested deeper than/],
    [
      'has images of size -1',
      JSON.stringify(indexOf({ digest: sha256('x'), size: -1 })),
      /has a descriptor with the size -1/,
    ],
    ['is not an index', '[]', /index.json is not a JSON object/],
  ])('a layout whose index %s is refused', async (_what, index, error) => {
    expect((await failure(open(await layout(index)))).message).toMatch(error);
  });

  test.each(damage.filter(([what]) => what !== 'not to be read'))(
    'a layout whose index is %s',
    async (_what, spoil) => {
      const dir = await layout(JSON.stringify(indexOf(described(manifest, { platform: amd64 }))), manifest, config);
      expect(JSON.parse(new TextDecoder().decode((await open(dir)).config))).toEqual(config);
      await spoil(path.join(dir, 'index.json'));
      expect((await failure(open(dir))).message).toMatch(
        /is not a JSON object|no manifests|is larger than \d+ bytes|not a regular file/,
      );
    },
  );
});
