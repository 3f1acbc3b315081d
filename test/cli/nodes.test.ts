/** Which nodes of a builder build what, and what commands about one daemon say of the others. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type OpenedNode, openNodes } from '../../src/cli/build-command/nodes.ts';
import type { Io } from '../../src/cli/io.ts';
import { parsePlatform } from '../../src/image/platform.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { type FakeControl, fakeControl } from './fake-control.ts';
import { runCli } from './run-cli.ts';

const daemons: FakeControl[] = [];
const opened: OpenedNode[] = [];
afterEach(() => {
  for (const { connection } of opened.splice(0)) connection.close();
  for (const daemon of daemons.splice(0)) daemon.close();
});

interface Node {
  /** What `docker buildx create --platform` has said. */
  readonly meant?: readonly string[];
  /** What its worker says; undefined for a daemon that is down. */
  readonly runs?: readonly string[] | undefined;
}

/** The environment of a user who has a builder of these nodes, `big0` and so on. */
async function builderOf(...nodes: readonly Node[]): Promise<Record<string, string>> {
  const dir = temporaryDir();
  const stored = [];
  for (const [index, { meant = [], runs }] of nodes.entries()) {
    const Platforms = meant.map((it) => {
      const { os, architecture, variant } = parsePlatform(it);
      return { os, architecture, variant };
    });
    stored.push({ Name: `big${index}`, Endpoint: await daemonFor(runs, dir), Platforms, DriverOpts: null });
  }
  mkdirSync(path.join(dir, 'buildx/instances'), { recursive: true });
  const builder = { Name: 'big', Driver: 'remote', Dynamic: false, Nodes: stored };
  writeFileSync(path.join(dir, 'buildx/instances/big'), JSON.stringify(builder));
  return { DOCKER_CONFIG: dir, HOME: dir };
}

async function daemonFor(runs: readonly string[] | undefined, dir: string): Promise<string> {
  if (!runs) return `unix://${dir}/down.sock`;
  const platforms = runs.map((it) => {
    const { os, architecture, variant } = parsePlatform(it);
    return { OS: os, Architecture: architecture, Variant: variant };
  });
  const daemon = await fakeControl({
    listWorkers: async () => ({ record: [{ ID: 'w', platforms }] }),
    diskUsage: async () => ({ record: [] }),
    prune: async function* () {},
    listenBuildHistory: async function* () {},
  });
  daemons.push(daemon);
  return daemon.address.replace('buildkit+', '');
}

async function choose(platforms: readonly string[], ...nodes: readonly Node[]): Promise<Record<string, string[]>> {
  const io = { env: await builderOf(...nodes), signal: new AbortController().signal } as Io;
  await openNodes({ builders: ['big'], platforms, context: '.' }, opened, io);
  return Object.fromEntries(opened.map(({ place, platforms }) => [place, [...platforms]]));
}

describe('of a builder with several nodes', () => {
  test('the nodes that are meant for the platforms build them, and no other is asked', async () => {
    const nodes = [
      { meant: ['linux/amd64'], runs: ['linux/amd64', 'linux/arm64'] },
      {},
      { meant: ['linux/arm64', 'linux/arm/v7'], runs: ['linux/arm64'] },
    ];
    expect(await choose(['linux/arm64', 'linux/amd64', 'linux/arm/v7'], ...nodes)).toEqual({
      'big/big0': ['linux/amd64'],
      'big/big2': ['linux/arm64', 'linux/arm/v7'],
    });
  });

  test('the node that runs a platform best builds it where none is meant for it', async () => {
    const nodes = [{ runs: ['linux/arm64'] }, { runs: ['linux/arm/v7'] }, { runs: ['linux/amd64'] }];
    expect(await choose(['linux/arm/v7', 'linux/386', 'linux/arm64'], ...nodes)).toEqual({
      'big/big0': ['linux/arm64'],
      'big/big1': ['linux/arm/v7'],
      'big/big2': ['linux/386'],
    });
  });

  test('what a node is meant for counts as what it runs', async () => {
    const nodes = [{ runs: ['linux/arm64'] }, { meant: ['linux/arm/v6'], runs: ['linux/amd64'] }];
    expect(await choose(['linux/arm/v6', 'linux/amd64'], ...nodes)).toEqual({
      'big/big1': ['linux/arm/v6', 'linux/amd64'],
    });
  });

  test('the first of those that run a platform alike builds it, once where it is given twice', async () => {
    const nodes = [{ runs: ['linux/amd64'] }, { runs: ['linux/amd64', 'linux/arm64'] }, { runs: ['linux/arm64'] }];
    expect(await choose(['linux/amd64', 'linux/arm64', 'linux/amd64'], ...nodes)).toEqual({
      'big/big0': ['linux/amd64'],
      'big/big1': ['linux/arm64'],
    });
  });

  test('the first one builds what none runs, and what is for no platform in particular', async () => {
    const nodes = [{ runs: ['linux/amd64'] }, { runs: ['linux/arm64'] }];
    expect(await choose(['linux/s390x'], ...nodes)).toEqual({ 'big/big0': ['linux/s390x'] });
    for (const { connection } of opened.splice(0)) connection.close();
    expect(await choose([], ...nodes)).toEqual({ 'big/big0': [] });
  });

  test('a node that is down and may be needed is named', async () => {
    await expect(choose(['linux/arm64'], { runs: ['linux/amd64'] }, {})).rejects.toThrow(
      'the builder "big", node "big1": cannot connect to unix://',
    );
  });
});

describe('a command about one daemon', () => {
  const runs = ['linux/amd64'];
  test.each(['du', 'prune --force', 'history ls', 'workers'])('%s names the other nodes', async (command) => {
    const env = await builderOf({ runs }, { runs }, {});
    const args = command.split(' ');
    const note =
      'note: of the builder "big" this is the node "big0"; its others are "big1", "big2": --builder ADDRESS reaches one of them\n';
    expect(await runCli([...args, '--builder=big'], { env })).toMatchObject({ code: 0, stderr: note });
    expect(await runCli(args, { env: { ...env, BUILDX_BUILDER: 'big' } })).toMatchObject({ code: 0, stderr: note });
  });

  test('a command about one daemon prints no note for a builder with one node, or for an address', async () => {
    const env = await builderOf({ runs });
    expect(await runCli(['du', '--builder=big'], { env })).toMatchObject({ code: 0, stderr: '' });
    const address = daemons[0]!.address;
    const two = await builderOf({ runs }, { runs });
    const named = { ...two, BUILDX_BUILDER: 'big' };
    expect(await runCli(['du', `--builder=${address}`], { env: named })).toMatchObject({ code: 0, stderr: '' });
  });
});
