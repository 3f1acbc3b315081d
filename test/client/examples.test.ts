import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from './temporary-dir.ts';

const examples = path.resolve(import.meta.dirname, '../../examples');

await onEngines('the examples', { suites: ['forky', 'trixie'] }, (engine) => {
  const example = async (name: string, args: string[], env: NodeJS.ProcessEnv) =>
    engine.must(process.execPath, ['--conditions=source', path.join(examples, name), ...args], {
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

  test('image-without-dockerfile.ts compiles for two platforms, with the secret in neither', async () => {
    const dir = path.join(temporaryDir(), 'layout');
    const printed = await example('image-without-dockerfile.ts', ['example/hello:1', '--oci', dir], {
      BUILDER: await engine.baseImage(),
      COMPILE: 'test -s /run/secrets/license && echo "binary for $GOARCH" > /out/hello',
      LICENSE_KEY: 'very-secret',
      SSH_AUTH_SOCK: '',
    });
    const blob = (digest: string) =>
      JSON.parse(readFileSync(path.join(dir, 'blobs', digest.replace(':', '/')), 'utf8'));
    const digest = /sha256:[0-9a-f]{64}/.exec(printed)![0];
    const manifests = blob(digest).manifests.map((entry: { digest: string }) => blob(entry.digest));
    const configs = manifests.map((manifest: { config: { digest: string } }) => blob(manifest.config.digest));
    expect(configs.map((config: { architecture: string }) => config.architecture)).toEqual(['amd64', 'arm64']);
    expect(configs[0].config.Entrypoint).toEqual(['/hello']);
    expect(JSON.stringify(configs)).not.toContain('very-secret');
  });
});
