/** What credentials a daemon gets, and where they go when it wants a token. */
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { dockerCredentials, noCredentials } from '../../src/client/index.ts';
import { type AuthOptions, auth } from '../../src/client/session/auth.ts';
import { Auth } from '../../src/gen/moby/filesync/v1/auth_pb.ts';
import { makeAuthority, serveTls, startProxy } from '../http/tls-network.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { fakeDaemon } from './fake-daemon.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

interface Asked {
  readonly line: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** A server that answers every request alike and keeps what it is asked. */
async function serve(answer: { status?: number; headers?: Record<string, string>; body?: unknown }) {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    asked.push({ line: `${request.method} ${request.url}`, authorization: request.headers.authorization, body });
    response.writeHead(answer.status ?? 200, answer.headers).end(JSON.stringify(answer.body ?? {}));
  });
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { host: `localhost:${port}`, url: `http://localhost:${port}`, asked, answer };
}

const known = { ...noCredentials, username: 'me', password: 's3cret' };

async function daemonFor(options: AuthOptions = {}) {
  const seedDir = temporaryDir();
  const daemon = await fakeDaemon(auth({ credentials: async () => known, seedDir, ...options }));
  return daemon.client(Auth);
}

const token = { body: { token: 't' } };
const named = (realm: string) => ({
  status: 401,
  headers: { 'www-authenticate': `Bearer realm="${realm}",service="s"` },
});
const wanted = (registry: { host: string }, realm: string) => ({
  Host: registry.host,
  Realm: realm,
  Service: 's',
  Scopes: ['repository:a:pull'],
});

describe('a token service', () => {
  test('a token service at another port of the registry gets no credentials unless the registry names it', async () => {
    const [registry, rogue, service] = await Promise.all([serve({}), serve(token), serve(token)]);
    const client = await daemonFor();
    const refused = `credentials for ${registry.host} are not sent to ${rogue.host}: the registry names another token service`;
    await expect(client.fetchToken(wanted(registry, `${rogue.url}/token`))).rejects.toThrow(refused);
    Object.assign(registry.answer, named(`${service.url}/token`));
    await expect(client.fetchToken(wanted(registry, `${rogue.url}/token`))).rejects.toThrow(refused);
    expect(registry.asked.map(({ line }) => line)).toEqual(['GET /v2/', 'GET /v2/']);
    expect(rogue.asked).toEqual([]);

    expect((await client.fetchToken(wanted(registry, `${service.url}/token`))).Token).toBe('t');
    expect(service.asked).toHaveLength(1);
    expect(new URLSearchParams(service.asked[0]!.body).get('password')).toBe('s3cret');
    expect(registry.asked.every(({ authorization, body }) => !authorization && !body)).toBe(true);
  });

  test('a token service of the same host, port and scheme is the registry itself, at any path', async () => {
    const registry = await serve(token);
    const client = await daemonFor();
    expect((await client.fetchToken(wanted(registry, `${registry.url}/any/token?x=y`))).Token).toBe('t');
    expect(registry.asked.map(({ line }) => line)).toEqual(['POST /any/token?x=y']);
  });

  test('a token service is not believed from where the registry redirects', async () => {
    const rogue = await serve(token);
    const redirected = await serve(named(`${rogue.url}/token`));
    const registry = await serve({ status: 307, headers: { location: redirected.url } });
    const client = await daemonFor();
    await expect(client.fetchToken(wanted(registry, `${rogue.url}/token`))).rejects.toThrow(
      /names another token service/,
    );
    expect([...rogue.asked, ...redirected.asked]).toEqual([]);
  });

  test.each([
    'http://192.0.2.1/token',
    'ftp://localhost/',
    'token',
    '',
    'http://me:pw@localhost/token',
    'file:///etc/passwd',
  ])('a token service at %j gets no credentials', async (realm) => {
    const registry = await serve(named(realm));
    const client = await daemonFor();
    await expect(client.fetchToken(wanted(registry, realm))).rejects.toThrow(
      /credentials for localhost:\d+ are not sent to .*: (the connection is not encrypted|that is not an http address)/,
    );
    expect(registry.asked).toEqual([]);
  });

  test.each([
    [{ token: 't', expires_in: 1.5 }, 60n, 0n],
    [{ token: 't', expires_in: -1, issued_at: 7 }, 60n, 0n],
    [{ token: 't', expires_in: '300', issued_at: 'never' }, 60n, 0n],
    [{ access_token: 't', expires_in: 1e300, issued_at: '2020-01-01T00:00:00Z' }, 60n, 1577836800n],
  ])('a token service may answer with the body %j', async (body, ExpiresIn, IssuedAt) => {
    const registry = await serve({ body });
    const client = await daemonFor();
    expect(await client.fetchToken(wanted(registry, registry.url))).toMatchObject({ Token: 't', ExpiresIn, IssuedAt });
  });

  test.each([{ token: 's3cret\r\nx: y' }, { token: 7 }, {}, [], null])(
    'a token service that answers %j has no token',
    async (body) => {
      const registry = await serve({ body });
      const client = await daemonFor();
      const failure = await client.fetchToken(wanted(registry, registry.url)).then(
        () => expect.fail(),
        (error: Error) => error,
      );
      expect(failure.message).toMatch(/there is no token in its answer/);
      expect(failure.message).not.toContain('s3cret');
    },
  );
});

