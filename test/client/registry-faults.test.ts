import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createTar } from '../../scripts/image/tar.ts';
import {
  type Connection,
  connect,
  dockerCredentials,
  type Export,
  noCredentials,
  type SolveOptions,
  solve,
} from '../../src/client/index.ts';
import { ends } from '../ends.ts';
import { runCommand } from '../engine/command.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

// Engines are shared: somebody else may run the same tests.
const registryPort = 20_000 + (process.pid % 10_000);

await onEngines('a registry', { suites: ['forky', 'trixie'] }, (engine) => {
  const faulty = `localhost:${registryPort}`;
  let connection: Connection;
  let server: ChildProcess;
  beforeAll(async () => {
    await engine.baseImage();
    const script = path.join(import.meta.dirname, 'faulty-registry.mjs');
    server = engine.serve(process.execPath, [script, String(registryPort), engine.registry]);
    connection = await connect(engine.address);
    const up = `for i in $(seq 50); do curl -fsS http://${faulty}/v2/ && exit; sleep 0.1; done; exit 1`;
    if (engine.home) expect((await engine.control('exec', 'sh', '-c', up)).status).toBe(0);
    else await engine.must('sh', ['-c', up]);
  });
  afterAll(() => {
    connection?.close();
    server?.kill();
  });

  const build = (text: string, exports: readonly Export[], options: SolveOptions = {}) => {
    const files = { Dockerfile: text };
    return solve(connection, {
      frontend: 'dockerfile.v0',
      localDirs: { context: files, dockerfile: files },
      exports,
      auth: false,
      ...options,
    });
  };
  const registryHas = async (image: string) => {
    const answer = await fetch(`http://${engine.registry}/v2/${image}`, {
      headers: {
        accept: 'application/vnd.oci.image.manifest.v1+json,application/vnd.docker.distribution.manifest.v2+json',
      },
    });
    await answer.body?.cancel();
    return answer.status === 200;
  };
  const failure = async (result: Promise<unknown>) => {
    // The daemon asks four times, 7 s in all, where the status is 500.
    const error = await ends(
      result.then(
        () => new Error('did not fail'),
        (reason: Error) => reason,
      ),
    );
    return error.message;
  };
  /** An image that is in no daemon: only in the registry. */
  const freshImage = async (): Promise<string> => {
    const name = `test/fresh-${randomBytes(4).toString('hex')}`;
    const put = async (body: Uint8Array) => {
      const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
      const opened = await fetch(`http://${engine.registry}/v2/${name}/blobs/uploads/`, { method: 'POST' });
      const url = new URL(opened.headers.get('location') ?? '', `http://${engine.registry}`);
      url.searchParams.set('digest', digest);
      const stored = await fetch(url, {
        method: 'PUT',
        headers: { 'content-type': 'application/octet-stream' },
        body: new Uint8Array(body),
      });
      expect(stored.status).toBe(201);
      return { digest, size: body.length };
    };
    const tar = createTar([{ path: 'f', mode: 0o644, data: randomBytes(100_000) }]);
    const rootfs = { type: 'layers', diff_ids: [`sha256:${createHash('sha256').update(tar).digest('hex')}`] };
    const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs }));
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const manifest = {
      schemaVersion: 2,
      mediaType,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...(await put(config)) },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...(await put(gzipSync(tar))) }],
    };
    const stored = await fetch(`http://${engine.registry}/v2/${name}/manifests/1`, {
      method: 'PUT',
      headers: { 'content-type': mediaType },
      body: JSON.stringify(manifest),
    });
    expect(stored.status).toBe(201);
    return `${name}:1`;
  };

  const words: Record<string, RegExp> = {
    401: /401|unauthorized|authorization failed/i,
    429: /429|too many requests/i,
    500: /500|internal server error/i,
    cut: /EOF|connection reset|unexpected|closed/i,
  };
  const faults = Object.keys(words);

  // The daemon asks again for seconds, and what a case builds is its own: cases wait side by side.
  for (const phase of ['manifest', 'config', 'layer'])
    test.concurrent.each(faults)(
      `a build fails where a registry answers a pull of the ${phase} with: %s`,
      async (fault) => {
        const image = `${faulty}/${fault}/${phase}/${await freshImage()}`;
        const dir = temporaryDir();
        const message = await failure(build(`FROM ${image}`, [{ type: 'local', dest: path.join(dir, 'out') }]).result);
        // The daemon says of a layer that breaks off how much is missing, not whose it is.
        if (fault !== 'cut' || phase !== 'layer') expect(message).toContain(faulty);
        expect(message).toMatch(words[fault]!);
        expect(readdirSync(dir, { recursive: true })).toEqual([]);
      },
    );

  for (const phase of ['upload', 'commit'])
    test.concurrent.each(faults)(
      `a build fails where a registry answers a push, at its ${phase}, with: %s`,
      async (fault) => {
        const image = `test/pushed-${randomBytes(4).toString('hex')}`;
        const text = `FROM scratch\nCOPY <<EOF /f\n${image}\nEOF\n`;
        const name = `${faulty}/${fault}/${phase}/${image}:1`;
        const message = await failure(build(text, [{ type: 'image', attrs: { name, push: 'true' } }]).result);
        expect(message).toContain(`failed to push ${name}`);
        // The registry's own words come with newer daemons only.
        expect(message).toMatch(fault === 'cut' ? words[fault]! : String(fault));
        expect(await registryHas(`${image}/manifests/1`)).toBe(false);
      },
    );

  // Tokens are fetched here, so that here is where patience ends.
  test.each(['nobody', 'somebody'])(
    'a registry whose token service stalls fails clearly (%s logged in)',
    async (who) => {
      // Credentials go to the registry's own port only, or where the registry says when it is asked from here. An
      // engine with a network of its own has its registry there; here something else has that port.
      const service = createServer((socket) => void socket.on('error', () => {}).resume());
      onTestFinished(() => void service.close());
      if (who === 'nobody' || engine.home) {
        service.listen(who === 'nobody' ? 0 : registryPort, '127.0.0.1');
        await once(service, 'listening');
      }
      const port = who === 'nobody' ? (service.address() as AddressInfo).port : registryPort;
      const login = who === 'somebody' ? { username: 'me', password: 'word' } : {};
      const credentials = async () => ({ ...noCredentials, ...login });
      const image = `${faulty}/token/${port}/test/x:1`;
      const message = await failure(
        build(`FROM ${image}`, [], { auth: { credentials, seedDir: temporaryDir() } }).result,
      );
      expect(message).toContain(`failed to fetch a token for ${faulty} from localhost:${port}: no answer within 8 s`);
    },
  );

  // Without an engine of ours, the registry has this port here, too.
  test.skipIf(!engine.home).each([
    ['those of the hosts it may ask for', [faulty], 'POST /token'],
    ['none where it may not', ['ghcr.io'], 'GET /token?service=faulty&scope=repository%3A'],
  ])('a registry that wants credentials gets %s', async (_what, hosts, request) => {
    const asked: string[] = [];
    const service = createHttpServer(async (incoming, response) => {
      asked.push(`${incoming.method} ${incoming.url} ${incoming.headers.authorization ?? ''}`);
      for await (const chunk of incoming) asked.push(String(chunk));
      response.writeHead(403).end();
    }).listen(registryPort, '127.0.0.1');
    onTestFinished(() => {
      service.close();
      service.closeAllConnections();
    });
    await once(service, 'listening');
    const credentials = async () => ({ ...noCredentials, username: 'me', password: 'w0rd' });
    const image = `${faulty}/token/${registryPort}/test/x-${randomBytes(4).toString('hex')}:1`;
    await failure(build(`FROM ${image}`, [], { auth: { credentials, hosts, seedDir: temporaryDir() } }).result);
    expect(asked[0]).toContain(request);
    expect(asked.join().includes('w0rd')).toBe(request.startsWith('POST'));
  });

  test.skipIf(!engine.home).each([
    ['fails', '#!/bin/sh\necho the keychain is locked\nexit 1\n', /failed \(1\): the keychain is locked/],
    ['is missing', undefined, /cannot be asked: the command docker-credential-broken is not installed/],
  ])('a registry whose credential helper %s is asked without credentials', async (_what, helper, reason) => {
    const dir = temporaryDir();
    if (helper) writeFileSync(path.join(dir, 'docker-credential-broken'), helper, { mode: 0o755 });
    writeFileSync(path.join(dir, 'config.json'), JSON.stringify({ credHelpers: { [faulty]: 'broken' } }));
    let isOpen = true;
    const service = createHttpServer((_, response) => {
      const answer = isOpen ? { token: 'anybody' } : { details: 'incorrect username or password' };
      response.writeHead(isOpen ? 200 : 401).end(JSON.stringify(answer));
    }).listen(registryPort, '127.0.0.1');
    onTestFinished(() => {
      service.close();
      service.closeAllConnections();
    });
    await once(service, 'listening');
    const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
    const run = () => {
      const copy = path.posix.join(`${faulty}/login/${registryPort}`, 'test/base:1');
      const env = { ...engine.env, DOCKER_CONFIG: dir, PATH: `${dir}:${process.env['PATH']}` };
      const args = [cli, 'build', '--no-cache', '--pull', '--builder', engine.address, '-'];
      const input = `FROM ${copy}\nLABEL a=${randomBytes(4).toString('hex')}\n`;
      return ends(runCommand(process.execPath, args, { env, input }));
    };
    const built = await run();
    expect(built.stderr).toMatch(reason);
    expect(built.stderr).toContain(`; ${faulty} is asked without credentials\n`);
    expect(built.stderr.match(/WARNING: credential helper/g)).toHaveLength(1);
    expect(built.status).toBe(0);
    isOpen = false;
    // The daemon keeps tokens for a while, by the registry's name.
    const refused = await failure(
      build(`FROM ${faulty}/login/${registryPort}/test/x-${randomBytes(4).toString('hex')}:1`, [], {
        auth: { credentials: dockerCredentials(dir), seedDir: temporaryDir() },
      }).result,
    );
    expect(refused).toContain('HTTP status 401: incorrect username or password');
  });

  test.each(['build', 'solve'])('%s takes the hosts of credentials', async (command) => {
    const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
    const run = async (host: string) => {
      const child = spawn(process.execPath, [cli, command, '--auth-host', host, '--builder', engine.address, '-'], {
        env: engine.env,
      });
      child.stdin.end(command === 'build' ? 'FROM scratch\nCOPY <<EOF /f\nEOF\n' : '');
      let stderr = '';
      child.stderr.on('data', (chunk) => {
        stderr += chunk;
      });
      await once(child, 'close');
      return { code: child.exitCode, stderr };
    };
    const refused = await run('https://ghcr.io');
    expect(refused.stderr).toContain('invalid value "https://ghcr.io" for --auth-host');
    expect(refused.code).toBe(2);
    if (command === 'build') expect(await run('ghcr.io')).toMatchObject({ code: 0 });
  });

  // How long a registry may take is the daemon's to say, and it waits for ever; the user can stop it.
  test.concurrent.each(['manifest', 'config', 'layer', 'upload', 'commit'])(
    `a registry that stalls (%s) does not keep a build that is stopped`,
    async (phase) => {
      const dir = temporaryDir();
      const pulled = phase !== 'upload' && phase !== 'commit';
      const image = pulled ? await freshImage() : `test/pushed-${randomBytes(4).toString('hex')}:1`;
      const name = `${faulty}/stall/${phase}/${image}`;
      const abort = new AbortController();
      const running = pulled
        ? build(`FROM ${name}`, [{ type: 'local', dest: path.join(dir, 'out') }], { signal: abort.signal })
        : build(`FROM scratch\nCOPY <<EOF /f\n${image}\nEOF\n`, [{ type: 'image', attrs: { name, push: 'true' } }], {
            signal: abort.signal,
          });
      const waiting = { layer: 'FROM', upload: 'pushing layers', commit: 'pushing manifest' }[phase] ?? 'load metadata';
      let stopped: Promise<unknown> | undefined;
      const stop = () => {
        abort.abort(new Error('enough'));
        stopped ??= ends(running.result).catch((error: unknown) => error);
      };
      for await (const { vertexes, statuses } of running.status) {
        const names = [
          ...vertexes.filter(({ started }) => started).map((v) => v.name),
          ...statuses.map(({ id }) => id),
        ];
        if (names.some((text) => text.includes(waiting))) setTimeout(stop, 500);
      }
      expect(await stopped).toMatchObject({ message: 'enough' });
      expect(readdirSync(dir, { recursive: true })).toEqual([]);
      if (!pulled) expect(await registryHas(image.replace(':', '/manifests/'))).toBe(false);
      await build('FROM scratch\nCOPY Dockerfile /', []).result; // the daemon is as well as before
    },
  );

  test('a registry that stalls is what the user sees waiting, and Ctrl-C ends it', async () => {
    const image = `${faulty}/stall/manifest/${await freshImage()}`;
    const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
    const child = spawn(process.execPath, [cli, 'build', '--progress=plain', '-'], {
      env: { ...engine.env, BUILDKIT_HOST: engine.buildkitHost },
    });
    child.stdin.end(`FROM ${image}\n`);
    let stderr = '';
    let ended: Promise<unknown> | undefined;
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
      if (ended || !stderr.includes(`load metadata for ${image}`)) return;
      ended = ends(once(child, 'exit'));
      child.kill('SIGINT');
    });
    await once(child, 'close');
    expect(await ended, stderr).toEqual([130, null]);
    expect(stderr).toMatch(/ERROR: the build was canceled\n$/);
  });
});
