import { chmod, readdir, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { defaultLimits } from '../../src/http/request.ts';
import { parsePlatform } from '../../src/image/platform.ts';
import { parseNormalizedNamed, tagNameOnly } from '../../src/image/reference.ts';
import { authorize } from '../../src/registry/authorize.ts';
import { parseChallenge } from '../../src/registry/challenge.ts';
import { dockerCredentials, noCredentials } from '../../src/registry/docker-config.ts';
import { createBlobCache } from '../../src/resolve/blob-cache.ts';
import { type RegistryOptions, registryResolver } from '../../src/resolve/registry-resolver.ts';
import { stopClock } from '../http/stopped-clock.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { type FakeRegistry, fakeImage, sha256, startFakeRegistry } from './fake-registry.ts';

const image = fakeImage({
  'linux/amd64': { config: { Env: ['A=amd64'] } },
  'linux/arm64': { config: { Env: ['A=arm64'] } },
  'linux/arm/v7': { config: { Env: ['A=armv7'] } },
});

let registry: FakeRegistry;
let dir: string;

beforeEach(async () => {
  registry = await startFakeRegistry();
  registry.images.set('team/app:1', image);
  dir = temporaryDir();
});

afterEach(() => registry.close());

const limits = { patienceMs: 5_000, attempts: 3, delayMs: 1 };

async function resolve(name: string, options: RegistryOptions = {}, platform = 'linux/amd64') {
  const resolver = registryResolver({ limits, ...options });
  const found = await resolver.resolve(tagNameOnly(parseNormalizedNamed(name)), parsePlatform(platform));
  return { digest: found?.digest, env: JSON.parse(new TextDecoder().decode(found?.config)).config.Env[0] };
}

const app = () => `${registry.host}/team/app:1`;

describe('resolving', () => {
  test.each([
    ['linux/amd64', 'A=amd64'],
    ['linux/arm64', 'A=arm64'],
    ['linux/arm/v7', 'A=armv7'],
    ['linux/arm', 'A=armv7'],
  ])('finds the image for %s', async (platform, env) => {
    expect(await resolve(app(), {}, platform)).toEqual({ digest: image.digest, env });
  });

  test('an image is found by digest, with and without tag', async () => {
    const digest = `@${image.digest}`;
    expect((await resolve(`${registry.host}/team/app${digest}`)).digest).toBe(image.digest);
    expect((await resolve(`${registry.host}/team/app:gone${digest}`)).digest).toBe(image.digest);
    expect(registry.log.some((line) => line.includes('/manifests/gone'))).toBe(false);
  });

  test('a plain manifest serves any platform', async () => {
    const single = fakeImage({ 'linux/s390x': { config: { Env: ['A=s390x'] } } }, false);
    registry.images.set('team/app:single', single);
    expect(await resolve(`${registry.host}/team/app:single`)).toEqual({ digest: single.digest, env: 'A=s390x' });
  });

  test('a missing platform is an error that lists those of the image', async () => {
    await expect(resolve(app(), {}, 'windows/amd64')).rejects.toThrow(
      `no match for platform in manifest ${image.digest}: not found (wanted windows/amd64; the image has linux/amd64, linux/arm64, linux/arm/v7)`,
    );
  });

  test('a missing image is an error with its name', async () => {
    await expect(resolve(`${registry.host}/team/nope:2`)).rejects.toMatchObject({
      message: `${registry.host}/team/nope:2: not found`,
    });
  });

  test('both platforms at once ask for the index once', async () => {
    const resolver = registryResolver({ limits });
    const reference = parseNormalizedNamed(app());
    await Promise.all(
      ['linux/amd64', 'linux/arm64', 'linux/amd64'].map((name) => resolver.resolve(reference, parsePlatform(name))),
    );
    expect(registry.log.filter((line) => line.startsWith('HEAD'))).toHaveLength(1);
    expect(registry.log.filter((line) => line.includes(image.digest))).toHaveLength(1);
    expect(registry.log).toHaveLength(1 + 1 + 2 + 2);
  });

  test('an image is found without HEAD and digest header', async () => {
    registry.fault = (request, response) => {
      if (request.method !== 'HEAD') return false;
      response.writeHead(405).end();
      return true;
    };
    expect((await resolve(app())).digest).toBe(image.digest);
  });
});

describe('access', () => {
  test('an anonymous token gives access', async () => {
    registry.auth = { kind: 'bearer' };
    expect((await resolve(app())).env).toBe('A=amd64');
    const tokens = registry.log.filter((line) => line.includes('/token'));
    expect(tokens).toEqual(['GET /token?service=fake%2C+service&scope=repository%3Ateam%2Fapp%3Apull']);
  });

  test('a password in config.json gives a token', async () => {
    registry.auth = { kind: 'bearer', login: 'me:pass:word' };
    const auth = Buffer.from('me:pass:word').toString('base64');
    await writeFile(path.join(dir, 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }));
    expect((await resolve(app(), { credentials: dockerCredentials(dir) })).env).toBe('A=amd64');
    await expect(resolve(app())).rejects.toThrow(/failed to fetch a token for 127.0.0.1:\d+ from .*HTTP status 401$/);
  });

  test('an identity token gives a token', async () => {
    registry.auth = { kind: 'bearer' };
    const credentials = async () => ({ ...noCredentials, identityToken: 'refresh me' });
    expect((await resolve(app(), { credentials })).env).toBe('A=amd64');
    const form = new URLSearchParams(registry.log.find((line) => line.includes('grant_type')));
    expect(Object.fromEntries(form)).toEqual({
      client_id: 'tsfront',
      grant_type: 'refresh_token',
      refresh_token: 'refresh me',
      scope: 'repository:team/app:pull',
      service: 'fake, service',
    });
  });

  test('a credential helper gives a password', async () => {
    registry.auth = { kind: 'basic', login: 'me:from the helper' };
    const helper = path.join(dir, 'docker-credential-fake');
    const answer = JSON.stringify({ Username: 'me', Secret: 'from the helper' });
    await writeFile(helper, `#!/bin/sh\n[ "$1" = get ] && [ "$(cat)" = "${registry.host}" ] && echo '${answer}'\n`);
    await chmod(helper, 0o755);
    const before = process.env['PATH'];
    process.env['PATH'] = `${dir}${path.delimiter}${before}`;
    try {
      for (const config of [{ credsStore: 'fake' }, { credHelpers: { [registry.host]: 'fake' } }]) {
        await writeFile(path.join(dir, 'config.json'), JSON.stringify(config));
        expect((await resolve(app(), { credentials: dockerCredentials(dir) })).env).toBe('A=amd64');
      }
    } finally {
      process.env['PATH'] = before;
    }
  });

  test.each<[what: string, script: string | undefined, warning: RegExp]>([
    [
      'missing',
      undefined,
      /^credential helper docker-credential-broken cannot be asked: the command .* is not installed;/,
    ],
    [
      'failing',
      '#!/bin/sh\necho "the keychain is locked: https://me:s3cret@vault"\nexit 3\n',
      /^credential helper docker-credential-broken failed \(3\): the keychain is locked: https:\/\/xxxxx@vault|failed \(3\): the keychain is locked/,
    ],
    ['failing with JSON', `#!/bin/sh\necho '{"Secret":"s3cret"}'\nexit 1\n`, /broken failed \(1\);/],
    ['failing on standard error', '#!/bin/sh\necho no bus >&2\nexit 1\n', /broken failed \(1\): no bus;/],
  ])('a credential helper that is %s: it is told, and asked without credentials', async (_what, script, warning) => {
    registry.auth = { kind: 'bearer' };
    if (script) await writeFile(path.join(dir, 'docker-credential-broken'), script, { mode: 0o755 });
    await writeFile(path.join(dir, 'config.json'), JSON.stringify({ credsStore: 'broken' }));
    vi.stubEnv('PATH', `${dir}${path.delimiter}${process.env['PATH']}`);
    const warnings: string[] = [];
    const options = { credentials: dockerCredentials(dir), onWarning: (text: string) => warnings.push(text) };
    expect((await resolve(app(), options).finally(() => vi.unstubAllEnvs())).env).toBe('A=amd64');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(warning);
    expect(warnings[0]).toMatch(new RegExp(`; ${registry.host} is asked without credentials$`));
    expect(warnings[0]).not.toContain('s3cret');
  });

  test.each<[answer: object, status: number, reason: string]>([
    [{ details: 'incorrect username or password' }, 401, '401: incorrect username or password'],
    [{ error: 'invalid_grant', error_description: 'it has expired' }, 400, '400: it has expired'],
    [{ error: 'invalid_grant' }, 400, '400: invalid_grant'],
    [{ errors: [{ code: 'DENIED', message: 'not yours' }] }, 403, '403: not yours'],
    [{ details: 'too many failed logins' }, 429, '429: too many failed logins; ask again in 3600 s'],
    [{ details: 'the password s3cret word is wrong' }, 403, '403'],
  ])('a token service that says %j', async (answer, status, reason) => {
    registry.auth = { kind: 'bearer' };
    registry.fault = (request, response) => {
      if (!request.url?.startsWith('/token')) return false;
      response.writeHead(status, { 'retry-after': '3600' }).end(JSON.stringify(answer));
      return true;
    };
    const credentials = async () => ({ ...noCredentials, username: 'me', password: 's3cret word' });
    const { host } = registry;
    await expect(resolve(app(), { credentials })).rejects.toMatchObject({
      message: `${app()}: failed to fetch a token for ${host} from ${host}: HTTP status ${reason}`,
    });
  });

  test('credentials are not sent unencrypted by a registry that is', async () => {
    const credentials = { ...noCredentials, username: 'me', password: 'secret' };
    const challenge = 'Bearer realm="http://elsewhere.invalid/token"';
    const registry = new URL('https://registry.invalid');
    const asked = authorize(challenge, { registry, scope: 'scope' }, credentials, defaultLimits);
    await expect(asked).rejects.toThrow(
      'credentials for registry.invalid are not sent to elsewhere.invalid: the connection is not encrypted',
    );
  });

  test('sends name and password where the registry asks for them', async () => {
    registry.auth = { kind: 'basic', login: 'me:word' };
    const credentials = async () => ({ ...noCredentials, username: 'me', password: 'word' });
    expect((await resolve(app(), { credentials })).env).toBe('A=amd64');
  });

  test('refused access is an error with the status of the registry', async () => {
    registry.auth = { kind: 'basic', login: 'me:word' };
    await expect(resolve(app())).rejects.toThrow(
      `${app()}: pull access denied, repository does not exist or may require authorization: ${registry.host} answered 401`,
    );
  });

  test('follows the challenge of the kind that is wanted among several', () => {
    const header = 'Negotiate, Bearer realm="https://a/b?c=d",service="x, \\"y\\"", scope=z, Basic realm="q"';
    expect(parseChallenge(header, 'bearer')).toEqual(
      new Map([
        ['realm', 'https://a/b?c=d'],
        ['service', 'x, "y"'],
        ['scope', 'z'],
      ]),
    );
    expect(parseChallenge(header, 'basic')).toEqual(new Map([['realm', 'q']]));
    expect(parseChallenge(header, 'digest')).toBeUndefined();
  });
});

