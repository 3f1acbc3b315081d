import { afterEach, beforeEach, expect, test } from 'vitest';
import { joinImages } from '../../src/client/image-index.ts';
import { noCredentials } from '../../src/image/docker-config.ts';
import { type FakeRegistry, startFakeRegistry } from '../image/fake-registry.ts';

let registry: FakeRegistry;
beforeEach(async () => {
  registry = await startFakeRegistry();
});
afterEach(() => registry.close());

const part = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: `sha256:${'0'.repeat(64)}`, size: 2 };
const push = () =>
  joinImages([`${registry.host}/team/app:1`], [part], {
    credentials: async () => noCredentials,
    limits: { patienceMs: 100, attempts: 2, delayMs: 1 },
  });

test('an index that a registry does not take names it and the step', async () => {
  const { host } = registry;
  registry.fault = () => true;
  await expect(push()).rejects.toThrow(
    `failed to push the index ${host}/team/app:1: ${host}: no answer within 0.1 s (PUT /v2/team/app/manifests/1)`,
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
