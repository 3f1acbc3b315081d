import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { parseAddress, tlsOf } from '../../src/client/connect/address.ts';
import { findBuilder } from '../../src/client/connect/buildx-builder.ts';
import { connect, listWorkers } from '../../src/client/index.ts';
import { formatPlatform } from '../../src/image/platform.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { standIn } from './stand-in.ts';

/** A Docker configuration with builders as `docker buildx create` writes them. */
function dockerConfig(builders: Readonly<Record<string, object>>): { DOCKER_CONFIG: string; HOME: string } {
  const dir = temporaryDir();
  mkdirSync(path.join(dir, 'buildx/instances'), { recursive: true });
  for (const [name, builder] of Object.entries(builders))
    writeFileSync(path.join(dir, 'buildx/instances', name), JSON.stringify({ Name: name, Dynamic: false, ...builder }));
  return { DOCKER_CONFIG: dir, HOME: dir };
}

function writeContext(dir: string, name: string, host: string): void {
  const id = createHash('sha256').update(name).digest('hex');
  mkdirSync(path.join(dir, 'contexts/meta', id), { recursive: true });
  mkdirSync(path.join(dir, 'contexts/tls', id, 'docker'), { recursive: true });
  writeFileSync(path.join(dir, 'contexts/tls', id, 'docker/ca.pem'), '');
  const meta = { Name: name, Metadata: {}, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } };
  writeFileSync(path.join(dir, 'contexts/meta', id, 'meta.json'), JSON.stringify(meta));
}

const node = (Name: string, Endpoint: string, more: object = {}) => ({
  Name, Endpoint, Platforms: null, DriverOpts: null, Flags: null, Files: null, ...more,
}); // biome-ignore format: a list

describe('a builder of buildx', () => {
  const platforms = [
    { os: 'linux', architecture: 'arm64' },
    { os: 'linux', architecture: 'arm', variant: 'v7' },
  ];
  const env = dockerConfig({
    container: { Driver: 'docker-container', Nodes: [node('container0', 'default'), node('container1', 'far', { Platforms: platforms })] },
    socket: { Driver: 'docker-container', Nodes: [node('socket0', 'unix:///run/user/1/docker.sock')] },
    remote: { Driver: 'remote', Nodes: [node('remote0', 'tcp://build:1234', { DriverOpts: { cacert: '/c/ca.pem', cert: '/c/cert.pem', key: '/c/key.pem', servername: 'b' } })] },
    shell: { Driver: 'remote', Nodes: [node('shell0', 'ssh://me@build')] },
    engine: { Driver: 'docker', Nodes: [node('engine0', 'far')] },
    odd: { Driver: 'cloud', Nodes: [node('odd0', 'cloud://org/it')] },
    empty: { Driver: 'docker', Nodes: [] },
    command: { Driver: 'remote', Nodes: [node('command0', 'stdio:touch x')] },
    hidden: { Driver: 'docker', Nodes: [node('hidden0', 'stdio:touch x://')] },
    text: { Driver: 'docker', Nodes: 'x' },
    hole: { Driver: 'remote', Nodes: [null] },
    number: { Driver: 'remote', Nodes: [{ Name: 'a', Endpoint: 7 }] },
    option: { Driver: 'remote', Nodes: [node('a', 'tcp://build:1234', { DriverOpts: { cacert: 7 } })] },
    flag: { Driver: 'docker-container', Nodes: [node(' --privileged', 'default')] },
  }); // biome-ignore format: a list
  writeContext(env.DOCKER_CONFIG, 'far', 'tcp://far:2376');
  for (const [name, contents] of Object.entries({ broken: '{', list: '[]', nothing: 'null' }))
    writeFileSync(path.join(env.DOCKER_CONFIG, 'buildx/instances', name), contents);
  const ca = `cacert=${encodeURIComponent(path.join(env.DOCKER_CONFIG, 'contexts/tls', createHash('sha256').update('far').digest('hex'), 'docker/ca.pem'))}`;

  test.each([
    ['container', ['docker-container://buildx_buildkit_container0?context=default', 'docker-container://buildx_buildkit_container1?context=far']],
    ['socket', ['docker-container://buildx_buildkit_socket0?host=unix%3A%2F%2F%2Frun%2Fuser%2F1%2Fdocker.sock']],
    ['remote', ['tcp://build:1234?cacert=%2Fc%2Fca.pem&cert=%2Fc%2Fcert.pem&key=%2Fc%2Fkey.pem&servername=b']],
    ['shell', ['ssh://me@build']],
    ['SHELL', ['ssh://me@build']],
    ['engine', [`docker+tcp://far:2376?${ca}`]],
    ['far', [`docker+tcp://far:2376?${ca}`]],
    ['default', [undefined]],
  ])('a builder of buildx has the addresses of its nodes: %s', async (name, addresses) => {
    const { nodes } = await findBuilder(name, { env });
    expect(await Promise.all(nodes.map((it) => it.address()))).toEqual(addresses);
  }); // biome-ignore format: a list

  test('a builder of buildx has nodes for platforms', async () => {
    const { nodes } = await findBuilder('container', { env });
    expect(nodes.map((it) => it.platforms.map(formatPlatform))).toEqual([[], ['linux/arm64', 'linux/arm/v7']]);
  });

  test('a builder of buildx says whether it loads what it builds', async () => {
    const DriverOpts = { 'default-load': 'true' };
    const own = dockerConfig({
      a: { Driver: 'docker-container', Nodes: [node('a0', 'default', { DriverOpts }), node('a1', 'far')] },
    });
    const { nodes } = await findBuilder('a', { env: own });
    expect(nodes.map((it) => it.loads)).toEqual([true, false]);
  });

  test('a builder of buildx that is the engine of DOCKER_HOST is reached with its certificates', async () => {
    const host = {
      DOCKER_CONFIG: '/c',
      DOCKER_HOST: 'tcp://far:2376',
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH: '/pem',
    };
    const address = await (await findBuilder('default', { env: host })).nodes[0].address();
    expect(tlsOf(parseAddress(address!), host)?.ca).toBe('/pem/ca.pem');
  });

  test('a builder of buildx is found where BUILDX_CONFIG says', async () => {
    const other = { DOCKER_CONFIG: '/nowhere', BUILDX_CONFIG: path.join(env.DOCKER_CONFIG, 'buildx') };
    expect(await (await findBuilder('shell', { env: other })).nodes[0].address()).toBe('ssh://me@build');
  });

  test.each([
    ['missing', 'no builder "missing" found: neither '],
    ['odd', 'the builder "odd": its driver is "cloud": known are'],
    ['command', 'the builder "command": its endpoint is "stdio:touch x": want one of unix://, tcp://'],
    ['hidden', 'the builder "hidden": its endpoint is "stdio:touch x://": want one of unix://, tcp://'],
    ['list', 'instances/list: it is not an object'],
    ['nothing', 'instances/nothing: it is not an object'],
    ['text', 'instances/text: Nodes is not a list'],
    ['hole', 'instances/hole: Nodes[0] is not an object'],
    ['number', 'instances/number: Nodes[0].Endpoint is not text'],
    ['option', 'instances/option: Nodes[0].DriverOpts.cacert is not text'],
    ['flag', 'the builder "flag": invalid address "docker-container://buildx_buildkit_ --privileged'],
    ['empty', 'the builder "empty" has no node'],
    ['broken', 'cannot read the builder '],
  ])('%s is an error', async (name, message) => {
    await expect(connect(name, { env })).rejects.toThrow(message);
  });

  test('a missing builder is an error that says where it is named', async () => {
    await expect(connect(undefined, { env: { ...env, BUILDX_BUILDER: 'missing' } })).rejects.toThrow('"missing"');
    await expect(connect('missing', { env })).rejects.toThrow('no builder "missing" found');
  });
});

