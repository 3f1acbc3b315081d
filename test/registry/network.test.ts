/** How registries are reached: certificates of an authority that is the test's own, and proxies. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTo, type Socket } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { runCommand } from '../engine/command.ts';
import { type Closable, makeAuthority, serveTls, startProxy, type TestProxy } from '../http/tls-network.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { type FakeRegistry, fakeImage, startFakeRegistry } from './fake-registry.ts';

const authority = makeAuthority(temporaryDir());
const stranger = makeAuthority(temporaryDir());
const image = fakeImage({ 'linux/amd64': { config: { Env: ['FROM_REGISTRY=yes'] } } });
const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');

let registry: FakeRegistry;
let home: string;
const open: Closable[] = [];
beforeEach(async () => {
  registry = await startFakeRegistry();
  registry.images.set('team/app:1', image);
  home = temporaryDir();
  open.push({ close: () => void registry.close() });
});
afterEach(() => {
  vi.unstubAllEnvs();
  for (const closable of open.splice(0)) closable.close();
});

const opened = <T extends Closable>(closable: T): T => {
  open.push(closable);
  return closable;
};

/** What of the environment says how registries are reached. */
const says = /proxy|^SSL_CERT|^NODE_|^DOCKER|^XDG_|^HOME$|^TSFRONT/i;
const args = () => ['compile', '--platform', 'linux/amd64', '-f', '-', home];

/** Compiles a Dockerfile on an image, as a user whose home is empty and who has these variables alone. */
async function compile(name: string, variables: Record<string, string> = {}) {
  const env = { HOME: home, ...variables };
  for (const key of Object.keys(process.env)) if (says.test(key)) vi.stubEnv(key, undefined);
  for (const [key, value] of Object.entries(env)) vi.stubEnv(key, value);
  const { code, stdout, stderr } = await runCli(args(), { env, stdin: `FROM ${name}\n` });
  return { status: code, stderr, found: stdout.includes('FROM_REGISTRY=yes') };
}

/** The same in a process of its own, whose variables Node reads too. */
async function compileApart(name: string, variables: Record<string, string>) {
  const kept = Object.entries(process.env).filter(([key]) => !says.test(key));
  const { status, stdout, stderr } = await runCommand(process.execPath, [cli, ...args()], {
    env: { ...Object.fromEntries(kept), HOME: home, ...variables },
    input: `FROM ${name}\n`,
  });
  return { status, stderr, found: stdout.includes('FROM_REGISTRY=yes') };
}

/** A registry that speaks TLS, at a port of this machine and as `registry.example` behind the proxy. */
async function start(options = {}): Promise<{ port: number; name: string; proxy: TestProxy }> {
  const { port } = opened(await serveTls(authority, registry.answer, options));
  registry.url = 'https://tokens.example';
  const ports = new Map([
    ['registry.example:443', port],
    ['tokens.example:443', port],
  ]);
  return { port, name: 'registry.example/team/app:1', proxy: opened(await startProxy(ports)) };
}

const found = { status: 0, found: true };
const certsDir = (directory: string, name: string) => {
  const made = path.join(home, directory, 'certs.d', name);
  mkdirSync(made, { recursive: true });
  return made;
};

