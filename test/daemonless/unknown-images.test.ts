/** Checks and compilations say which images no resolver knew. */
import { expect, test } from 'vitest';
import { createDaemonlessBridge } from '../../src/daemonless/daemonless-bridge.ts';
import { withUnknownImages } from '../../src/daemonless/unknown-images.ts';
import { checkDockerfile, compile, memoryTree } from '../../src/index.ts';

function optionsOf(text: string) {
  const files = memoryTree({ Dockerfile: text });
  const locals = new Map([
    ['context', files],
    ['dockerfile', files],
  ]);
  return withUnknownImages({ opts: {}, locals, images: [] });
}

const digest = `sha256:${'1'.repeat(64)}`;

test('unknown images are named with their tags and without their digests', async () => {
  const options = optionsOf(`FROM alpine:3@${digest} AS a\nFROM example.com/b\nCOPY --from=a / /\n`);
  const names = ['docker.io/library/alpine:3', 'example.com/b:latest'];
  expect([...(await compile(options)).unknownImages].sort()).toEqual(names);
  expect([...(await checkDockerfile(options)).unknownImages].sort()).toEqual(names);
});

test('a build without images has no unknown ones', async () => {
  expect((await checkDockerfile(optionsOf('FROM scratch\n'))).unknownImages.size).toBe(0);
});

test('an image that is asked for its metadata is recorded too', async () => {
  const bridge = createDaemonlessBridge(optionsOf(''));
  const source = { identifier: 'docker-image://docker.io/library/alpine:3', attrs: {} };
  await bridge.resolveSourceMetadata(source, { logName: 'metadata' });
  expect([...bridge.unknownImages]).toEqual(['docker.io/library/alpine:3']);
});
