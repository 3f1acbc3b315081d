import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { prepareCaches } from '../../src/client/cache.ts';
import { putInIndex } from '../../src/client/session/layout-index.ts';
import { temporaryDir } from '../temporary-dir.ts';

const env = {
  ACTIONS_CACHE_SERVICE_V2: 'True',
  ACTIONS_RUNTIME_TOKEN: 'token',
  ACTIONS_RESULTS_URL: 'https://results.example',
  AWS_ACCESS_KEY_ID: 'key',
  AWS_SECRET_ACCESS_KEY: 'secret',
};

test('caches of CI services get what their environment says, unless it is given', async () => {
  const gha = { type: 'gha', attrs: { scope: 's', token: 'mine' } };
  const s3 = { type: 's3', attrs: { region: 'r', bucket: 'b' } };
  const azblob = { type: 'azblob', attrs: { name: 'n' } };
  const { imports, exports } = await prepareCaches([s3], [gha, azblob, { type: 'inline' }], env);
  expect(imports).toEqual([
    { Type: 's3', Attrs: { region: 'r', bucket: 'b', access_key_id: 'key', secret_access_key: 'secret' } },
  ]);
  expect(exports).toEqual([
    {
      Type: 'gha',
      Attrs: { scope: 's', token: 'mine', url: 'https://results.example', url_v2: 'https://results.example' },
    },
    { Type: 'azblob', Attrs: { name: 'n' } },
    { Type: 'inline', Attrs: {} },
  ]);
});

test('caches of GitHub Actions are left out where there is no job', async () => {
  const entry = { type: 'gha', attrs: { scope: 's' } };
  const { imports, exports, frontendAttrs, warnings } = await prepareCaches([entry], [entry], {
    ACTIONS_RUNTIME_TOKEN: 't',
  });
  expect([imports, exports, frontendAttrs]).toEqual([[], [], {}]);
  const why = 'outside of a GitHub Actions job it needs the attributes token and url';
  expect([...warnings].sort()).toEqual([`gha cache export skipped: ${why}`, `gha cache import skipped: ${why}`]);
  const given = await prepareCaches([{ ...entry, attrs: { token: 't', url: 'http://x' } }], [], {});
  expect(given.imports).toEqual([{ Type: 'gha', Attrs: { token: 't', url: 'http://x' } }]);
  const v1 = await prepareCaches([entry], [], {
    ACTIONS_RUNTIME_TOKEN: 't',
    ACTIONS_RESULTS_URL: 'r',
    ACTIONS_CACHE_URL: 'c',
  });
  expect(v1.imports[0]!.Attrs).toEqual({ scope: 's', token: 't', url: 'c' });
});

test('a local cache is named in its index when the build has succeeded, and found by that name', async () => {
  const dir = mkdtempSync(path.join(temporaryDir(), 'cache-'));
  const skipped = async (attrs: Record<string, string>) => {
    const { imports, warnings } = await prepareCaches([{ type: 'local', attrs }]);
    expect(imports).toEqual([]);
    return warnings;
  };
  expect(await skipped({ src: dir })).toEqual([
    `local cache import at ${dir} skipped: nothing in its index.json has the tag latest`,
  ]);
  const missing = path.join(dir, 'missing');
  expect(await skipped({ src: missing })).toEqual([
    `local cache import at ${missing} skipped: there is no such directory`,
  ]);
  const digest = `sha256:${'1'.repeat(64)}`;
  const { finish, stores } = await prepareCaches([], [{ type: 'local', attrs: { dest: dir, tag: 'main' } }]);
  expect([...stores]).toEqual([[`local:${dir}`, { dir, writable: true }]]);
  const manifest = { mediaType: 'application/vnd.oci.image.index.v1+json', digest, size: 2 };
  const blob = path.join(dir, 'blobs/sha256', '1'.repeat(64));
  mkdirSync(path.dirname(blob), { recursive: true });
  await expect(finish({ 'cache.manifest': JSON.stringify(manifest) }, putInIndex)).rejects.toThrow(
    `${digest} is missing`,
  );
  expect(readdirSync(dir)).toEqual(['blobs']);
  writeFileSync(blob, '{}');
  await finish({ 'cache.manifest': JSON.stringify(manifest) }, putInIndex);
  rmSync(blob);
  expect(JSON.parse(readFileSync(path.join(dir, 'index.json'), 'utf8')).manifests).toMatchObject([{ digest }]);
  expect(await skipped({ src: dir, tag: 'main' })).toEqual([
    `local cache import at ${dir} skipped: it has no content ${digest}`,
  ]);
  writeFileSync(blob, '{}');
  const found = await prepareCaches([{ type: 'local', attrs: { src: dir, tag: 'main' } }]);
  expect(found.imports).toMatchObject([{ Type: 'local', Attrs: { digest } }]);
  expect([...found.stores]).toEqual([[`local:${dir}`, { dir, writable: false }]]);
  expect(JSON.parse(found.frontendAttrs['cache-imports']!)).toEqual(found.imports);
  expect(found.warnings).toEqual([]);
  await skipped({ src: dir, tag: 'other' });
  writeFileSync(path.join(dir, 'index.json'), '{');
  expect(await skipped({ src: dir })).toEqual([expect.stringMatching(/skipped: .*index\.json is not a JSON object/)]);
});

test.each([
  [[{ type: 'registry' }], [], 'registry cache importer requires ref'],
  [[], [{ type: 'registry' }], 'registry cache exporter requires ref'],
  [[{ type: 'local' }], [], 'local cache importer requires src'],
  [[], [{ type: 'local' }], 'local cache exporter requires dest'],
])('a cache from %j to %j is refused', async (from, to, message) => {
  await expect(prepareCaches(from, to)).rejects.toThrow(message);
});

test('two caches in one directory are refused: each would take the name of the other', async () => {
  const dir = temporaryDir();
  const to = ['c', './c'].map((name) => ({ type: 'local', attrs: { dest: `${dir}/${name}`, tag: name.slice(-1) } }));
  await expect(prepareCaches([], to)).rejects.toThrow(`two local caches would be written to ${dir}/./c`);
});