describe('through a proxy', () => {
  test.each(['HTTPS_PROXY', 'https_proxy'])(
    'the registry and its token service are reached through the proxy that %s names',
    async (variable) => {
      registry.auth = { kind: 'bearer' };
      const { name, proxy } = await start();
      const env = { [variable]: `http://me:s%40cret@127.0.0.1:${proxy.port}`, SSL_CERT_FILE: authority.file };
      expect(await compileApart(name, env)).toMatchObject(found);
      expect(new Set(proxy.log)).toEqual(new Set(['CONNECT registry.example:443', 'CONNECT tokens.example:443']));
      const basic = `Basic ${Buffer.from('me:s@cret').toString('base64')}`;
      expect(new Set(proxy.credentials)).toEqual(new Set([basic]));
      expect(registry.log.length).toBeGreaterThan(4);
    },
  );

  test('the proxy is not used for hosts of NO_PROXY, and never for this machine', async () => {
    const { name, port, proxy } = await start();
    const env = { HTTPS_PROXY: `127.0.0.1:${proxy.port}`, HTTP_PROXY: `127.0.0.1:${proxy.port}` };
    const direct = await compile(name, { ...env, NO_PROXY: '.example' });
    expect(direct).toMatchObject({ status: 1, found: false });
    expect(direct.stderr).toMatch(/ENOTFOUND|EAI_AGAIN/); // nobody knows the name but the proxy
    cpSync(authority.file, path.join(certsDir('.docker', `localhost:${port}`), 'ca.crt'));
    expect(await compile(`localhost:${port}/team/app:1`, env)).toMatchObject(found);
    expect(proxy.log).toEqual([]);
  });

  test('an error names a proxy that refuses or is missing, without its credentials', async () => {
    const { name, proxy } = await start();
    const address = `127.0.0.1:${proxy.port}`;
    const env = { HTTPS_PROXY: `http://me:s3cret@${address}`, SSL_CERT_FILE: authority.file };
    proxy.refuse = 407;
    const refused = await compile(name, env);
    expect(refused).toMatchObject({ status: 1, found: false });
    expect(refused.stderr).toContain(
      `registry.example: the proxy ${address} refuses: 407 No (HEAD /v2/team/app/manifests/1)`,
    );
    expect(registry.log).toEqual([]);
    proxy.close();
    const gone = await compile(name, env);
    expect(gone.stderr).toContain(`the proxy ${address}: connect ECONNREFUSED`);
    for (const { stderr } of [refused, gone]) expect(stderr).not.toMatch(/s3cret|me:/);
  });

  test('plain http goes to the proxy whole', async () => {
    const proxy = opened(await startProxy(new Map([['plain.example', Number(registry.host.split(':')[1])]])));
    const dir = certsDir('.config/containerd', 'registry.example');
    writeFileSync(path.join(dir, 'hosts.toml'), 'server = "http://plain.example"\n');
    const env = { HTTP_PROXY: `http://me:s3cret@127.0.0.1:${proxy.port}` };
    expect(await compile('registry.example/team/app:1', env)).toMatchObject(found);
    expect(proxy.log[0]).toBe('HEAD http://plain.example/v2/team/app/manifests/1?ns=registry.example');
    expect(new Set(proxy.credentials)).toEqual(new Set([`Basic ${Buffer.from('me:s3cret').toString('base64')}`]));
    proxy.refuse = 407;
    const { stderr } = await compile('registry.example/team/app:1', env);
    expect(stderr).toMatch(/plain.example: the proxy 127.0.0.1:\d+ refuses: 407/);
  });
});