describe('faults', () => {
  test.each([429, 500, 503])('a fault of status %d passes when the registry is asked again', async (status) => {
    let left = 2;
    registry.fault = (_, response) => {
      if (left-- <= 0) return false;
      response.writeHead(status, { 'retry-after': '0' }).end();
      return true;
    };
    expect((await resolve(app())).env).toBe('A=amd64');
    expect(left).toBeLessThan(0);
  });

  test("a status 429 that stays ends with the registry's words", async () => {
    registry.fault = (_, response) => {
      response.writeHead(429).end('{"errors":[{"message":"slow down"}]}');
      return true;
    };
    // A HEAD has no body, so the registry's words are lost.
    await expect(resolve(app())).rejects.toThrow(`${app()}: too many requests to ${registry.host}`);
    expect(registry.log).toHaveLength(limits.attempts);
  });

  test("a status 500 that stays ends with the registry's words", async () => {
    registry.fault = (request, response) => {
      if (request.method === 'HEAD') return false;
      response.writeHead(500).end('{"errors":[{"message":"disk full"}]}');
      return true;
    };
    await expect(resolve(app())).rejects.toThrow(`${app()}: unexpected status 500 from ${registry.host}: disk full`);
  });

  test('429 that will last is told at once', async () => {
    registry.fault = (_, response) => {
      response.writeHead(429, { 'retry-after': '3600' }).end();
      return true;
    };
    await expect(resolve(app())).rejects.toThrow(
      `${app()}: too many requests to ${registry.host}; ask again in 3600 s`,
    );
    expect(registry.log).toHaveLength(1);
  });

  test('a request without an answer ends with the time that passed', async () => {
    const clock = stopClock();
    registry.fault = () => {
      clock.pass(5000);
      return true;
    };
    await expect(resolve(app())).rejects.toThrow(
      `${app()}: ${registry.host}: no answer within 5 s (HEAD /v2/team/app/manifests/1)`,
    );
    expect(registry.log).toHaveLength(1);
  });

  test('a token service that does not answer is given up', async () => {
    const clock = stopClock();
    registry.auth = { kind: 'bearer' };
    registry.fault = (request) => {
      if (!request.url?.startsWith('/token')) return false;
      clock.pass(5000);
      return true;
    };
    const { host } = registry;
    await expect(resolve(app())).rejects.toThrow(
      `${app()}: failed to fetch a token for ${host} from ${host}: no answer within 5 s (GET /token)`,
    );
  });

  test('an answer that stops half-way is an error, which says how long nothing came', async () => {
    const clock = stopClock();
    registry.fault = (request, response) => {
      if (request.method === 'HEAD') return false;
      response.writeHead(200);
      void clock.passAfter(() => response.write('{'), 5000);
      return true;
    };
    await expect(resolve(app())).rejects.toThrow(
      `${app()}: ${registry.host}: the answer stopped half-way: nothing more came within 5 s (GET /v2/team/app/manifests/${image.digest})`,
    );
  });

  test('an answer that comes slowly, but comes', async () => {
    const clock = stopClock();
    const slowly = async (response: ServerResponse, body: string) => {
      const size = Math.ceil(body.length / 6);
      await clock.passAfter(() => response.writeHead(200).flushHeaders(), 4000);
      for (let at = 0; at < body.length; at += size)
        await clock.passAfter(() => response.write(body.slice(at, at + size)), 4000);
      response.end();
    };
    registry.fault = (request, response) => {
      if (request.method === 'HEAD') return false;
      void slowly(response, image.blobs.get(request.url!.split('/').at(-1)!)!);
      return true;
    };
    // Each of three answers takes longer than the patience.
    expect((await resolve(app(), { limits: { ...limits, minRate: 1, attempts: 1 } })).env).toBe('A=amd64');
  });

  test('a request to which nobody listens ends at once', async () => {
    const { host } = registry;
    await registry.close();
    await expect(resolve(`${host}/team/app:1`)).rejects.toThrow(/ECONNREFUSED/);
    registry = await startFakeRegistry();
  });

  test('content that differs from its digest is refused', async () => {
    registry.fault = (request, response) => {
      if (!request.url?.includes('/blobs/')) return false;
      response.writeHead(200).end('{}');
      return true;
    };
    await expect(resolve(app())).rejects.toThrow(/has 2 bytes instead of \d+$/);
    registry.fault = (request, response) => {
      if (request.method === 'HEAD' || !request.url?.includes('/manifests/')) return false;
      response.writeHead(200).end('{"manifests":[]}');
      return true;
    };
    await expect(resolve(app())).rejects.toThrow(`the content of ${image.digest} has the digest sha256:`);
  });

  test('an endless answer is cut off with an error', async () => {
    registry.fault = (request, response) => {
      if (request.method === 'HEAD') return false;
      const chunk = Buffer.alloc(1 << 20);
      const more = () => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', more);
      };
      response.writeHead(200);
      more();
      return true;
    };
    await expect(resolve(app())).rejects.toThrow(/is larger than 4194304 bytes \(GET /);
  });

  test('a request that is cancelled ends with the reason', async () => {
    const controller = new AbortController();
    registry.fault = () => {
      controller.abort(new Error('enough'));
      return true;
    };
    await expect(resolve(app(), { limits: { ...limits, signal: controller.signal } })).rejects.toThrow('enough');
  });
});