await onEngines('a builder by its name', { suites: ['forky'] }, (engine) => {
  const { PATH } = process.env;
  afterEach(() => {
    process.env['PATH'] = PATH;
  });

  test.skipIf(!engine.dockerHost)('a builder of buildx may be a remote daemon, or the engine itself', async () => {
    const env = dockerConfig({ own: { Driver: 'docker', Nodes: [node('own0', engine.dockerHost)] } });
    const connection = await connect('own', { env });
    expect(connection.kind).toBe('dockerd');
    expect(await listWorkers(connection)).toHaveLength(1);
    connection.close();
  });

  const pod = (name: string, phase: string, more: object = {}) => ({ metadata: { name, ...more }, status: { phase } });
  const pods = {
    items: [
      pod('big-builder0-a', 'Pending'),
      pod('big-builder0-b', 'Running'),
      pod('big-builder0-c', 'Running', { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      pod('big-builder0-d', 'Running'),
    ],
  };
  /** kubectl as far as it goes here: it lists pods by their label, and runs what follows `--` in one that runs. */
  const kubectl = () =>
    standIn(
      'kubectl',
      engine.dockerHost,
      `case "$*" in
       "--kubeconfig=/k/config --namespace=ci get pods --selector=app=big-builder0 --output=json") echo '${JSON.stringify(pods)}'; exit ;;
       *" get pods "*) echo '{"items":[]}'; exit ;;
       *" exec --container=buildkitd -i big-builder0-"[bd]" -- buildctl dial-stdio") ;;
       *) echo 'Error from server (NotFound): pods not found' >&2; exit 1 ;;
       esac`,
    );
  const cluster = (Name: string) =>
    dockerConfig({
      big: {
        Driver: 'kubernetes',
        Nodes: [node(Name, `kubernetes:///big?deployment=${Name}&kubeconfig=%2Fk%2Fconfig`, { DriverOpts: { namespace: 'ci' } })],
      },
    }); // biome-ignore format: a list

  test.skipIf(!engine.dockerHost)(
    'a builder of buildx may be a pod that runs, the same one for the same context',
    async () => {
      const { dir, calls } = kubectl();
      process.env['PATH'] = `${dir}:${PATH}`;
      const env = { ...cluster('big_builder0'), PATH: `${dir}:${PATH}` };
      const connection = await connect('big', { env });
      expect(connection.kind).toBe('buildkitd');
      expect(await listWorkers(connection)).toHaveLength(1);
      connection.close();
      expect(calls().at(-1)).toMatch(
        /^--kubeconfig=\/k\/config --namespace=ci exec --container=buildkitd -i big-builder0-[bd] -- buildctl dial-stdio$/,
      );
      const choose = async (stickyKey: string) => (await findBuilder('big', { env, stickyKey })).nodes[0].address();
      expect(await choose('/src/app')).toBe(await choose('/src/app'));
      const chosen = await Promise.all(Array.from({ length: 12 }, (_, i) => choose(`/src/${i}`)));
      expect(new Set(chosen).size).toBe(2);
    },
  );

  test.skipIf(!engine.dockerHost)('the error for a builder whose pods do not run says so', async () => {
    const { dir } = kubectl();
    const env = { ...cluster('other0'), PATH: `${dir}:${PATH}` };
    await expect(connect('big', { env })).rejects.toThrow(
      'the builder "big": no pod of the deployment other0 runs in the namespace ci',
    );
  });
});
