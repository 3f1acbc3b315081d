import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Connection,
  connect,
  dockerfileFrontend,
  type InProcessFrontend,
  type SolveOptions,
  solve,
} from '../../src/client/index.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

// Docker 20.10 has BuildKit 0.8, and no image store but its own.
await onEngines('an old engine', { suites: ['bookworm'] }, (engine) => {
  let connection: Connection;
  beforeAll(async () => {
    connection = await connect(engine.dockerHost);
  });
  afterAll(() => connection?.close());
  const files = { Dockerfile: 'FROM scratch\nCOPY f /d/f\nENV A=b\n', f: 'contents' };

  describe.skipIf(engine.suite === 'own').each<[string, string | InProcessFrontend]>([
    ['dockerfile.v0', 'dockerfile.v0'],
    ['tsfront', dockerfileFrontend],
  ])('an old engine builds with %s', (_, frontend) => {
    const run = (options: SolveOptions) =>
      solve(connection, { frontend, localDirs: { context: files, dockerfile: files }, auth: false, ...options }).result;

    test('builds a context, and exports files and archives', async () => {
      const dir = temporaryDir();
      await run({ exports: [{ type: 'local', dest: path.join(dir, 'out') }] });
      expect(readFileSync(path.join(dir, 'out/d/f'), 'utf8')).toBe('contents');
      await run({ exports: [{ type: 'tar', dest: path.join(dir, 'out.tar') }] });
      expect(await engine.must('tar', ['xOf', path.join(dir, 'out.tar'), 'd/f'])).toBe('contents');
    });

    test('a failed step is told with its exit code', async () => {
      const dockerfile = { Dockerfile: `FROM ${await engine.baseImage()}\nRUN exit 7\n` };
      const failing = run({ localDirs: { context: files, dockerfile } });
      await expect(failing).rejects.toMatchObject({ name: 'SolveError', exitCode: 7 });
    });

    test('builds an image into the engine', async () => {
      const name = 'example/old:1';
      await run({ exports: [{ type: 'custom', name: 'moby', attrs: { name } }] });
      expect(await engine.must('docker', ['image', 'inspect', '-f', '{{.Config.Env}}', name])).toContain('A=b');
    });

    test('says what it cannot do, and leaves nothing', async () => {
      const dir = temporaryDir();
      const name = `${engine.registry}/test/old:1`;
      const tar = { type: 'tar' as const, dest: path.join(dir, 'out.tar') };
      await expect(run({ exports: [{ type: 'image', attrs: { name, push: 'true' } }] })).rejects.toThrow(
        /exporter "image" could not be found .*dockerPush.*containerd image store/,
      );
      await expect(run({ exports: [{ type: 'oci', dest: path.join(dir, 'oci.tar') }] })).rejects.toThrow(
        /has no oci exporter/,
      );
      await expect(run({ exports: [tar, { type: 'local', dest: path.join(dir, 'out') }] })).rejects.toThrow(
        /too old for several outputs/,
      );
      const cacheTo = [{ type: 'local', attrs: { dest: path.join(dir, 'cache') } }];
      await expect(run({ cacheTo })).rejects.toThrow(/has no local cache/);
      for (const left of ['oci.tar', 'out.tar', 'out', 'cache'])
        expect(existsSync(path.join(dir, left)), left).toBe(false);
    });
  });

  test.skipIf(engine.suite === 'own')('pushes what tsfront build has made, through the engine', async () => {
    const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
    const name = `${engine.registry}/test/pushed-by-engine:1`;
    const push = (image: string) => {
      const args = [cli, 'build', '--progress=plain', '--push', '-t', image, `--metadata-file=${metadata}`, '-'];
      const options = { input: 'FROM scratch\nLABEL made=here\n', env: { BUILDKIT_HOST: engine.buildkitHost } };
      return engine.run(process.execPath, args, options);
    };
    const metadata = path.join(temporaryDir(), 'metadata.json');
    const pushed = await push(name);
    expect(pushed.status, pushed.stderr).toBe(0);
    const told = JSON.parse(readFileSync(metadata, 'utf8'));
    const accept = 'application/vnd.docker.distribution.manifest.v2+json';
    const answer = await fetch(`http://${engine.registry}/v2/test/pushed-by-engine/manifests/1`, {
      headers: { accept },
    });
    expect(answer.headers.get('docker-content-digest')).toBe(told['containerimage.digest']);
    const { config } = (await answer.json()) as { config: { digest: string } };
    expect(config.digest).toBe(told['containerimage.config.digest']);

    const refused = await push('localhost:1/test/x:1');
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/failed to push localhost:1\/test\/x:1: .*refused/);
  });
});
