import { expect, test } from 'vitest';
import { checkInvalidBaseImagePlatform } from '../../../src/buildkit-rules/rules/invalid-base-image-platform.ts';
import { lines, reported } from './findings.ts';

test('InvalidBaseImagePlatform reports a base image of another platform than the expected one', () => {
  const amd64 = { os: 'linux', architecture: 'amd64' };
  const arm64 = { os: 'linux', architecture: 'arm64' };
  const format = (platform: typeof amd64) => `${platform.os}/${platform.architecture}`;
  const check = (expected: typeof amd64, actual: typeof amd64) =>
    reported((linter) => checkInvalidBaseImagePlatform(linter, { lines }, 'alpine', { expected, actual, format }));
  expect(check(amd64, arm64)).toEqual([
    'InvalidBaseImagePlatform: Base image alpine was pulled with platform "linux/arm64", expected "linux/amd64" for current build (line 1)',
  ]);
  expect(check(amd64, amd64)).toEqual([]);
});
