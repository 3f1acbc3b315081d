import { afterEach, beforeEach, expect, test } from 'vitest';
import { type IndexEntry, joinImages } from '../../src/client/image-index.ts';
import { noCredentials } from '../../src/registry/docker-config.ts';
import { stopClock } from '../http/stopped-clock.ts';
import { type FakeRegistry, sha256, startFakeRegistry } from '../registry/fake-registry.ts';

let registry: FakeRegistry;
beforeEach(async () => {
  registry = await startFakeRegistry();
});
afterEach(() => registry.close());

const part = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: `sha256:${'0'.repeat(64)}`, size: 2 };
const push = (parts: readonly IndexEntry[] = [part]) =>
  joinImages([`${registry.host}/team/app:1`], parts, {
    credentials: async () => noCredentials,
    limits: { patienceMs: 10_000, attempts: 2, delayMs: 1 },
  });

test('an index that a registry does not take names it and the step', async () => {
  const { host } = registry;
  const clock = stopClock();
  registry.fault = () => {
    clock.pass(10_000);
    return true;
  };
  await expect(push()).rejects.toThrow(
    `failed to push the index ${host}/team/app:1: ${host}: no answer within 10 s (PUT /v2/team/app/manifests/1)`,
  );
  registry.fault = (_, response) => {
    response.writeHead(500).end();
    return true;
  };
  await expect(push()).rejects.toThrow(
    `failed to push the index ${host}/team/app:1: ${host} answered 500 to PUT team/app:1`,
  );
  registry.fault = (_, response) => {
    response.writeHead(201).end();
    return true;
  };
  expect(await push()).toMatchObject({ mediaType: 'application/vnd.oci.image.index.v1+json' });
});

const mediaType = 'application/vnd.oci.image.index.v1+json';
const index = (manifests: unknown) => {
  const text = JSON.stringify({ manifests });
  return { text, part: { mediaType, digest: sha256(text), size: Buffer.byteLength(text) } };
};
const stray = { digest: 'sha256:../../../other/manifests/1', size: 2 };

test.each<[what: string, text: string, part: IndexEntry, error: RegExp]>([
  ['is named by what is not a digest', '{}', { mediaType, ...stray }, /invalid digest "sha256:\.\.\/\.\./],
  ['is not a digest in a plain part', '{}', { mediaType: '', ...stray }, /invalid digest "sha256:\.\.\/\.\./],
  ['is something else', '{"manifests":[]}', index([part]).part, /has 16 bytes instead of \d+/],
  ['is of another size', index([part]).text, { ...index([part]).part, size: 5 }, /has \d+ bytes instead of 5/],
  ['is not an index', index(7).text, index(7).part, /is not an image index/],
  ['has entries of any kind', index([7]).text, index([7]).part, /has a descriptor without digest/],
  ['has an entry by no digest', index([stray]).text, index([stray]).part, /invalid digest "sha256:\.\./],
])('a part that %s is not pushed', async (_what, text, joined, error) => {
  registry.fault = (request, response) => {
    response.writeHead(request.method === 'GET' ? 200 : 201).end(text);
    return true;
  };
  await expect(push([joined])).rejects.toThrow(error);
  for (const line of registry.log) expect(line).toMatch(/^GET \/v2\/team\/app\/manifests\/sha256:[0-9a-f]{64}$/);
});
