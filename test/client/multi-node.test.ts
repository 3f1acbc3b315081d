import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Connection,
  connect,
  emptyBuildState,
  imageFrontend,
  noCredentials,
  reduceStatus,
  solveOnNodes,
} from '../../src/client/index.ts';
import { copy, local, scratch } from '../../src/llb/index.ts';
import { onEngines } from '../engine/on-engines.ts';

await onEngines('several nodes', { suites: ['forky', 'trixie'] }, (engine) => {
  let one: Connection;
  let other: Connection;
  beforeAll(async () => {
    await engine.baseImage(); // the registry is up then
    [one, other] = await Promise.all([connect(engine.address), connect(engine.address)]);
  });
  afterAll(() => {
    one?.close();
    other?.close();
  });
  test('build a platform each, and the image has both', async () => {
    const name = `${engine.registry}/test/nodes:1`;
    const nodes = [
      { connection: other, platforms: ['linux/arm64'] },
      { connection: one, platforms: [] },
    ];
    const build = solveOnNodes(nodes, {
      platforms: ['linux/amd64', 'linux/arm64'],
      names: [name],
      frontend: imageFrontend(['linux/amd64', 'linux/arm64'], () => ({
        state: scratch().file(copy(local('src'), 'app', '/app')),
        image: { cmd: ['/app'] },
      })),
      localDirs: { src: { app: 'binary' } },
      auth: false,
      join: { credentials: async () => noCredentials },
    });
    let state = emptyBuildState;
    for await (const update of build.status) state = reduceStatus(state, update);
    const { exporterResponse } = await build.result;
    const names = [...state.vertexes.values()].map(({ vertex }) => vertex.name);
    expect(names.some((step) => step.startsWith('[linux/arm64] '))).toBe(true);
    expect(names.some((step) => step.startsWith('[linux/amd64] '))).toBe(true);

    const answer = await fetch(`http://${engine.registry}/v2/test/nodes/manifests/1`, {
      headers: { accept: 'application/vnd.oci.image.index.v1+json' },
    });
    expect(answer.headers.get('docker-content-digest')).toBe(exporterResponse['containerimage.digest']);
    const { manifests } = (await answer.json()) as { manifests: { platform: { architecture: string } }[] };
    expect(manifests.map(({ platform }) => platform.architecture)).toEqual(['amd64', 'arm64']);
  });

  test('several nodes fail together if one of them fails', async () => {
    const build = solveOnNodes(
      [
        { connection: one, platforms: ['linux/amd64'] },
        { connection: other, platforms: ['linux/arm64'] },
      ],
      {
        platforms: ['linux/amd64', 'linux/arm64'],
        names: [`${engine.registry}/test/nodes:2`],
        frontend: (bridge) => {
          const [platform] = bridge.options.opts['platform']!.split(',');
          if (platform === 'linux/arm64') throw new Error('no compiler here');
          return new Promise(() => {}); // would never end by itself
        },
        auth: false,
      },
    );
    await expect(build.result).rejects.toThrow('no compiler here');
  });

  test('nodes that lack a platform are refused', () => {
    const nodes = [{ connection: one, platforms: ['linux/amd64'] }];
    expect(() => solveOnNodes(nodes, { platforms: ['linux/s390x'], names: ['x'] })).toThrow(
      'no node builds linux/s390x',
    );
  });
});
