import { readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { connect, solve } from '../../src/client/index.ts';
import { readLayout } from '../e2e/read-image.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from './temporary-dir.ts';

const examples = path.resolve(import.meta.dirname, '../../examples');

await onEngines('the examples', { suites: ['forky', 'trixie'] }, (engine) => {
  const example = async (name: string, args: string[], env: NodeJS.ProcessEnv) =>
    engine.must(process.execPath, ['--conditions=tsfront-source', path.join(examples, name), ...args], {
      env: { BUILDKIT_HOST: engine.buildkitHost, ...env },
    });

  test('drive-buildkit.ts builds a Dockerfile held in memory', async () => {
    const image = `${engine.registry}/example/driven:1`;
    const printed = await example('drive-buildkit.ts', [examples, image], { BASE: await engine.baseImage() });
    expect(printed).toContain(`image  ${image}`);
    expect(printed).toMatch(/digest sha256:[0-9a-f]{64}/);
    if (engine.dockerHost)
      expect(await engine.must('docker', ['run', '--rm', '--network=none', image])).toBe('greetings from Linux\n');
  });

  // a compiler in name: where the real image has it, so that it is found only by the config's PATH
  const goScript = `#!/bin/sh
test "$1" = build && test "$(pwd)" = /src && test -f main.go && test -S "$SSH_AUTH_SOCK" && test -d /root/.cache || exit 1
echo "$GOOS/$GOARCH cgo=$CGO_ENABLED" > "$3"
`;

  async function pushBuilder(): Promise<string> {
    const name = `${engine.registry}/example/builder:1`;
    const files = {
      Dockerfile: `FROM ${await engine.baseImage()}\nENV PATH=/usr/local/go/bin:$PATH\nCOPY --chmod=755 go /usr/local/go/bin/go\n`,
      go: goScript,
    };
    const connection = await connect(engine.address);
    const exports = [{ type: 'image', attrs: { name, push: 'true' } }] as const;
    const build = solve(connection, {
      frontend: 'dockerfile.v0',
      localDirs: { context: files, dockerfile: files },
      exports,
    });
    await build.result.finally(() => connection.close());
    return name;
  }

  /** An agent without keys. */
  async function startAgent(): Promise<{ path: string; close(): void }> {
    const socket = path.join(temporaryDir(), 'agent');
    const server = net.createServer((client) => client.on('data', () => client.write(Buffer.from([0, 0, 0, 1, 5]))));
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    return { path: socket, close: () => server.close() };
  }

  test('image-without-dockerfile.ts compiles for two platforms, and the image holds nothing but the binary', async () => {
    const secret = 'very-secret-license';
    const layout = path.join(temporaryDir(), 'layout');
    const pushed = `${engine.registry}/example/hello:1`;
    const agent = await startAgent();
    const env = { BUILDER: await pushBuilder(), LICENSE_KEY: secret, SSH_AUTH_SOCK: agent.path };
    try {
      const printed = await example('image-without-dockerfile.ts', ['example/hello:1', '--oci', layout], env);
      const images = readLayout(layout);
      expect(images.map(({ config }) => config.architecture)).toEqual(['amd64', 'arm64']);
      for (const { config, files } of images) {
        expect(config.config.Entrypoint).toEqual(['/hello']);
        expect(files.map((line) => line.replace(/ .*/s, ''))).toEqual(['/hello']);
      }
      for (const blob of readdirSync(path.join(layout, 'blobs/sha256'))) {
        const bytes = readFileSync(path.join(layout, 'blobs/sha256', blob));
        expect((bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).includes(secret)).toBe(false);
      }
      await example('image-without-dockerfile.ts', [pushed, '--push'], env);
      const accept =
        'application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json';
      const answer = await fetch(`http://${engine.registry}/v2/example/hello/manifests/1`, { headers: { accept } });
      expect(((await answer.json()) as { manifests: unknown[] }).manifests.length).toBe(2);
      expect(printed).toMatch(/sha256:[0-9a-f]{64}/);
    } finally {
      agent.close();
    }
  });
});