describe('certificates', () => {
  test('certificates of an authority that nobody knows are refused', async () => {
    const { name, proxy } = await start();
    const env = { HTTPS_PROXY: `127.0.0.1:${proxy.port}` };
    for (const more of [{}, { SSL_CERT_FILE: stranger.file }, { SSL_CERT_FILE: '/nowhere' }]) {
      const { status, stderr } = await compile(name, { ...env, ...more });
      expect(status).toBe(1);
      expect(stderr).toMatch(
        /registry\.example: .*the authority that signed its certificate is not trusted here: .*SSL_CERT_FILE/,
      );
    }
    expect(registry.log).toEqual([]);
  });

  test('certificates of SSL_CERT_DIR and NODE_EXTRA_CA_CERTS are believed', async () => {
    const { name, proxy } = await start();
    const env = { HTTPS_PROXY: `127.0.0.1:${proxy.port}` };
    const directory = temporaryDir();
    cpSync(authority.file, path.join(directory, 'any name'));
    writeFileSync(path.join(directory, 'README'), 'not a certificate');
    expect(await compile(name, { ...env, SSL_CERT_DIR: `/nowhere:${directory}` })).toMatchObject(found);
    expect(await compile(name, { ...env, NODE_EXTRA_CA_CERTS: authority.file })).toMatchObject(found);
    expect(await compileApart(name, { ...env, NODE_EXTRA_CA_CERTS: authority.file })).toMatchObject(found);
  });

  test.each<[what: string, directory: string, write: (dir: string) => void]>([
    ["Docker's *.crt", '.docker', (dir) => cpSync(authority.file, path.join(dir, 'ours.crt'))],
    ["rootless Docker's *.crt", '.config/docker', (dir) => cpSync(authority.file, path.join(dir, 'ca.crt'))],
    ["containerd's *.crt", '.config/containerd', (dir) => cpSync(authority.file, path.join(dir, 'ca.crt'))],
    [
      "containerd's ca",
      '.config/containerd',
      (dir) => {
        cpSync(authority.file, path.join(dir, 'ours.pem'));
        writeFileSync(path.join(dir, 'hosts.toml'), 'ca = "ours.pem"\n');
      },
    ],
    [
      'a list of them',
      '.config/containerd',
      (dir) => writeFileSync(path.join(dir, 'hosts.toml'), `ca = ${JSON.stringify([stranger.file, authority.file])}\n`),
    ],
    ['skip_verify', '.config/containerd', (dir) => writeFileSync(path.join(dir, 'hosts.toml'), 'skip_verify = true\n')],
  ])('certificates of certs.d are believed: %s', async (_what, directory, write) => {
    const { name, port, proxy } = await start();
    write(certsDir(directory, 'registry.example'));
    expect(await compile(name, { HTTPS_PROXY: `127.0.0.1:${proxy.port}` })).toMatchObject(found);
    write(certsDir(directory, `localhost:${port}`));
    expect(await compile(`localhost:${port}/team/app:1`)).toMatchObject(found);
    rmSync(path.join(home, directory, 'certs.d', 'registry.example'), { recursive: true });
    expect(await compile(name, { HTTPS_PROXY: `127.0.0.1:${proxy.port}` })).toMatchObject({ status: 1 });
  });

  test.each<[what: string, directory: string, write: (dir: string) => void]>([
    [
      "Docker's client.cert and client.key",
      '.docker',
      (dir) => {
        cpSync(authority.file, path.join(dir, 'ca.crt'));
        cpSync(authority.client.cert, path.join(dir, 'client.cert'));
        cpSync(authority.client.key, path.join(dir, 'client.key'));
      },
    ],
    [
      "containerd's client",
      '.config/containerd',
      (dir) => {
        const client = JSON.stringify([[authority.client.cert, authority.client.key]]);
        writeFileSync(path.join(dir, 'hosts.toml'), `ca = "${authority.file}"\nclient = ${client}\n`);
      },
    ],
  ])('client certificates are sent, to the token service too: %s', async (_what, directory, write) => {
    registry.auth = { kind: 'bearer' };
    const { name, proxy } = await start({ requestCert: true, ca: readFileSync(authority.file) });
    const env = { HTTPS_PROXY: `127.0.0.1:${proxy.port}` };
    expect(await compile(name, { ...env, SSL_CERT_FILE: authority.file })).toMatchObject({ status: 1 });
    write(certsDir(directory, 'registry.example'));
    expect(await compile(name, env)).toMatchObject(found);
  });

  test('an error names a file that is not a certificate', async () => {
    const { name, proxy } = await start();
    const env = { HTTPS_PROXY: `127.0.0.1:${proxy.port}` };
    const dir = certsDir('.docker', 'registry.example');
    writeFileSync(path.join(dir, 'ca.crt'), 'nothing');
    expect((await compile(name, env)).stderr).toContain(`${path.join(dir, 'ca.crt')} has no certificate (PEM) in it`);
    rmSync(path.join(dir, 'ca.crt'));
    cpSync(authority.client.cert, path.join(dir, 'client.cert'));
    cpSync(stranger.client.key, path.join(dir, 'client.key'));
    expect((await compile(name, env)).stderr).toContain(
      `${path.join(dir, 'client.cert')} with ${path.join(dir, 'client.key')} is not a certificate with its private key`,
    );
  });
});

