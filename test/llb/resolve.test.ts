import { expect, test } from 'vitest';
import { type Platform, parsePlatform, resolveImage, resolveImages } from '../../src/llb/index.ts';
import { lastOp } from './ops.ts';

test('resolveImage adds the config and pins the digest', async () => {
  const digest = `sha256:${'1'.repeat(64)}`;
  const asked: unknown[] = [];
  const resolve = async (ref: string, request: object) => {
    asked.push([ref, request]);
    return { digest, config: Buffer.from('{"config":{"Env":["A=1"],"WorkingDir":"/w"}}') };
  };
  const state = await resolveImage('app', resolve, { resolveMode: 'pull', pin: true });
  expect(asked).toEqual([['docker.io/library/app:latest', { platform: undefined, resolveMode: 'pull' }]]);
  expect(lastOp(state).op).toMatchObject({
    value: { identifier: `docker-image://docker.io/library/app:latest@${digest}` },
  });
  expect([state.getEnv('A'), state.getDir()]).toEqual(['1', '/w']);
  const moving = await resolveImage('app', resolve);
  expect(lastOp(moving).op).toMatchObject({ value: { identifier: 'docker-image://docker.io/library/app:latest' } });
});

test('resolveImages resolves concurrently, equal images once', async () => {
  const asked: string[] = [];
  const all = Promise.withResolvers<void>();
  const resolve = async (ref: string, { platform }: { platform: Platform | undefined }) => {
    asked.push(`${ref} ${platform?.architecture}`);
    if (asked.length === 3) all.resolve();
    await all.promise; // nobody is answered before all are asked
    return {
      digest: `sha256:${'1'.repeat(64)}`,
      config: Buffer.from(`{"config":{"WorkingDir":"/${asked.length}"}}`),
    };
  };
  const arm64 = parsePlatform('linux/arm64');
  const states = await resolveImages(
    {
      go: 'golang:1',
      base: 'alpine',
      again: { ref: 'alpine', pin: true },
      other: { ref: 'alpine', platform: arm64 },
    },
    resolve,
    { platform: parsePlatform('linux/amd64') },
  );
  expect(asked.sort()).toEqual([
    'docker.io/library/alpine:latest amd64',
    'docker.io/library/alpine:latest arm64',
    'docker.io/library/golang:1 amd64',
  ]);
  expect(Object.keys(states)).toEqual(['go', 'base', 'again', 'other']);
  expect(states.go.getDir()).toBe('/3');
  expect(lastOp(states.again).op).toMatchObject({ value: { identifier: expect.stringMatching(/@sha256:1+$/) } });
  expect(lastOp(states.other).platform).toMatchObject({ Architecture: 'arm64' });

  const failing = async () => {
    throw new Error('no such image');
  };
  await expect(resolveImages({ a: 'a', b: 'b' }, failing)).rejects.toThrow('no such image');
  // @ts-expect-error: only what was asked for is there
  expect(states.missing).toBeUndefined();
});
