import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type Container,
  type InProcessBridge,
  imageFrontend,
  imageResolver,
  type SolveOptions,
  solve,
} from '../../src/client/index.ts';
import { runFrontend } from '../../src/gateway/run-frontend.ts';
import { copy, image, local, resolveImage, scratch } from '../../src/llb/index.ts';
import { RpcError } from '../../src/rpc/rpc-error.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { connected } from './connected.ts';

await onEngines('an in-process frontend', { suites: ['forky', 'trixie'] }, (engine) => {
  const daemon = connected(engine);

  const run = (options: SolveOptions) => solve(daemon.connection, { auth: false, ...options }).result;

  test('builds a Dockerfile without a frontend image', async () => {
    const dir = temporaryDir();
    const dest = temporaryDir();
    writeFileSync(
      path.join(dir, 'Dockerfile'),
      `FROM ${daemon.base} AS b\nARG X\nRUN echo $X >/x\nFROM scratch\nCOPY --from=b /x /`,
    );
    const options = {
      localDirs: { context: dir, dockerfile: dir },
      frontendAttrs: { 'build-arg:X': 'value' },
      exports: [{ type: 'local' as const, dest }],
    };
    await run({ ...options, frontend: runFrontend });
    expect(readFileSync(path.join(dest, 'x'), 'utf8')).toBe('value\n');
  });

  test('fails like the one in the daemon, pointing at the line', async () => {
    const dir = temporaryDir({ Dockerfile: 'FROM scratch\nCOPPY a b\n' });
    const failure = await run({ frontend: runFrontend, localDirs: { context: dir, dockerfile: dir } }).catch((e) => e);
    expect(failure).toBeInstanceOf(RpcError);
    expect(failure.status).toMatch(/^dockerfile parse error on line 2: unknown instruction: COPPY/);
    expect(failure.details.map(({ typeUrl }: { typeUrl: string }) => typeUrl).join()).toContain('errdefs.Source');
  });

  test('gives an image of several platforms its configs', async () => {
    const dir = temporaryDir({ app: 'app' });
    const dest = temporaryDir();
    await run({
      frontend: imageFrontend(['linux/amd64', 'linux/arm64/v8'], () => ({
        state: scratch().file(copy(local('src'), 'app', '/app')),
        image: { entrypoint: ['/app'], env: { A: 'b' }, labels: { l: 'v' } },
      })),
      localDirs: { src: dir },
      exports: [{ type: 'oci', dest, attrs: { tar: 'false', name: 'example/app:1' } }],
    });
    const blob = (digest: string) =>
      JSON.parse(readFileSync(path.join(dest, 'blobs', digest.replace(':', '/')), 'utf8'));
    const [root] = JSON.parse(readFileSync(path.join(dest, 'index.json'), 'utf8')).manifests;
    expect(root.annotations['io.containerd.image.name']).toBe('docker.io/example/app:1');
    const configs = blob(root.digest).manifests.map(({ digest }: { digest: string }) =>
      blob(blob(digest).config.digest),
    );
    expect(configs.map(({ architecture, variant }: Record<string, string>) => [architecture, variant])).toEqual([
      ['amd64', undefined],
      ['arm64', 'v8'],
    ]);
    expect(configs[1].config).toMatchObject({ Entrypoint: ['/app'], Labels: { l: 'v' } });
    expect(configs[1].config.Env).toContain('A=b');
  });

  describe('an image of a state', () => {
    let rich: string;
    beforeAll(async () => {
      rich = `${engine.registry}/test/rich-base:1`;
      const dir = temporaryDir();
      const lines = [
        'ENV A=1 PATH=/rich/bin B=base',
        'LABEL of=base',
        'WORKDIR /base',
        'USER 7:8',
        'EXPOSE 80',
        'VOLUME /v',
      ];
      const last = ['STOPSIGNAL SIGINT', 'HEALTHCHECK CMD ["true"]', 'ONBUILD RUN true'];
      const entry = ['ENTRYPOINT ["base"]', 'CMD ["argument"]'];
      writeFileSync(path.join(dir, 'Dockerfile'), [`FROM ${daemon.base}`, ...lines, ...last, ...entry].join('\n'));
      await engine.must('docker', ['build', '-q', '-t', rich, dir]);
      await engine.must('docker', ['push', '-q', rich]);
    });

    /** The config of what a frontend builds; `ArgsEscaped` is a leftover of CMD instructions. */
    async function configOf(frontend: SolveOptions['frontend'], dockerfile = '') {
      const dest = temporaryDir();
      await run({
        frontend,
        frontendAttrs: { 'no-cache': '' },
        localDirs: { context: { f: 'x' }, dockerfile: { Dockerfile: dockerfile } },
        exports: [{ type: 'oci', dest, attrs: { tar: 'false' } }],
      });
      const read = (file: string) => JSON.parse(readFileSync(path.join(dest, file), 'utf8'));
      const blob = (digest: string) => read(`blobs/${digest.replace(':', '/')}`);
      const { config, ...image } = blob(blob(read('index.json').manifests[0].digest).config.digest);
      const { ArgsEscaped, ...rest } = config;
      return { config: rest, os: image.os, architecture: image.architecture };
    }
    const hello = () => copy(local('context'), 'f', '/f');

    test.each(['named', 'resolved'])(
      'an image of a state has what its base and the state say, as a stage has: %s',
      async (kind) => {
        const from = async (bridge: InProcessBridge) =>
          kind === 'named' ? image(rich) : await resolveImage(rich, imageResolver(bridge), { pin: true });
        const untouched = await configOf(
          imageFrontend([], async (_, bridge) => ({ state: (await from(bridge)).file(hello()) })),
        );
        expect(untouched).toEqual(await configOf(runFrontend, `FROM ${rich}\nCOPY f /f\n`));
        expect(untouched.config).toMatchObject({ Entrypoint: ['base'], Cmd: ['argument'], User: '7:8' });

        const changed = await configOf(
          imageFrontend([], async (_, bridge) => ({
            state: (await from(bridge)).addEnv('B', 'state').addEnv('C', '3').dir('/w').user('9').file(hello()),
            image: { labels: { l: 'v' }, entrypoint: ['mine'], exposedPorts: ['81/tcp'], env: { D: '4' } },
          })),
        );
        const lines = ['ENV B=state C=3', 'WORKDIR /w', 'USER 9', 'COPY f /f'];
        const settings = ['LABEL l=v', 'ENTRYPOINT ["mine"]', 'EXPOSE 81', 'ENV D=4'];
        const stage = await configOf(runFrontend, [`FROM ${rich}`, ...lines, ...settings].join('\n'));
        expect(changed.config).toEqual(stage.config);
      },
    );

    test('an image of a state has nothing of a base that it was not made of, and what is taken away', async () => {
      const { config } = await configOf(
        imageFrontend([], () => ({ state: scratch().file(copy(image(rich), '/', '/')) })),
      );
      expect(config).toEqual({ Env: [expect.stringMatching(/^PATH=.*\/sbin/)], WorkingDir: '/' });
      const settings = { entrypoint: [], user: '', workingDir: 'sub' };
      const bare = await configOf(imageFrontend([], () => ({ state: image(rich).file(hello()), image: settings })));
      expect(bare.config).toMatchObject({ WorkingDir: '/base/sub', Labels: { of: 'base' } });
      for (const gone of ['Entrypoint', 'Cmd', 'User', 'OnBuild']) expect(bare.config).not.toHaveProperty(gone);
    });
  });

  test('runs programs in containers on its results', async () => {
    let seen: unknown;
    await run({
      frontend: async (bridge) => {
        const { ref } = await bridge.solve({ definition: image(daemon.base).marshal() });
        const container = await bridge.container({ mounts: [{ dest: '/', ref }] });
        const args = ['sh', '-c', 'cat; echo err >&2; exit 3'];
        const child = container.exec({ args, env: ['PATH=/bin'], stdin: Readable.from('in') });
        seen = await Promise.all([text(child.stdout), text(child.stderr), child.exit]);
        await container.release();
        return { metadata: new Map() };
      },
    });
    expect(seen).toEqual(['in', 'err\n', 3]);
  });

  test('holds a program back whose output nobody reads', async () => {
    let held = 0;
    let total = 0;
    await run({
      frontend: async (bridge) => {
        const { ref } = await bridge.solve({ definition: image(daemon.base).marshal() });
        const container = await bridge.container({ mounts: [{ dest: '/', ref }] });
        const args = ['sh', '-c', 'head -c 50000000 /dev/zero; echo end >&2'];
        const child = container.exec({ args, env: ['PATH=/bin'] });
        child.stderr.resume();
        await expect.poll(() => child.stdout.readableLength, { timeout: 20_000 }).toBeGreaterThan(15 << 20);
        await new Promise((resolve) => setTimeout(resolve, 500));
        held = child.stdout.readableLength;
        for await (const chunk of child.stdout) total += chunk.length;
        expect(await child.exit).toBe(0);
        await container.release();
        return { metadata: new Map() };
      },
    });
    expect(held).toBeLessThan(18 << 20);
    expect(total).toBe(50_000_000);
  });

  test('runs programs with caches and secrets', async () => {
    let seen: unknown;
    await run({
      secrets: { token: { value: 'in a file' }, other: { value: 'in a variable' } },
      frontend: async (bridge) => {
        const { ref } = await bridge.solve({ definition: image(daemon.base).marshal() });
        const id = `container-${process.pid}`;
        const start = () =>
          bridge.container({
            mounts: [
              { dest: '/', ref },
              { type: 'cache', dest: '/cache', id },
              { type: 'secret', dest: '/run/secrets/token', id: 'token' },
            ],
          });
        const exec = async (container: Container, command: string) => {
          const secretEnv = [{ id: 'other', name: 'OTHER' }];
          const child = container.exec({ args: ['sh', '-c', command], env: ['PATH=/bin'], secretEnv });
          const output = await text(child.stdout);
          await child.exit;
          await container.release();
          return output;
        };
        await exec(await start(), 'echo kept > /cache/f');
        seen = await exec(
          await start(),
          'cat /cache/f /run/secrets/token; echo " $OTHER"; stat -c %a /run/secrets/token',
        );
        return { metadata: new Map() };
      },
    });
    expect(seen).toBe('kept\nin a file in a variable\n400\n');
  });

  test('a frontend that throws fails the build with its error', async () => {
    const failure = await run({ frontend: () => Promise.reject(new TypeError('mine')) }).catch((e) => e);
    expect(failure.message).toBe('mine');
    expect(failure.cause).toBeInstanceOf(TypeError);
  });
});
