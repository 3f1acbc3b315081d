import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { bareBuildkit } from '../client/bare-buildkit.ts';
import type { Engine } from '../engine/engine.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { cliOn } from './run-cli.ts';

const tsfront = (engine: Engine, args: string[], env: NodeJS.ProcessEnv = {}) =>
  cliOn(engine)(args, 'FROM scratch\nLABEL image-store=1\n', env);

await onEngines('with the containerd store', { suites: ['forky', 'trixie'] }, (engine) => {
  test.skipIf(!engine.dockerHost)('the engine knows the ID that a build tells', async () => {
    const dir = temporaryDir();
    const args = ['build', '-q', '-t', 'image-store:1', `--iidfile=${dir}/id`, `--metadata-file=${dir}/meta.json`, '-'];
    const built = await tsfront(engine, args);
    expect(built.status, built.stderr).toBe(0);
    const id = built.stdout.trim();
    expect(readFileSync(`${dir}/id`, 'utf8')).toBe(id);
    const told = JSON.parse(readFileSync(`${dir}/meta.json`, 'utf8'));
    expect(told['containerimage.digest']).toBe(id);
    expect(told).not.toHaveProperty('containerimage.config.digest');
    const [inspected] = JSON.parse(await engine.must('docker', ['image', 'inspect', id]));
    expect(inspected.RepoTags).toContain('image-store:1');
  });

  test.each([
    ['--platform=linux/amd64,linux/arm64', 'one --platform'],
    ['--provenance=true', '--provenance=false'],
    ['--sbom=true', '--provenance=false'],
  ])('%s in an archive for Docker is refused before the build', async (flag, hint) => {
    const dest = path.join(temporaryDir(), 'out.tar');
    const args = ['build', flag, `--output=type=docker,dest=${dest}`, '--progress=plain', '-'];
    const refused = await tsfront(engine, args);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('ERROR: docker exporter does not support exporting manifest lists, use the oci ');
    expect(refused.stderr).toContain(hint);
    expect(refused.stderr).not.toContain('#1'); // no step was begun
    expect(existsSync(dest)).toBe(false);
  });

  test.skipIf(!engine.dockerHost)(
    'an image is loaded with what it says of its origin, and known by its ID',
    async () => {
      const buildkit = await bareBuildkit(engine.dockerHost);
      const env = { BUILDKIT_HOST: `buildkit+tcp://127.0.0.1:${buildkit.port}` };
      const args = ['build', '-q', '--load', '--provenance=true', '-t', 'image-store:loaded', '-'];
      const built = await tsfront(engine, args, env);
      buildkit.close();
      expect(built.status, built.stderr).toBe(0);
      const inspected = JSON.parse(await engine.must('docker', ['image', 'inspect', built.stdout.trim()]));
      expect(inspected[0].RepoTags).toContain('image-store:loaded');
    },
  );
});

await onEngines('without the containerd store', { suites: ['bookworm'] }, (engine) => {
  test.each([
    ['--provenance=true', 'Attestation'],
    ['--sbom=true', 'Attestation'],
    ['--attest=type=provenance,mode=max', 'Attestation'],
    ['--platform=linux/amd64,linux/arm64', 'Multi-platform build'],
    ['--output=type=oci,dest=out.tar', 'OCI exporter'],
    ['--output=type=docker,dest=out.tar', 'Docker exporter'],
    ['--cache-to=type=local,dest=cache', 'Cache export'],
  ])('%s is refused before the build', async (flag, what) => {
    const refused = await tsfront(engine, ['build', flag, '--progress=plain', '-']);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(`ERROR: ${what} is not supported for the docker driver.`);
    expect(refused.stderr).not.toContain('#1'); // no step was begun
    expect(existsSync('out.tar') || existsSync('cache')).toBe(false);
  });

  test('what is not asked for is no reason to refuse', async () => {
    for (const flag of ['--provenance=false', '--attest=type=sbom,disabled=true', '--platform=linux/amd64']) {
      const built = await tsfront(engine, ['build', '-q', flag, '-']);
      expect(built.status, built.stderr).toBe(0);
      // There an image is known by the digest of its config.
      await engine.must('docker', ['image', 'inspect', built.stdout.trim()]);
    }
  });
});
