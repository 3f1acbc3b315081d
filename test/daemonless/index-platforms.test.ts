/** Of an index whose entries state no platform, the daemon and `compile` take the same image, or refuse it alike. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { connect, solve } from '../../src/client/index.ts';
import { runCli } from '../cli/run-cli.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

const indexType = 'application/vnd.oci.image.index.v1+json';
const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const configType = 'application/vnd.oci.image.config.v1+json';

await onEngines('an index without platforms', { suites: ['forky', 'trixie'] }, (engine) => {
  let dir: string;
  beforeEach(() => {
    dir = temporaryDir();
  });

  /** Pushes images without layers, one after the other, and an index of them. */
  async function push(name: string, architectures: readonly string[], stated: readonly boolean[]): Promise<string> {
    const url = `http://${engine.registry}/v2/${name}`;
    const descriptorOf = (body: string, mediaType: string) => {
      const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
      return { mediaType, digest, size: Buffer.byteLength(body) };
    };
    const put = async (address: URL | string, body: string, type: string) => {
      const headers = { 'content-type': type };
      expect((await fetch(address, { method: 'PUT', headers, body })).status).toBe(201);
    };
    const manifests: object[] = [];
    for (const [at, architecture] of architectures.entries()) {
      const config = JSON.stringify({
        os: 'linux',
        architecture,
        config: { Labels: { which: `${at} ${architecture}` } },
        rootfs: { type: 'layers', diff_ids: [] },
      });
      const described = descriptorOf(config, configType);
      const opened = await fetch(`${url}/blobs/uploads/`, { method: 'POST' });
      const upload = new URL(opened.headers.get('location') ?? '', url);
      upload.searchParams.set('digest', described.digest);
      await put(upload, config, 'application/octet-stream');
      const manifest = JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config: described, layers: [] });
      await put(`${url}/manifests/${descriptorOf(manifest, '').digest}`, manifest, manifestType);
      const platform = stated[at] ? { platform: { os: 'linux', architecture } } : {};
      manifests.push({ ...descriptorOf(manifest, manifestType), ...platform });
    }
    await put(`${url}/manifests/1`, JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }), indexType);
    return `${engine.registry}/${name}:1`;
  }

  test.each([
    ['the first of them', ['amd64', 'arm64'], [false, false], '0 amd64'],
    ['no other than the first', ['arm64', 'amd64'], [false, false], undefined],
    ['one that states its platform, before all others', ['amd64', 'amd64'], [false, true], '1 amd64'],
    ['the first that states none, where the stated do not match', ['arm64', 'amd64'], [true, false], '1 amd64'],
  ] as const)('an index gives %s', async (_what, architectures, stated, which) => {
    const image = await push(`test/index-${randomBytes(4).toString('hex')}`, architectures, stated);
    const context = path.join(dir, 'context');
    mkdirSync(context);
    writeFileSync(path.join(context, 'Dockerfile'), `FROM ${image}\n`);
    const archive = path.join(dir, 'image.tar');
    const table = path.join(dir, 'images.json');
    const connection = await connect(engine.address);
    const built = solve(connection, {
      frontend: 'dockerfile.v0',
      frontendAttrs: { platform: 'linux/amd64' },
      localDirs: { context, dockerfile: context },
      exports: [{ type: 'oci', dest: archive }],
      auth: false,
    }).result.finally(() => connection.close());
    const options = ['--platform', 'linux/amd64', '--cache-dir', dir, '--write-images', table];
    const compiling = runCli(['compile', context, ...options]);
    if (which === undefined) {
      const nothing = /no match for platform in manifest sha256:[0-9a-f]{64}: not found/;
      await expect(built).rejects.toThrow(nothing);
      expect((await compiling).stderr).toMatch(nothing);
      return;
    }
    await built;
    expect(await compiling).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(archive, 'utf8')).toContain(`"which":"${which}"`);
    expect(readFileSync(table, 'utf8')).toContain(`"which": "${which}"`);
  });
});
