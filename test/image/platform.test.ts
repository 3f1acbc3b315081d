import { describe, expect, test } from 'vitest';
import {
  defaultPlatform,
  formatPlatform,
  formatShortPlatform,
  normalizePlatform,
  parsePlatform,
} from '../../src/image/platform.ts';
import { matchesPlatform, selectPlatform } from '../../src/image/platform-match.ts';

describe('parsePlatform', () => {
  test.each([
    ['linux/amd64', 'linux/amd64'],
    ['linux/x86_64', 'linux/amd64'],
    ['Linux/AMD64/v1', 'linux/amd64'],
    ['linux/amd64/v2', 'linux/amd64/v2'],
    ['linux/arm', 'linux/arm'],
    ['linux/arm/v7', 'linux/arm/v7'],
    ['linux/arm/6', 'linux/arm/v6'],
    ['linux/armhf', 'linux/arm'],
    ['linux/armel', 'linux/arm/v6'],
    ['linux/arm64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64/v8'],
    ['linux/aarch64/v9.0', 'linux/arm64/v9'],
    ['linux/i386', 'linux/386'],
    ['macos/arm64', 'darwin/arm64'],
    ['custom/anything', 'custom/anything'],
    ['arm', 'linux/arm'],
    ['riscv64', 'linux/riscv64'],
    ['windows(10.0.17763)/amd64', 'windows(10.0.17763)/amd64'],
    ['windows(10.0.17763+win32k)/amd64', 'windows(10.0.17763+win32k)/amd64'],
    ['windows(+b+a+a)/amd64', 'windows(+a+b)/amd64'],
    ['linux(1%2F2)/amd64', 'linux(1%2F2)/amd64'],
    ['windows()/amd64', 'windows/amd64'],
  ])('reads and normalizes %s', (specifier, formatted) => {
    expect(formatPlatform(parsePlatform(specifier))).toBe(formatted);
  });

  test('a bare OS takes the architecture of this machine', () => {
    expect(parsePlatform('windows')).toMatchObject({ os: 'windows', architecture: defaultPlatform().architecture });
  });

  const osPattern = String.raw`"^([A-Za-z0-9_-]+)(?:\\(([A-Za-z0-9_.%-]*)((?:\\+[A-Za-z0-9_.%-]+)*)\\))?$"`;
  const pattern = '"^[A-Za-z0-9_.-]+$"';
  test.each([
    [
      '',
      `"" is an invalid OS component of "": OSAndVersion specifier component must match ${osPattern}: invalid argument`,
    ],
    [
      'linux(1/amd64',
      `"linux(1" is an invalid OS component of "linux(1/amd64": OSAndVersion specifier component must match ${osPattern}: invalid argument`,
    ],
    ['*/amd64', '"*/amd64": wildcards not yet supported: invalid argument'],
    [
      'linux/',
      `"" is an invalid component of "linux/": platform specifier component must match ${pattern}: invalid argument`,
    ],
    [
      'linux/&arm64',
      `"&arm64" is an invalid component of "linux/&arm64": platform specifier component must match ${pattern}: invalid argument`,
    ],
    [
      'linux/a/b/c/d',
      `"c/d" is an invalid component of "linux/a/b/c/d": platform specifier component must match ${pattern}: invalid argument`,
    ],
    ['linux/arm/foo/bar', '"linux/arm/foo/bar": cannot parse platform specifier: invalid argument'],
    ['bogus', '"bogus": unknown operating system or architecture: invalid argument'],
    ['linux(%zz)/amd64', '"linux(%zz)/amd64" has an invalid OS version "%zz": invalid URL escape "%zz"'],
    [
      'linux(+%2)/amd64',
      '"linux(+%2)/amd64" has invalid OS features: invalid os feature "%2": invalid URL escape "%2"',
    ],
  ])("refuses %j with containerd's words", (specifier, message) => {
    expect(() => parsePlatform(specifier)).toThrow(new Error(message));
  });
});

test('a platform is printed in its normalized form', () => {
  const platform = {
    os: 'Windows',
    architecture: 'x86-64',
    variant: 'V1',
    osVersion: '1.0',
    osFeatures: ['b', 'a', 'b'],
  };
  const normalized = normalizePlatform(platform);
  expect(normalized).toEqual({
    os: 'windows',
    architecture: 'amd64',
    variant: '',
    osVersion: '1.0',
    osFeatures: ['a', 'b'],
  });
  expect(formatPlatform(normalized)).toBe('windows(1.0+a+b)/amd64');
  expect(formatShortPlatform(normalized)).toBe('windows/amd64');
  expect(formatPlatform({ ...normalized, os: '' })).toBe('unknown');
  expect(normalizePlatform({ ...normalized, os: '', architecture: 'arm', variant: '' })).toMatchObject({
    os: 'linux',
    variant: 'v7',
  });
});

describe('selectPlatform', () => {
  const select = (wanted: string, ...candidates: string[]) =>
    candidates[selectPlatform(candidates.map(parsePlatform), parsePlatform(wanted))];

  test.each([
    ['linux/amd64', ['linux/386', 'linux/amd64'], 'linux/amd64'],
    ['linux/amd64', ['linux/arm64', 'linux/386'], 'linux/386'],
    ['linux/amd64', ['linux/amd64/v2'], undefined],
    ['linux/amd64/v3', ['linux/amd64', 'linux/amd64/v2'], 'linux/amd64/v2'],
    ['linux/amd64/v3', ['linux/amd64'], 'linux/amd64'],
    ['linux/arm64', ['linux/arm/v7', 'linux/arm64/v8'], 'linux/arm64/v8'],
    ['linux/arm64', ['linux/arm/v5', 'linux/arm/v6'], 'linux/arm/v6'],
    ['linux/arm64/v9.1', ['linux/arm64', 'linux/arm64/v8.6'], 'linux/arm64/v8.6'],
    ['linux/arm64', ['linux/arm64/v8.1'], undefined],
    ['linux/arm/v7', ['linux/arm/v8', 'linux/arm/v5', 'linux/arm/v6'], 'linux/arm/v6'],
    ['linux/arm', ['linux/arm/v6', 'linux/arm/v7'], 'linux/arm/v7'],
    ['linux/s390x', ['windows/s390x', 'linux/s390x'], 'linux/s390x'],
    [
      'windows(10.0.17763.1)/amd64',
      ['windows(10.0.20348.1)/amd64', 'windows(10.0.17763.9)/amd64'],
      'windows(10.0.17763.9)/amd64',
    ],
    [
      'windows(10.0.26100)/amd64',
      ['windows(10.0.17763)/amd64', 'windows(10.0.20348)/amd64'],
      'windows(10.0.20348)/amd64',
    ],
    ['windows/amd64', ['windows(10.0.17763+win32k)/amd64'], 'windows(10.0.17763+win32k)/amd64'],
    ['linux(+x)/amd64', ['linux/amd64', 'linux(+x)/amd64'], 'linux(+x)/amd64'],
  ])('selects for %s the best of %j', (wanted, candidates, selected) => {
    expect(select(wanted, ...candidates)).toBe(selected);
  });

  test('matchesPlatform takes no lower variant', () => {
    expect(matchesPlatform(parsePlatform('linux/arm64'), parsePlatform('linux/arm64/v8'))).toBe(true);
    expect(matchesPlatform(parsePlatform('linux/arm/v7'), parsePlatform('linux/arm/v6'))).toBe(false);
    expect(matchesPlatform(parsePlatform('linux/amd64'), parsePlatform('linux(+x)/amd64'))).toBe(false);
  });
});