describe('mirrors', () => {
  test('mirrors are asked before the registry', async () => {
    const mirror = await startFakeRegistry();
    try {
      mirror.images.set('team/app:1', image);
      const mirrors = new Map([['registry.invalid', [mirror.url]]]);
      expect((await resolve('registry.invalid/team/app:1', { mirrors })).env).toBe('A=amd64');
    } finally {
      await mirror.close();
    }
  });

  test('the registry is asked if a mirror does not have the image', async () => {
    const mirror = await startFakeRegistry();
    try {
      const mirrors = new Map([[registry.host, [mirror.url]]]);
      expect((await resolve(app(), { mirrors })).env).toBe('A=amd64');
      expect(mirror.log.length).toBeGreaterThan(0);
    } finally {
      await mirror.close();
    }
  });
});

describe('cache', () => {
  test('serves what it has; tags are asked anew', async () => {
    const cache = createBlobCache(dir);
    await resolve(app(), { cache });
    registry.log.length = 0;
    expect((await resolve(app(), { cache })).env).toBe('A=amd64');
    expect(registry.log).toEqual(['HEAD /v2/team/app/manifests/1']);
    registry.log.length = 0;
    expect((await resolve(`${app()}@${image.digest}`, { cache })).env).toBe('A=amd64');
    expect(registry.log).toEqual([]);
  });

  test('damaged blobs are fetched again', async () => {
    const cache = createBlobCache(dir);
    await resolve(app(), { cache });
    const blobs = path.join(dir, 'blobs/sha256');
    for (const name of await readdir(blobs)) await writeFile(path.join(blobs, name), 'damaged');
    expect((await resolve(app(), { cache })).env).toBe('A=amd64');
  });

  test('a cache that cannot be written to is not used', async () => {
    await writeFile(path.join(dir, 'file'), '');
    expect((await resolve(app(), { cache: createBlobCache(path.join(dir, 'file')) })).env).toBe('A=amd64');
  });
});

