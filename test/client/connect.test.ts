import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type tls from 'node:tls';
import { afterAll, describe, expect, test } from 'vitest';
import { dockerAddress } from '../../src/client/connect/address.ts';
import {
  type ConnectOptions,
  connect,
  defaultAddress,
  listWorkers,
  parseAddress,
  solve,
} from '../../src/client/index.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { bareBuildkit } from './bare-buildkit.ts';

describe('an address', () => {
  test.each([
    ['unix:///run/x.sock', { via: 'socket', path: '/run/x.sock', protocol: 'detect' }],
    ['/run/x.sock', { via: 'socket', path: '/run/x.sock' }],
    ['tcp://host:99', { via: 'tcp', host: 'host', port: 99 }],
    ['tcp://[::1]:99', { via: 'tcp', host: '::1', port: 99 }],
    ['buildkit+tcp://host', { via: 'tcp', port: 1234, protocol: 'buildkit' }],
    ['docker-container://bk', { via: 'command', command: ['docker', 'exec', '-i', 'bk', 'buildctl', 'dial-stdio'] }],
    [
      'docker-container://bk?context=far',
      { command: ['docker', '--context=far', 'exec', '-i', 'bk', 'buildctl', 'dial-stdio'] },
    ],
    [
      'tcp://host:99?cacert=/ca.pem&cert=/c.pem&key=/k.pem&servername=bk',
      { port: 99, tls: { ca: '/ca.pem', cert: '/c.pem', key: '/k.pem', serverName: 'bk' } },
    ],
    ['https://host', { via: 'tcp', tls: {} }],
    [
      'docker+ssh://[::1]',
      { command: ['ssh', '-o', 'ConnectTimeout=7', '-T', '--', '::1', 'docker', 'system', 'dial-stdio'] },
    ],
    [
      'docker+ssh://h/run/d.sock',
      {
        command: [
          'ssh',
          '-o',
          'ConnectTimeout=7',
          '-T',
          '--',
          'h',
          'docker',
          '--host',
          'unix:///run/d.sock',
          'system',
          'dial-stdio',
        ],
      },
    ],
    [
      'stdio:docker buildx dial-stdio',
      { via: 'command', command: ['docker', 'buildx', 'dial-stdio'], protocol: 'buildkit' },
    ],
  ])('an address is read with its protocol and its parts: %s', (text, expected) => {
    expect(parseAddress(text)).toMatchObject(expected);
  });

  test('an address of an SSH host becomes a command that nothing in it can change', () => {
    expect(parseAddress('ssh://me@host:22/run/b.sock')).toMatchObject({
      via: 'command',
      command: [
        'ssh',
        '-o',
        'ConnectTimeout=7',
        '-T',
        '-l',
        'me',
        '-p',
        '22',
        '--',
        'host',
        'buildctl',
        '--addr',
        'unix:///run/b.sock',
        'dial-stdio',
      ],
    });
    expect(() => parseAddress('ssh://host/run/$(touch x)')).toThrow('invalid address');
    expect(() => parseAddress('ssh://-oProxyCommand=x')).toThrow('invalid address');
  });

  test.each([
    ...['', 'nonsense', 'ftp://x', 'unix://', 'tcp://', 'tcp://h?x=y', 'tcp://h?cert=c', 'docker-container://'],
    ...['docker-container://-x', 'docker-container://x?y=z', 'ssh://u:p@h', 'ssh://h?q', 'ssh://h#f'],
  ])('%j is refused', (text) => {
    expect(() => parseAddress(text)).toThrow(/invalid address .*want unix:/);
  });

  test('the default address is that of the environment', () => {
    const env = { BUILDKIT_HOST: 'tcp://b:1', DOCKER_HOST: 'unix:///d.sock' };
    expect(defaultAddress(env).text).toBe('tcp://b:1');
    expect(defaultAddress({ DOCKER_HOST: 'unix:///d.sock' })).toMatchObject({ path: '/d.sock', protocol: 'docker' });
  });

  test('the default address is that of the Docker context in use if no variable names another', () => {
    const dir = temporaryDir();
    const env = { DOCKER_CONFIG: dir };
    const directory = (kind: string, name: string) =>
      path.join(dir, 'contexts', kind, createHash('sha256').update(name).digest('hex'));
    const write = (name: string, host: string) => {
      mkdirSync(directory('meta', name), { recursive: true });
      const meta = { Name: name, Metadata: {}, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } };
      writeFileSync(path.join(directory('meta', name), 'meta.json'), JSON.stringify(meta));
    };
    write('far', 'tcp://far:2376');
    mkdirSync(path.join(directory('tls', 'far'), 'docker'), { recursive: true });
    const ca = path.join(directory('tls', 'far'), 'docker/ca.pem');
    writeFileSync(ca, '');
    write('near', 'unix:///near.sock');
    writeFileSync(path.join(dir, 'config.json'), JSON.stringify({ currentContext: 'near' }));

    expect(defaultAddress(env)).toMatchObject({ path: '/near.sock', protocol: 'docker' });
    expect(dockerAddress(env)).toMatchObject({ path: '/near.sock' });
    const far = { ...env, DOCKER_CONTEXT: 'far' };
    expect(defaultAddress(far)).toMatchObject({ host: 'far', port: 2376, tls: { ca, cert: undefined } });
    expect(defaultAddress({ ...far, DOCKER_HOST: 'unix:///d.sock' })).toMatchObject({ path: '/d.sock' });
    expect(() => defaultAddress({ ...env, DOCKER_CONTEXT: 'gone' })).toThrow(
      'the Docker context "gone" that DOCKER_CONTEXT names has no engine in',
    );
    writeFileSync(path.join(dir, 'config.json'), '{');
    const broken = `Error parsing config file (${path.join(dir, 'config.json')}): it is not JSON`;
    expect(() => defaultAddress(env)).toThrow(broken);
    // The usual sockets are next, as with docker.
    const told: string[] = [];
    const next = () => dockerAddress({ ...env, XDG_RUNTIME_DIR: dir }, (message) => void told.push(message));
    writeFileSync(path.join(dir, 'docker.sock'), '');
    expect(next()).toMatchObject({ via: 'socket', protocol: 'docker' });
    expect(told).toEqual([`${broken}; it is left out`]);
  });
});