/** A port that takes no connection any more: whoever listens has stopped, and as many wait as may. */
async function startDeaf(): Promise<number> {
  const listen =
    "require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () { console.log(this.address().port) })";
  const child = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] });
  opened({ close: () => void child.kill('SIGKILL') });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  child.kill('SIGSTOP');
  const port = Number(line);
  const waiting: Socket[] = [];
  opened({ close: () => waiting.forEach((socket) => void socket.destroy()) });
  for (let isFull = false; !isFull; ) {
    const socket = connectTo({ port, host: '127.0.0.1' });
    waiting.push(socket);
    isFull = await new Promise((resolve) => {
      socket.once('connect', () => resolve(false)).on('error', () => {});
      setTimeout(resolve, 1000, true);
    });
  }
  return port;
}

describe("containerd's hosts.toml", () => {
  const write = (name: string, text: string) => {
    const file = path.join(certsDir('.config/containerd', name), 'hosts.toml');
    writeFileSync(file, text);
    return file;
  };

  test('names mirrors, which are asked first and told for whom', async () => {
    const { port } = await start();
    write(
      'registry.example_5000_',
      `server = "https://localhost:${port}"
ca = "${authority.file}"
[host."https://127.0.0.1:${port}/mirror"]
  ca = "${authority.file}"
  capabilities = ["pull", "resolve"]
  [host."https://127.0.0.1:${port}/mirror".header]
    x-mirror = "yes"
[host."https://push.invalid"]
  capabilities = ["push"]
`,
    );
    const headers: unknown[] = [];
    registry.fault = (request) => {
      headers.push(request.headers['x-mirror']);
      return false;
    };
    expect(await compile('registry.example:5000/team/app:1')).toMatchObject(found);
    const [first, second] = registry.log;
    expect(first).toBe('HEAD /mirror/v2/team/app/manifests/1?ns=registry.example%3A5000');
    expect(second).toBe('HEAD /v2/team/app/manifests/1?ns=registry.example%3A5000');
    expect(headers.slice(0, 2)).toEqual(['yes', undefined]);
  });

  test('dial_timeout ends the connecting to a mirror, and the next host is asked', async () => {
    const { port } = await start();
    const deaf = await startDeaf();
    const mirror = (timeout: string) =>
      write(
        'registry.example_5000_',
        `server = "https://localhost:${port}"
ca = "${authority.file}"
[host."http://127.0.0.1:${deaf}"]
  dial_timeout = "${timeout}"
`,
      );
    mirror('200ms');
    expect(await compile('registry.example:5000/team/app:1')).toMatchObject(found);
    const missing = await compile('registry.example:5000/team/none:1');
    expect(missing.stderr).toContain(
      `mirror: 127.0.0.1:${deaf}: no connection within 0.2 s (dial_timeout) (HEAD /v2/team/none/manifests/1)`,
    );
    expect(missing.stderr).not.toContain('no answer within');
  });

  test('a dial_timeout of a host that answers changes nothing', async () => {
    const { port } = await start();
    write(
      'registry.example_5000_',
      `server = "https://localhost:${port}"\nca = "${authority.file}"\ndial_timeout = "1m"\n`,
    );
    expect(await compile('registry.example:5000/team/app:1')).toMatchObject(found);
  });

  test('a default is for registries that have no directory of their own', async () => {
    const { port } = await start();
    write('_default', `server = "https://localhost:${port}"\nca = "${authority.file}"\n`);
    expect(await compile('any.example/team/app:1')).toMatchObject(found);
    expect(registry.log[0]).toBe('HEAD /v2/team/app/manifests/1?ns=any.example');
  });

  test.each<[string, RegExp]>([
    ['server = ', /hosts.toml: /],
    ['capabilities = ["pul"]', /hosts.toml: unknown capability pul/],
    ['[host."ftp://x"]', /hosts.toml: "ftp:\/\/x" is not the address of a registry/],
    ['ca = 5', /hosts.toml: ca is neither text nor a list of texts/],
    ['ca = "gone.pem"', /gone\.pem/],
    ['dial_timeout = 5', /hosts\.toml: dial_timeout is not a duration such as "5s"$/m],
    [
      'dial_timeout = "5"',
      /hosts\.toml: dial_timeout is not a duration such as "5s": time: missing unit in duration "5"/,
    ],
  ])('%j is an error that names the file', async (text, error) => {
    write('registry.example', text);
    const { status, stderr } = await compile('registry.example/team/app:1');
    expect(status).toBe(1);
    expect(stderr).toMatch(error);
  });
});
