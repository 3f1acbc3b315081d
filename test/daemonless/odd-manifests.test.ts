/**
 * What BuildKit takes for a base image, compile takes; what it refuses, compile refuses: odd manifests in a real
 * registry.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

const sha = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const types = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  empty: 'application/vnd.oci.empty.v1+json',
};
const tar = Buffer.alloc(1024); // an archive of nothing
const platform = { os: 'linux', architecture: 'amd64' };
const config = { ...platform, rootfs: { type: 'layers', diff_ids: [sha(tar)] }, history: [{ created_by: 'x' }] };

interface Descriptor {
  readonly mediaType?: string;
  readonly digest: string;
  readonly size: number;
}

await onEngines('a base image', { suites: ['forky'] }, (engine) => {
  const repository = `test/odd-${process.pid}`;
  const url = `http://${engine.registry}/v2/${repository}`;
  let dir: string;
  let layers: Descriptor[];
  beforeAll(async () => {
    dir = temporaryDir();
    layers = [{ mediaType: types.layer, ...(await putBlob(gzipSync(tar))) }];
  });

  async function putBlob(bytes: Uint8Array<ArrayBuffer>): Promise<Descriptor> {
    const started = await fetch(`${url}/blobs/uploads/`, { method: 'POST' });
    const to = new URL(started.headers.get('location')!, url);
    to.searchParams.set('digest', sha(bytes));
    expect((await fetch(to, { method: 'PUT', body: bytes })).status).toBe(201);
    return { digest: sha(bytes), size: bytes.length };
  }
  const putConfig = async (value: unknown, mediaType = types.config) => ({
    mediaType,
    ...(await putBlob(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)))),
  });
  async function put(tag: string, value: object, mediaType: string): Promise<Descriptor> {
    const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...value }));
    const headers = { 'content-type': mediaType };
    expect((await fetch(`${url}/manifests/${tag}`, { method: 'PUT', body, headers })).status).toBe(201);
    return { mediaType, digest: sha(body), size: body.length };
  }
  const manifest = (tag: string, value: object) => put(tag, { layers, ...value }, types.manifest);
  const index = (tag: string, ...manifests: object[]) => put(tag, { manifests }, types.index);
  const good = async (tag: string, more: object = {}) => manifest(tag, { config: await putConfig(config), ...more });

  const odd: Record<string, (tag: string) => Promise<unknown>> = {
    plain: good,
    'artifact-of-an-image': (tag) => good(tag, { artifactType: 'application/x.thing' }),
    artifact: async (tag) =>
      manifest(tag, { artifactType: 'application/x.thing', config: await putConfig('{}', types.empty) }),
    chart: async (tag) =>
      manifest(tag, { config: await putConfig({ name: 'c' }, 'application/vnd.cncf.helm.config.v1+json') }),
    plugin: async (tag) => manifest(tag, { config: await putConfig(config, 'application/vnd.docker.plugin.v1+json') }),
    'docker-config': async (tag) =>
      manifest(tag, { config: await putConfig(config, 'application/vnd.docker.container.image.v1+json') }),
    'config-of-early-registries': async (tag) =>
      manifest(tag, { config: await putConfig(config, 'application/octet-stream') }),
    'empty-config': async (tag) => manifest(tag, { config: await putConfig('{}') }),
    'config-that-is-no-json': async (tag) => manifest(tag, { config: await putConfig('hello') }),
    'config-that-is-a-list': async (tag) => manifest(tag, { config: await putConfig('[]') }),
    'config-with-other-types': async (tag) =>
      manifest(tag, { config: await putConfig({ ...config, config: { Env: 'x' } }) }),
    'config-without-platform': async (tag) =>
      manifest(tag, { config: await putConfig({ ...config, os: undefined, architecture: undefined }) }),
    'no-rootfs': async (tag) => manifest(tag, { config: await putConfig({ ...config, rootfs: undefined }) }),
    'config-that-is-null': async (tag) => manifest(tag, { config: await putConfig('null') }),
    'diff-id-that-is-none': async (tag) =>
      manifest(tag, { config: await putConfig({ ...config, rootfs: { type: 'layers', diff_ids: ['foo'] } }) }),
    'more-layers-in-the-config': async (tag) =>
      manifest(tag, {
        config: await putConfig({ ...config, rootfs: { type: 'layers', diff_ids: [sha(tar), sha(tar)] } }),
      }),
    'no-layers-in-the-manifest': (tag) => good(tag, { layers: [] }),
    'wrong-size': async (tag) => {
      const put = await putConfig({ ...config, author: tag });
      return manifest(tag, { config: { ...put, size: put.size + 1 } });
    },
    'empty-index': (tag) => index(tag),
    'index-of-an-index': async (tag) => index(tag, await index('inner', { ...(await good('inmost')), platform })),
    'attestations-only': async (tag) =>
      index(tag, { ...(await good('inmost')), platform: { os: 'unknown', architecture: 'unknown' } }),
    'another-platform': async (tag) =>
      index(tag, { ...(await good('inmost')), platform: { os: 'linux', architecture: 's390x' } }),
    'index-of-an-unknown-type': async (tag) =>
      index(tag, { ...(await good('inmost')), mediaType: 'application/x.thing', platform }),
    'index-with-an-artifact-first': async (tag) => {
      const artifact = await manifest('inmost', { config: await putConfig('{}', types.empty) });
      return index(tag, { ...artifact, platform }, { ...(await good('other')), platform });
    },
  };

  test.each(Object.keys(odd))('an odd manifest is accepted or refused as by the engine: %s', async (name) => {
    await odd[name]!(name);
    writeFileSync(path.join(dir, 'Dockerfile'), `FROM ${engine.registry}/${repository}:${name}\nWORKDIR /x\n`);
    const args = ['--platform=linux/amd64', dir];
    const build = ['build', '--builder', engine.address, '-o', 'type=cacheonly', '--progress=plain'];
    const built = await runCli([...build, ...args]);
    const compiled = await runCli(['compile', '--cache-dir', path.join(dir, 'cache'), ...args]);
    expect(compiled.code, `${built.stderr}\n${compiled.stderr}`).toBe(built.code);
    const words =
      /encountered unknown type \S+; children may not be fetched|mismatched image rootfs|failed to parse diffID "foo"|no match for platform/;
    const said = words.exec(built.stderr)?.[0];
    if (said) expect(compiled.stderr).toContain(said);
  });
});