await onEngines('connecting', { suites: ['forky'] }, (engine) => {
  const socket = engine.dockerHost.replace('unix://', '');
  const closers: (() => void)[] = [];
  afterAll(() => {
    for (const close of closers) close();
  });

  const bare = async (options?: tls.TlsOptions) => {
    const { port, close } = await bareBuildkit(engine.dockerHost, options);
    closers.push(close);
    return port;
  };

  /** Builds through it, so that a session is opened too. */
  const check = async (address: string, kind: string, options?: ConnectOptions) => {
    const connection = await connect(address, options);
    try {
      expect(connection.kind).toBe(kind);
      expect((await listWorkers(connection))[0]?.platforms).toContain('linux/amd64');
      const dest = temporaryDir();
      const files = { Dockerfile: 'FROM scratch\nCOPY f /', f: Buffer.alloc(300_000, 7) };
      const localDirs = { context: files, dockerfile: files };
      await solve(connection, { frontend: 'dockerfile.v0', localDirs, exports: [{ type: 'local', dest }], auth: false })
        .result;
      expect(readFileSync(path.join(dest, 'f')).equals(files.f)).toBe(true);
    } finally {
      connection.close();
    }
  };

  test.skipIf(!socket)('finds out that a socket is the Docker engine', () => check(`unix://${socket}`, 'dockerd'));

  test.skipIf(!socket)('finds out that a port is BuildKit, and tunnels the session through gRPC', async () => {
    await check(`tcp://127.0.0.1:${await bare()}`, 'buildkitd');
  });

  test.skipIf(!socket)('uses the standard streams of a command', async () => {
    const relay = path.join(temporaryDir(), 'relay.mjs');
    writeFileSync(
      relay,
      `import net from 'node:net'; const s = net.connect(${JSON.stringify(socket)}); process.stdin.pipe(s); s.pipe(process.stdout);`,
    );
    await check(`docker+stdio:${process.execPath} ${relay}`, 'dockerd');
  });

  test.skipIf(!socket)('shows its certificate, and wants to see the right one', async () => {
    const dir = temporaryDir();
    const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
    const request = ['req', '-newkey', 'rsa:2048', '-nodes', '-subj'];
    openssl(...request, '/CN=ca', '-x509', '-keyout', 'ca.key', '-out', 'ca.pem');
    writeFileSync(path.join(dir, 'ext'), 'subjectAltName=DNS:buildkit.example');
    for (const name of ['server', 'client']) {
      openssl(...request, `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
      openssl(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
        '-out',
        `${name}.pem`,
        '-extfile',
        'ext',
      );
    }
    const file = (name: string) => path.join(dir, name);
    const read = (name: string) => readFileSync(file(name));
    const port = await bare({
      ca: read('ca.pem'), cert: read('server.pem'), key: read('server.key'), requestCert: true, rejectUnauthorized: true,
    }); // biome-ignore format: one line
    const address = `tcp://127.0.0.1:${port}`;
    const client = { ca: file('ca.pem'), cert: file('client.pem'), key: file('client.key') };
    await check(address, 'buildkitd', { tls: { ...client, serverName: 'buildkit.example' } });
    const query = `cacert=${client.ca}&cert=${client.cert}&key=${client.key}&servername=buildkit.example`;
    await check(`${address}?${query}`, 'buildkitd');
    await expect(connect(address, { tls: { ...client, serverName: 'other.example' } })).rejects.toThrow(
      /does not match/,
    );
    await expect(
      connect(address, { tls: { cert: client.cert, key: client.key, serverName: 'buildkit.example' } }),
    ).rejects.toThrow(/certificate/);
    await expect(
      connect(address, { tls: { ca: client.ca, serverName: 'buildkit.example' }, timeout: 3000 }),
    ).rejects.toThrow();
  });
});
