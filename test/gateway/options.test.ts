import { describe, expect, test } from 'vitest';
import {
  allCapabilities,
  createCapabilities,
  frontendCapabilities,
  llbCapabilities,
} from '../../src/gateway/capabilities.ts';
import { parseFrontendOptions } from '../../src/gateway/options.ts';
import { parsePlatform } from '../../src/image/platform.ts';

const worker = { id: 'w', platforms: [parsePlatform('linux/arm64')] };

const parse = (opts: Record<string, string>, capabilities = allCapabilities(llbCapabilities)) =>
  parseFrontendOptions({
    opts,
    sessionId: 's',
    product: 'buildkit',
    workers: [worker],
    frontendCapabilities: allCapabilities(frontendCapabilities),
    llbCapabilities: capabilities,
  });

describe('parseFrontendOptions', () => {
  test('gives the default of each option that is absent', () => {
    const options = parse({});
    expect(options).toMatchObject({
      target: '',
      targetPlatforms: [],
      multiPlatformRequested: false,
      imageResolveMode: 'default',
      networkMode: 'sandbox',
      shmSize: 0n,
      noCache: undefined,
      linuxResources: undefined,
      sbom: undefined,
      checkConfig: undefined,
    });
    expect(options.buildPlatforms).toEqual([worker.platforms[0]]);
  });

  test('takes build arguments, labels and sessions apart', () => {
    const options = parse({
      'build-arg:A': '1',
      'label:l': 'v',
      'local-sessionid:context': 'other',
      'build-argument': 'x',
    });
    expect([...options.buildArgs]).toEqual([['A', '1']]);
    expect([...options.labels]).toEqual([['l', 'v']]);
    expect([...options.localSessionIds]).toEqual([['context', 'other']]);
  });

  test('lets build arguments override options, for other frontends too', () => {
    const { opts, hostname, multiPlatformRequested } = parse({
      'build-arg:BUILDKIT_SANDBOX_HOSTNAME': 'box',
      hostname: 'h',
      'build-arg:BUILDKIT_MULTI_PLATFORM': 'true',
    });
    expect({ hostname, multiPlatformRequested }).toEqual({ hostname: 'box', multiPlatformRequested: true });
    expect(opts).toMatchObject({ hostname: 'box', 'multi-platform': 'true' });
  });

  test('reads hosts, limits and cache imports', () => {
    const options = parse({
      'add-hosts': 'A=1.2.3.4,"b=::FFFF:10.0.0.1",c=2001:DB8:0:0::1',
      ulimit: 'nofile=1024:2048,core=-1',
      memory: '100',
      memswap: '-1',
      cpusetcpus: '0-3, 5',
      'cache-imports': '[{"Type":"gha"},null,{"type":"local","Attrs":{"src":"/c"}}]',
      'cache-from': 'a,b',
      'no-cache': 'x,y',
    });
    expect(options.extraHosts).toEqual([
      { host: 'a', ip: '1.2.3.4' },
      { host: 'b', ip: '10.0.0.1' },
      { host: 'c', ip: '2001:db8::1' },
    ]);
    expect(options.ulimits).toEqual([
      { name: 'nofile', soft: 1024n, hard: 2048n },
      { name: 'core', soft: -1n, hard: -1n },
    ]);
    expect(options.linuxResources).toMatchObject({ memory: 100n, memorySwap: -1n, cpusetCpus: '0-3, 5' });
    expect(options.cacheImports).toEqual([
      { type: 'gha', attrs: {} },
      { type: '', attrs: {} },
      { type: 'local', attrs: { src: '/c' } },
      { type: 'registry', attrs: { ref: 'a' } },
      { type: 'registry', attrs: { ref: 'b' } },
    ]);
    expect(options.noCache).toEqual(['x', 'y']);
    expect(parse({ 'no-cache': '' }).noCache).toEqual([]);
  });

  test('normalizes the SBOM scanner', () => {
    const { sbom } = parse({ 'attest:sbom': 'generator=example.com/scan,LEVEL=2,flag' });
    expect(sbom?.generator).toBe('example.com/scan:latest');
    expect([...(sbom?.parameters ?? [])]).toEqual([
      ['LEVEL', '2'],
      ['flag', ''],
    ]);
  });

  test.each([
    [
      { platform: 'a/b/c/d' },
      'failed to parse target platform a/b/c/d: "a/b/c/d": cannot parse platform specifier: invalid argument',
    ],
    [{ 'image-resolve-mode': 'x' }, 'invalid image-resolve-mode: x'],
    [{ 'force-network-mode': 'x' }, 'invalid netmode x'],
    [{ 'add-hosts': 'a' }, 'failed to parse additional hosts: invalid key-value pair a'],
    [{ 'add-hosts': 'A=Nope' }, 'failed to parse additional hosts: failed to parse IP nope'],
    [{ 'shm-size': '1g' }, 'failed to parse shm size: strconv.ParseInt: parsing "1g": invalid syntax'],
    [{ ulimit: 'x=1' }, 'failed to parse ulimit: invalid ulimit type: x'],
    [{ memory: '0' }, 'failed to parse resource limits: invalid memory value: 0: must be > 0'],
    [{ memswap: '-2' }, 'failed to parse resource limits: invalid memswap value: -2: must be -1 (unlimited) or > 0'],
    [
      { cpushares: '-1' },
      'failed to parse resource limits: invalid cpushares value: -1: strconv.ParseUint: parsing "-1": invalid syntax',
    ],
    [
      { cpusetcpus: '1-x' },
      'failed to parse resource limits: invalid cpusetcpus value: 1-x: invalid cpuset range "1-x"',
    ],
    [
      { cpusetmems: '9000' },
      'failed to parse resource limits: invalid cpusetmems value: 9000: cpuset element "9000" exceeds maximum 8192',
    ],
    [{ 'multi-platform': 'maybe' }, 'invalid boolean value for multi-platform: maybe'],
    [
      { 'multi-platform': '0', platform: 'linux/amd64,linux/arm64' },
      'conflicting config: returning multiple target platforms is not allowed',
    ],
    [
      { 'cache-imports': '{}' },
      'failed to unmarshal cache-imports ("{}"): json: cannot unmarshal object into Go value of type []*moby_buildkit_v1.CacheOptionsEntry',
    ],
    [{ 'attest:magic': '' }, 'unknown attestation type "magic"'],
    [{ 'attest:constructor': '' }, 'unknown attestation type "constructor"'],
    [{ 'attest:İ': '' }, 'unknown attestation type "i"'],
    [{ 'override-copy-image': 'x' }, 'support for "override-copy-image" was removed in BuildKit 0.11'],
    [
      { 'build-arg:BUILDKIT_DISABLE_FILEOP': '1' },
      'support for "BUILDKIT_DISABLE_FILEOP" build-arg was removed in BuildKit 0.11',
    ],
    [
      { 'build-arg:BUILDKIT_DOCKERFILE_CHECK': 'x' },
      'failed to parse build-arg:BUILDKIT_DOCKERFILE_CHECK: invalid check option "x"',
    ],
  ])("refuses %j with the reference's words", (opts, message) =>
    expect(() => parse(opts as Record<string, string>)).toThrow(new Error(message)),
  );

  test('a daemon without file operations is refused', () =>
    expect(() => parse({}, createCapabilities(llbCapabilities, [], 'buildkit'))).toThrow(
      'needs BuildKit 0.5 or later: requested prerelease feature file.base  is not supported by build server',
    ));
});
