import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Connection, connect, solve } from '../../src/client/index.ts';
import { auth } from '../../src/client/session/auth.ts';
import { Auth } from '../../src/gen/moby/filesync/v1/auth_pb.ts';
import { ends } from '../ends.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { fakeDaemon } from './fake-daemon.ts';

await onEngines('a fault', { suites: ['forky', 'trixie'] }, (engine) => {
  let connection: Connection;
  let base: string;
  const sockets: Duplex[] = [];
  beforeAll(async () => {
    base = await engine.baseImage();
    const plain = await connect(engine.address);
    connection = {
      ...plain,
      async openSession(headers) {
        const stream = await plain.openSession(headers);
        sockets.push(stream);
        return stream;
      },
    };
  });
  afterAll(() => connection?.close());

  const dockerfile = (text: string) => {
    const dir = temporaryDir({ Dockerfile: text });
    return { context: dir, dockerfile: dir };
  };

  test('a fault of the session ends the build', async () => {
    const localDirs = dockerfile(`FROM ${base}\nRUN echo started; sleep 60`);
    const build = solve(connection, {
      frontend: 'dockerfile.v0',
      frontendAttrs: { 'no-cache': '' },
      localDirs,
      auth: false,
    });
    let cut: Promise<unknown> | undefined;
    for await (const { logs } of build.status) {
      if (logs.length === 0 || cut) continue;
      for (const socket of sockets) socket.destroy();
      cut = ends(build.result.catch((error: unknown) => error));
    }
    expect(await cut).toMatchObject({ message: expect.stringMatching(/session/) });
  });

  test('a fault of the disk leaves nothing half-written', async (context) => {
    const mount = temporaryDir();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount], { stdio: 'ignore' });
    } catch {
      context.skip();
    }
    try {
      const localDirs = dockerfile(
        `FROM ${base} AS b\nRUN head -c 3000000 /dev/zero > /big\nFROM scratch\nCOPY --from=b /big /`,
      );
      const options = { frontend: 'dockerfile.v0', localDirs, auth: false as const };
      const exports = [
        { type: 'local' as const, dest: path.join(mount, 'dir') },
        { type: 'tar' as const, dest: path.join(mount, 'out.tar') },
        {
          type: 'oci' as const,
          dest: path.join(mount, 'layout'),
          attrs: { tar: 'false', compression: 'uncompressed' },
        },
      ];
      for (const entry of exports) {
        const exporting = ends(solve(connection, { ...options, exports: [entry] }).result);
        await expect(exporting).rejects.toThrow(/ENOSPC|no space left/);
        expect(readdirSync(mount)).toEqual([]);
      }
      const cacheTo = [
        { type: 'local', attrs: { dest: path.join(mount, 'cache'), mode: 'max', compression: 'uncompressed' } },
      ];
      const caching = ends(solve(connection, { ...options, cacheTo }).result);
      await expect(caching).rejects.toThrow(/ENOSPC|no space left/);
      expect(readdirSync(mount)).toEqual([]);
    } finally {
      execFileSync('umount', [mount]);
    }
  });
});

describe('a token service', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  const ask = async (answer: (url: URL, body: string) => [number, unknown] | undefined, host?: string) => {
    const requests: { url: string; authorization: string | undefined; body: string }[] = [];
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (text) => {
        body += text;
      });
      request.on('end', () => {
        requests.push({ url: request.url ?? '', authorization: request.headers.authorization, body });
        const said = answer(new URL(request.url ?? '', 'http://x'), body);
        if (said) response.writeHead(said[0], { 'content-type': 'application/json' }).end(JSON.stringify(said[1]));
      });
    }).listen(0);
    const { port } = server.address() as AddressInfo;
    const registry = host ?? `localhost:${port}`;
    const dir = temporaryDir();
    const auths = { [registry]: { auth: Buffer.from('user:s3cret').toString('base64') } };
    mkdirSync(dir, { recursive: true });
    writeFileSync(path.join(dir, 'config.json'), JSON.stringify({ auths }));
    const { dockerCredentials } = await import('../../src/client/index.ts');
    const daemon = await fakeDaemon(auth({ credentials: dockerCredentials(dir), seedDir: dir }));
    const client = daemon.client(Auth);
    const fetching = client.fetchToken({
      Host: registry,
      Realm: `http://localhost:${port}/token`,
      Service: 's',
      Scopes: ['a', 'b'],
    });
    return { fetching, requests, client, registry, dir };
  };

  test('a token service gives a token for the credentials of its host', async () => {
    const { fetching, requests, client, registry, dir } = await ask(() => [
      200,
      { access_token: 't', expires_in: 300 },
    ]);
    expect(await fetching).toMatchObject({ Token: 't', ExpiresIn: 300n });
    expect(Object.fromEntries(new URLSearchParams(requests[0]!.body))).toMatchObject({
      username: 'user',
      password: 's3cret',
      scope: 'a b',
      service: 's',
    });
    expect(await client.credentials({ Host: registry })).toMatchObject({ Username: 'user', Secret: 's3cret' });
    expect(await client.credentials({ Host: 'elsewhere.example' })).toMatchObject({ Username: '', Secret: '' });
    const one = await client.getTokenAuthority({ Host: registry, Salt: Buffer.from('salt') });
    expect(one.PublicKey.length).toBe(32);
    expect(await client.getTokenAuthority({ Host: registry, Salt: Buffer.from('salt') })).toEqual(one);
    expect(JSON.parse(readFileSync(path.join(dir, '.token_seed'), 'utf8'))[registry].Seed).toBeTruthy();
  });

  test('a token service without POST is asked with GET', async () => {
    let asked = 0;
    const { fetching, requests } = await ask(() => (asked++ === 0 ? [404, {}] : [200, { token: 't2' }]));
    expect((await fetching).Token).toBe('t2');
    expect(requests[1]!.url).toBe('/token?service=s&scope=a&scope=b');
    expect(requests[1]!.authorization).toBe(`Basic ${Buffer.from('user:s3cret').toString('base64')}`);
  });

  test.each([401, 429, 500])(
    'a token service that answers %d fails clearly, without the credentials',
    async (status) => {
      const { fetching } = await ask(() => [status, { message: 'no' }]);
      const failure = await fetching.then(
        () => undefined,
        (error: Error) => error,
      );
      expect(failure?.message).toContain(`HTTP status ${status}`);
      expect(failure?.message).not.toContain('s3cret');
    },
  );

  test('a token service of another host gets no credentials', async () => {
    const { fetching, requests } = await ask(() => [200, { token: 't' }], 'registry.example:1');
    await expect(fetching).rejects.toThrow(/credentials for registry.example:1 are not sent to localhost/);
    expect(requests).toEqual([]);
  });

  test('a token service that stalls is given up', async () => {
    const { fetching } = await ask(() => undefined);
    await expect(ends(fetching)).rejects.toThrow(
      /failed to fetch a token for (localhost:\d+) from \1: no answer within 8 s \(POST \/token\)/,
    );
  });
});
