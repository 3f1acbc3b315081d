/**
 * The frontend options of a build (`BUILDKIT_FRONTEND_OPT_*`): what `docker build` and `buildctl` pass, with the keys,
 * rules and error texts of BuildKit's frontend/dockerui.
 */
import { type CheckConfig, parseCheckConfig } from '../buildkit-rules/check-options.ts';
import { checkCpuset } from '../go/cpuset.ts';
import { parseCsvFields } from '../go/csv.ts';
import { decodeJson, field, goMap, goPointer, goSlice, goString, goStruct } from '../go/json-decode.ts';
import { parseIP } from '../go/net.ts';
import { quote } from '../go/quote.ts';
import { parseUlimit } from '../go/size.ts';
import { splitAtFirst } from '../go/split-at-first.ts';
import { isTrue, parseBool, parseInteger, parseUnsigned } from '../go/strconv.ts';
import { toLower } from '../go/unicode.ts';
import { defaultPlatform, normalizePlatform, type Platform, parsePlatform } from '../image/platform.ts';
import { formatReference, parseNormalizedNamed, tagNameOnly } from '../image/reference.ts';
import type { ExtraHost, LinuxResources, NetworkMode, ResolveMode, Ulimit } from '../llb/index.ts';
import type { BuildSettings } from '../lower/environment.ts';
import { wrapError, wrapErrors } from '../text/error-message.ts';
import { parseAttestations } from './attestations.ts';
import type { BridgeOptions, CacheOptionsEntry } from './bridge.ts';