describe('a token service with an authority of its own', () => {
  const authority = makeAuthority(temporaryDir());
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  /** A registry and its token service behind a proxy; both take the password alone. */
  async function start() {
    const asked: string[] = [];
    const tls = await serveTls(authority, async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      asked.push(`${request.method} ${request.headers.host}${request.url}`);
      if (request.method === 'POST') {
        const isKnown = new URLSearchParams(body).get('password') === 's3cret';
        return void response.writeHead(isKnown ? 200 : 401).end(JSON.stringify({ access_token: 'over-tls' }));
      }
      response.writeHead(401, { 'www-authenticate': 'Bearer realm="https://tokens.example/token"' }).end();
    });
    const names = ['registry.example:443', 'tokens.example:443'];
    const proxy = await startProxy(new Map(names.map((name) => [name, tls.port])));
    servers.push(...([tls, proxy].map(({ close }) => ({ close, closeAllConnections() {} })) as unknown as Server[]));
    vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${proxy.port}`);
    for (const name of ['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS', 'NO_PROXY', 'no_proxy'])
      vi.stubEnv(name, undefined);
    return { asked, proxy };
  }
  const request = wanted({ host: 'registry.example' }, 'https://tokens.example/token');

  test('a token service with an authority of its own is asked through the proxy, with the authorities of SSL_CERT_FILE', async () => {
    const { asked, proxy } = await start();
    const client = await daemonFor();
    await expect(client.fetchToken(request)).rejects.toThrow(
      /the authority that signed its certificate is not trusted here/,
    );
    vi.stubEnv('SSL_CERT_FILE', authority.file);
    expect((await client.fetchToken(request)).Token).toBe('over-tls');
    expect(asked).toEqual(['GET registry.example/v2/', 'POST tokens.example/token']);
    expect(new Set(proxy.log)).toEqual(new Set(['CONNECT registry.example:443', 'CONNECT tokens.example:443']));
  });

  test('a token service with an authority of its own is asked with the authorities that certs.d has for the registry', async () => {
    await start();
    const home = temporaryDir();
    vi.stubEnv('DOCKER_CONFIG', home);
    mkdirSync(path.join(home, 'certs.d/registry.example'), { recursive: true });
    writeFileSync(path.join(home, 'certs.d/registry.example/ca.crt'), readFileSync(authority.file));
    const client = await daemonFor();
    expect((await client.fetchToken(request)).Token).toBe('over-tls');
  });
});

test('a daemon that still asks for credentials is stopped when the session is over', async () => {
  let stopped: AbortSignal | undefined;
  const asked = Promise.withResolvers<void>();
  const offered = auth({
    credentials: (_host, signal) => {
      stopped = signal;
      asked.resolve();
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    },
  });
  const client = (await fakeDaemon(offered)).client(Auth);
  const answer = client.credentials({ Host: 'registry.example' }).catch((error: Error) => error);
  await asked.promise;
  await offered.close?.();
  expect(stopped?.aborted).toBe(true);
  expect(await answer).toBeInstanceOf(Error);
});

describe('a daemon', () => {
  test('a daemon does not get credentials for what is not a host', () => {
    expect(() => auth({ hosts: ['https://ghcr.io'] })).toThrow('"https://ghcr.io" is not a host of a registry');
  });

  test('gets the credentials of the hosts it may ask for, and asks anonymously elsewhere', async () => {
    const [allowed, registry] = await Promise.all([serve(token), serve(token)]);
    const client = await daemonFor({ hosts: [allowed.host, 'docker.io', 'Registry.example.com:443'] });
    for (const Host of [allowed.host, 'registry-1.docker.io', 'registry.example.com'])
      expect(await client.credentials({ Host })).toMatchObject({ Username: 'me', Secret: 's3cret' });
    for (const Host of [registry.host, 'ghcr.io', 'registry.example.com:5000', 'docker.io.example.com', 'localhost'])
      expect(await client.credentials({ Host })).toMatchObject({ Username: '', Secret: '' });

    expect((await client.fetchToken(wanted(registry, `${registry.url}/token`))).Token).toBe('t');
    expect(registry.asked).toEqual([
      { line: 'GET /token?service=s&scope=repository%3Aa%3Apull', authorization: undefined, body: '' },
    ]);
    await client.fetchToken(wanted(allowed, `${allowed.url}/token`));
    expect(allowed.asked[0]!.body).toContain('s3cret');
    const Salt = Buffer.from('salt');
    const [one, two] = await Promise.all([
      client.getTokenAuthority({ Host: registry.host, Salt }),
      client.getTokenAuthority({ Host: 'ghcr.io', Salt }),
    ]);
    expect(one).toEqual(two); // the key of nobody
  });

  test.each([
    '',
    'ghcr.io/',
    'ghcr.io/x@evil.example',
    'https://ghcr.io',
    'user@ghcr.io',
    'ghcr.io?',
    'ghcr.io:x',
    'a b',
    '\u0000',
    `${'g'.repeat(1 << 20)}/`,
  ])('a daemon that asks for %j gets nothing', async (Host) => {
    const dir = temporaryDir();
    mkdirSync(dir, { recursive: true });
    const auths = { 'ghcr.io': { username: 'me', password: 's3cret' } };
    writeFileSync(path.join(dir, 'config.json'), JSON.stringify({ auths }));
    const client = await daemonFor({ credentials: dockerCredentials(dir), seedDir: dir });
    const Salt = Buffer.from('salt');
    for (const call of [
      client.credentials({ Host }),
      client.getTokenAuthority({ Host, Salt }),
      client.verifyTokenAuthority({ Host, Salt, Payload: Buffer.from('x') }),
      client.fetchToken({ Host, Realm: 'https://evil.example/', Service: '', Scopes: [] }),
    ]) {
      const { message } = (await call.then(
        () => expect.fail(),
        (error: Error) => error,
      )) as Error;
      expect(message).toMatch(/is not a host of a registry/);
      expect(message.length).toBeLessThan(300);
    }
    expect(existsSync(path.join(dir, '.token_seed'))).toBe(false);
  });

  test.each(['null', '[]', '"x"', '{"localhost:1":7}', '{"localhost:1":{"Seed":7}}', '{'])(
    'gets a key although the seeds are %s',
    async (stored) => {
      const seedDir = temporaryDir();
      mkdirSync(seedDir, { recursive: true });
      writeFileSync(path.join(seedDir, '.token_seed'), stored);
      const client = await daemonFor({ seedDir });
      const Salt = Buffer.from('salt');
      const one = await client.getTokenAuthority({ Host: 'localhost:1', Salt });
      expect(await client.getTokenAuthority({ Host: 'localhost:1', Salt })).toEqual(one);
      expect(JSON.parse(readFileSync(path.join(seedDir, '.token_seed'), 'utf8'))['localhost:1'].Seed).toBeTruthy();
    },
  );
});