/**
 * Each was pushed to a registry and built FROM by BuildKit (0.25), which has taken or refused it for the same reason.
 */
describe('odd manifests', () => {
  const oci = 'application/vnd.oci.image';
  const config = JSON.stringify({ os: 'linux', architecture: 'amd64', config: { Env: ['A=odd'] } });
  const described = (text: string, mediaType: string | undefined, more: object = {}) => ({
    ...{ mediaType, digest: sha256(text), size: Buffer.byteLength(text) },
    ...more,
  });
  const configOf = (more: object = {}) => described(config, `${oci}.config.v1+json`, more);
  const manifestOf = (entry: object, more: object = {}) =>
    JSON.stringify({ schemaVersion: 2, mediaType: `${oci}.manifest.v1+json`, config: entry, layers: [], ...more });
  const plain = manifestOf(configOf());
  const entryOf = (more: object = {}) =>
    described(plain, `${oci}.manifest.v1+json`, { platform: { os: 'linux', architecture: 'amd64' }, ...more });
  const indexOf = (...manifests: object[]) =>
    JSON.stringify({ schemaVersion: 2, mediaType: `${oci}.index.v1+json`, manifests });
  const nested = indexOf(entryOf());
  const none = { mediaType: undefined };

  test.each<[what: string, root: string, error: string | undefined, contentType?: string]>([
    ['a manifest that does not say its type', manifestOf(configOf(), none), undefined],
    ['an image with a type of artifacts', manifestOf(configOf(), { artifactType: 'application/x-thing' }), undefined],
    ['an index in an index', indexOf(described(nested, `${oci}.index.v1+json`)), undefined],
    ['an entry without platform', indexOf(entryOf({ platform: undefined })), undefined],
    [
      "a manifest of OCI's as Docker's",
      indexOf(entryOf({ mediaType: 'application/vnd.docker.distribution.manifest.v2+json' })),
      undefined,
    ],
    ['a config without type', manifestOf(configOf(none)), 'encountered unknown type ; children may not be fetched'],
    ['an entry without type', indexOf(entryOf(none)), 'encountered unknown type ; children may not be fetched'],
    [
      'a config of no image',
      manifestOf(configOf({ mediaType: 'application/vnd.oci.empty.v1+json' })),
      'encountered unknown type application/vnd.oci.empty.v1+json; children may not be fetched',
    ],
    [
      'an entry that is not a manifest',
      indexOf(entryOf({ mediaType: 'application/x-thing' })),
      'encountered unknown type application/x-thing; children may not be fetched',
    ],
    [
      'a manifest as index',
      indexOf(entryOf({ mediaType: `${oci}.index.v1+json` })),
      'media-type: expected index but found manifest',
    ],
    ['a config of no size', manifestOf(configOf({ size: 0 })), 'which reports content size of zero'],
    ['a config that does not say its size', manifestOf(configOf({ size: undefined })), 'content size of zero'],
    ['an entry that does not say its size', indexOf(entryOf({ size: undefined })), 'content size of zero'],
    ['a config that is shorter', manifestOf(configOf({ size: config.length + 1 })), 'bytes instead of'],
    ['an empty index', indexOf(), 'no match for platform in manifest'],
    [
      'both at once',
      JSON.stringify({ config: configOf(), manifests: [] }),
      'invalid ambiguous manifest and manifest list',
      `${oci}.manifest.v1+json`,
    ],
    ['a schema version of early times', manifestOf(configOf(), { schemaVersion: 1 }), undefined],
    [
      'layers of early times',
      manifestOf(configOf(), { fsLayers: [] }),
      'schema 1 has been removed',
      `${oci}.manifest.v1+json`,
    ],
    [
      'an annotation that is not text',
      manifestOf(configOf(), { annotations: { a: 1 } }),
      'json: cannot unmarshal number into Go struct field Manifest.annotations of type string',
    ],
    [
      'an entry with other types',
      indexOf(entryOf({ urls: 'x' })),
      'json: cannot unmarshal string into Go struct field Descriptor.manifests.urls of type []string',
    ],
    ['an index as manifest', nested, 'expected manifest but found index', `${oci}.manifest.v1+json`],
    ['JSON of any kind', plain, 'encountered unknown type application/json; children', 'application/json'],
    ['plain text', plain, 'schema 1 has been removed', 'text/plain; charset=utf-8'],
  ])('odd manifests are read as BuildKit does: %s', async (_what, root, error, contentType) => {
    registry.contentType = contentType;
    const texts = [root, nested, plain, config];
    registry.images.set('team/app:1', {
      digest: sha256(root),
      blobs: new Map(texts.map((text) => [sha256(text), text])),
    });
    const found = resolve(app());
    if (error === undefined) expect(await found).toEqual({ digest: sha256(root), env: 'A=odd' });
    else await expect(found).rejects.toThrow(error);
  });

  test('an invalid digest in a header is refused', async () => {
    registry.fault = (_, response) => {
      response.writeHead(200, { 'content-type': `${oci}.manifest.v1+json`, 'docker-content-digest': 'zz' }).end();
      return true;
    };
    await expect(resolve(app())).rejects.toThrow('"zz" in header not a valid digest');
  });
});