/** Options of the SBOM attestation. */
export interface SbomOptions {
  /** Image that scans, normalized. */
  readonly generator: string;
  /** Parameters of the generator, by name. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** The options of the frontend: those of lowering, and what is decided around it. */
export interface FrontendOptions extends BuildSettings {
  /** The options as given, with those that build arguments override. Named contexts and forwarding change them. */
  readonly opts: Readonly<Record<string, string>>;
  /** [] if the build names no platform. */
  readonly targetPlatforms: readonly Platform[];
  /** The caches to read from. */
  readonly cacheImports: readonly CacheOptionsEntry[];
  /** The SBOM to attach; undefined if none is wanted. */
  readonly sbom: SbomOptions | undefined;
  /** Overrides `# check=`. */
  readonly checkConfig: CheckConfig | undefined;
  /** Session IDs of local sources that do not come from the session of the build, by name. */
  readonly localSessionIds: ReadonlyMap<string, string>;
}

/** Reads the options; throws with the reference's text for the first that is wrong. */
export function parseFrontendOptions({ opts: given, workers, llbCapabilities }: BridgeOptions): FrontendOptions {
  const missing = llbCapabilities.missing('file.base');
  if (missing) throw wrapError(missing, 'needs BuildKit 0.5 or later');
  const opts: Record<string, string> = { ...given };
  refuseRemovedOptions(opts);

  const workerPlatform = workers[0]?.platforms[0];
  const targetPlatforms = opts['platform'] ? parsePlatforms(opts['platform']) : [];
  const imageResolveMode = parseResolveMode(opts['image-resolve-mode'] ?? '');
  const extraHosts = wrapErrors('failed to parse additional hosts', () => parseExtraHosts(opts['add-hosts'] ?? ''));
  const shmSize = wrapErrors('failed to parse shm size', () => (opts['shm-size'] ? parseInt64(opts['shm-size']) : 0n));
  const ulimits = wrapErrors('failed to parse ulimit', () => parseUlimits(opts['ulimit'] ?? ''));
  const linuxResources = wrapErrors('failed to parse resource limits', () => parseLinuxResources(opts));
  const networkMode = parseNetworkMode(opts['force-network-mode'] ?? '');
  const noCache = opts['no-cache'];
  const multiPlatformRequested = parseMultiPlatform(opts, targetPlatforms.length);
  const cacheImports = parseCacheImports(opts);
  const sbom = parseSbom(opts);
  const hostname = opts['build-arg:BUILDKIT_SANDBOX_HOSTNAME'];
  if (hostname) opts['hostname'] = hostname;
  const check = opts['build-arg:BUILDKIT_DOCKERFILE_CHECK'];

  return {
    opts,
    buildArgs: buildArgsOf(opts),
    labels: withPrefix(opts, 'label:'),
    target: opts['target'] ?? '',
    targetPlatforms,
    buildPlatforms: [workerPlatform ?? defaultPlatform()],
    multiPlatformRequested,
    cacheIdNamespace: opts['build-arg:BUILDKIT_CACHE_MOUNT_NS'] ?? '',
    cgroupParent: opts['cgroup-parent'] ?? '',
    extraHosts,
    hostname: opts['hostname'] ?? '',
    imageResolveMode,
    networkMode,
    shmSize,
    ulimits,
    linuxResources,
    noCache: noCache === undefined ? undefined : noCache === '' ? [] : noCache.split(','),
    cacheImports,
    sbom,
    checkConfig:
      check === undefined
        ? undefined
        : wrapErrors('failed to parse build-arg:BUILDKIT_DOCKERFILE_CHECK', () => parseCheckConfig(check)),
    localSessionIds: withPrefix(opts, 'local-sessionid:'),
  };
}

function refuseRemovedOptions(opts: Readonly<Record<string, string>>): void {
  if (opts['override-copy-image']) throw new Error('support for "override-copy-image" was removed in BuildKit 0.11');
  if (isTrue(opts['build-arg:BUILDKIT_DISABLE_FILEOP']))
    throw new Error('support for "BUILDKIT_DISABLE_FILEOP" build-arg was removed in BuildKit 0.11');
}

const parseInt64 = (value: string) => parseInteger(value, 10, 64);
const parseUint64 = (value: string) => parseUnsigned(value, 10, 64);

function parsePlatforms(value: string): Platform[] {
  return value
    .split(',')
    .map((platform) =>
      wrapErrors(`failed to parse target platform ${platform}`, () => normalizePlatform(parsePlatform(platform))),
    );
}

function parseResolveMode(value: string): ResolveMode {
  if (value === '') return 'default';
  if (value === 'default' || value === 'pull' || value === 'local') return value;
  throw new Error(`invalid image-resolve-mode: ${value}`);
}

function parseNetworkMode(value: string): NetworkMode {
  if (value === '') return 'sandbox';
  if (value === 'none' || value === 'host' || value === 'sandbox') return value;
  throw new Error(`invalid netmode ${value}`);
}

function parseExtraHosts(value: string): ExtraHost[] {
  if (value === '') return [];
  return parseCsvFields(value).map((entry) => {
    const [host, address] = splitAtFirst(toLower(entry), '=');
    if (address === undefined) throw new Error(`invalid key-value pair ${entry}`);
    const ip = parseIP(address);
    if (ip === undefined) throw new Error(`failed to parse IP ${address}`);
    return { host, ip };
  });
}

function parseUlimits(value: string): Ulimit[] {
  return value === '' ? [] : parseCsvFields(value).map(parseUlimit);
}

function parseLinuxResources(opts: Readonly<Record<string, string>>): LinuxResources | undefined {
  const limit = (key: string, parse: (value: string) => bigint, valid: (n: bigint) => boolean, rule: string) => {
    const value = opts[key];
    if (!value) return 0n;
    const n = wrapErrors(`invalid ${key} value: ${value}`, () => parse(value));
    if (!valid(n)) throw new Error(`invalid ${key} value: ${value}: must be ${rule}`);
    return n;
  };
  const positive = (n: bigint) => n > 0n;
  const cpuset = (key: string) => {
    const value = opts[key] ?? '';
    if (value !== '') wrapErrors(`invalid ${key} value: ${value}`, () => checkCpuset(value));
    return value;
  };
  const resources = {
    memory: limit('memory', parseInt64, positive, '> 0'),
    memorySwap: limit('memswap', parseInt64, (n) => n >= -1n && n !== 0n, '-1 (unlimited) or > 0'),
    cpuShares: limit('cpushares', parseUint64, positive, '> 0'),
    cpuPeriod: limit('cpuperiod', parseUint64, positive, '> 0'),
    cpuQuota: limit('cpuquota', parseInt64, positive, '> 0'),
    cpusetCpus: cpuset('cpusetcpus'),
    cpusetMems: cpuset('cpusetmems'),
  };
  return Object.values(resources).some(Boolean) ? resources : undefined;
}

function parseMultiPlatform(opts: Record<string, string>, targets: number): boolean {
  const override = opts['build-arg:BUILDKIT_MULTI_PLATFORM'];
  if (override) opts['multi-platform'] = override;
  const value = opts['multi-platform'];
  if (!value) return targets > 1;
  let requested: boolean;
  try {
    requested = parseBool(value);
  } catch {
    throw new Error(`invalid boolean value for multi-platform: ${value}`);
  }
  if (!requested && targets > 1)
    throw new Error('conflicting config: returning multiple target platforms is not allowed');
  return requested;
}

function parseCacheImports(opts: Readonly<Record<string, string>>): CacheOptionsEntry[] {
  const json = opts['cache-imports'];
  const entries = json ? parseCacheImportsJson(json) : [];
  const refs = opts['cache-from']?.split(',') ?? [];
  if (opts['cache-from']) for (const ref of refs) entries.push({ type: 'registry', attrs: { ref } });
  return entries;
}

const cacheEntries = goSlice(
  goPointer(
    goStruct('moby_buildkit_v1.CacheOptionsEntry', {
      type: field('Type', goString()),
      attrs: field('Attrs', goMap(goString())),
    }),
  ),
);

function parseCacheImportsJson(json: string): CacheOptionsEntry[] {
  const entries = wrapErrors(`failed to unmarshal cache-imports (${quote(json)})`, () =>
    decodeJson(json, cacheEntries),
  );
  return (entries ?? []).map((entry) => ({
    type: entry?.type ?? '',
    attrs: Object.fromEntries(entry?.attrs ?? []),
  }));
}

function parseSbom(opts: Readonly<Record<string, string>>): SbomOptions | undefined {
  const attributes = parseAttestations(opts).get('sbom');
  if (!attributes) return undefined;
  const generator = attributes.get('generator')!;
  const parameters = new Map([...attributes].filter(([key]) => key !== 'generator'));
  const ref = wrapErrors(`failed to parse sbom scanner ${generator}`, () => parseNormalizedNamed(generator));
  return { generator: formatReference(tagNameOnly(ref)), parameters };
}

/** The build arguments among the options of a frontend, by name. */
export const buildArgsOf = (opts: Readonly<Record<string, string>>): Map<string, string> =>
  withPrefix(opts, 'build-arg:');

function withPrefix(opts: Readonly<Record<string, string>>, prefix: string): Map<string, string> {
  const found = Object.entries(opts).filter(([key]) => key.startsWith(prefix));
  return new Map(found.map(([key, value]) => [key.slice(prefix.length), value]));
}
