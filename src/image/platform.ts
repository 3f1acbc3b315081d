/** Platforms as containerd reads, normalizes and writes them. */
import { host } from '#host';
import { join } from '../go/path.ts';
import { quote } from '../go/quote.ts';
import { compareBytes, toLower, trimSpace } from '../go/unicode.ts';
import { unescapePath } from '../go/url.ts';
import { aString, checkArgument, listOf, objectWith } from '../text/arguments.ts';

/** A platform as in the OCI image specification; empty parts are ''. */
export interface Platform {
  /** `linux`, `windows`, … */
  readonly os: string;
  /** Go's name: `amd64`, `arm64`, … */
  readonly architecture: string;
  /** `v7` of `arm/v7`; '' if absent. */
  readonly variant: string;
  /** Version of Windows; '' if absent. */
  readonly osVersion: string;
  /** Features of Windows; empty if absent. */
  readonly osFeatures: readonly string[];
}

const component = /^[A-Za-z0-9_.-]+$/;
const osComponent = /^([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.%-]*)((?:\+[A-Za-z0-9_.%-]+)*)\))?$/;
const knownOs = words(
  'aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris windows zos',
);
const knownArchitectures = words(
  '386 amd64 amd64p32 arm armbe arm64 arm64be ppc64 ppc64le loong64 mips mipsle mips64 mips64le mips64p32 ' +
    'mips64p32le ppc riscv riscv64 s390 s390x sparc sparc64 wasm',
);

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}

/** Linux on this machine's architecture, as for a frontend in a container. */
export function defaultPlatform(): Platform {
  const { architecture } = host;
  const variant = architecture === 'arm64' ? 'v8' : architecture === 'arm' ? 'v7' : '';
  return { os: 'linux', architecture, variant, osVersion: '', osFeatures: [] };
}

/**
 * Parses `os`, `arch` or `os[(version+feature…)]/arch[/variant]` and normalizes it; a missing part is this machine's.
 * @throws Error containerd's texts, e.g. `"x": unknown operating system or architecture: invalid argument`
 */
export function parsePlatform(specifier: string): Platform {
  checkArgument('parsePlatform', 'specifier', specifier, aString);
  const invalid = (problem: string) => new Error(`${problem}: invalid argument`);
  if (specifier.includes('*')) throw invalid(`${quote(specifier)}: wildcards not yet supported`);
  const [first = '', ...rest] = specifier.split('/');
  const match = osComponent.exec(first);
  if (!match)
    throw invalid(
      `${quote(first)} is an invalid OS component of ${quote(specifier)}: ` +
        `OSAndVersion specifier component must match ${quote(osComponent.source)}`,
    );
  const os = normalizeOs(match[1]!);
  const osVersion = decodeOsVersion(specifier, match[2] ?? '');
  const osFeatures = decodeOsFeatures(specifier, match[3] ?? '');
  // A fourth part would have the rest with its slashes.
  for (const part of rest.length > 3 ? [...rest.slice(0, 2), rest.slice(2).join('/')] : rest) {
    if (!component.test(part))
      throw invalid(
        `${quote(part)} is an invalid component of ${quote(specifier)}: ` +
          `platform specifier component must match ${quote(component.source)}`,
      );
  }
  const local = defaultPlatform();
  const withoutDefaultArm = ({ architecture, variant }: { architecture: string; variant: string }) =>
    architecture === 'arm' && variant === 'v7' ? { architecture, variant: '' } : { architecture, variant };
  if (rest.length === 0) {
    if (knownOs.has(os)) {
      const variant = local.architecture === 'arm' && local.variant !== 'v7' ? local.variant : '';
      return { os, architecture: local.architecture, variant, osVersion, osFeatures };
    }
    const named = withoutDefaultArm(normalizeArchitecture(first, ''));
    if (!knownArchitectures.has(named.architecture))
      throw invalid(`${quote(specifier)}: unknown operating system or architecture`);
    return { os: local.os, ...named, osVersion, osFeatures };
  }
  if (rest.length > 2) throw invalid(`${quote(specifier)}: cannot parse platform specifier`);
  const [architecture = '', variant] = rest;
  if (variant === undefined)
    return { os, ...withoutDefaultArm(normalizeArchitecture(architecture, '')), osVersion, osFeatures };
  const named = normalizeArchitecture(architecture, variant);
  if (named.architecture === 'arm64' && named.variant === '') named.variant = 'v8';
  return { os, ...named, osVersion, osFeatures };
}

/** The canonical form: `x86_64` is `amd64`, `arm64/v8` is `arm64`, features are sorted. */
export function normalizePlatform(platform: Platform): Platform {
  return {
    os: normalizeOs(platform.os),
    ...normalizeArchitecture(platform.architecture, platform.variant),
    osVersion: platform.osVersion,
    osFeatures: [...new Set(platform.osFeatures)].sort(compareBytes),
  };
}

/** A {@link Platform} that a program gives. */
export const aPlatform = objectWith(
  { os: aString, architecture: aString, variant: aString, osVersion: aString, osFeatures: listOf(aString) },
  "a platform, as parsePlatform('linux/arm64') gives",
);

/** `os(version+feature)/arch/variant`, the id of a platform in results; `unknown` without an OS. */
export function formatPlatform(platform: Platform): string {
  checkArgument('formatPlatform', 'platform', platform, aPlatform);
  if (platform.os === '') return 'unknown';
  const features = [...new Set(platform.osFeatures)].filter((feature) => feature !== '').sort(compareBytes);
  const options = [encodeOsOption(platform.osVersion), ...features.map(encodeOsOption)].join('+');
  const os = options === '' ? platform.os : `${platform.os}(${options})`;
  return join(os, platform.architecture, platform.variant);
}

/** `os/arch/variant`, without version and features. */
export function formatShortPlatform(platform: Platform): string {
  return platform.os === '' ? 'unknown' : join(platform.os, platform.architecture, platform.variant);
}

function normalizeOs(os: string): string {
  const lower = toLower(os || 'linux');
  return lower === 'macos' ? 'darwin' : lower;
}

function normalizeArchitecture(name: string, variantName: string): { architecture: string; variant: string } {
  const architecture = toLower(name);
  const variant = toLower(variantName);
  switch (architecture) {
    case 'i386':
      return { architecture: '386', variant: '' };
    case 'x86_64':
    case 'x86-64':
    case 'amd64':
      return { architecture: 'amd64', variant: variant === 'v1' ? '' : variant };
    case 'aarch64':
    case 'arm64':
      if (['8', 'v8', 'v8.0'].includes(variant)) return { architecture: 'arm64', variant: '' };
      return { architecture: 'arm64', variant: ['9', '9.0', 'v9.0'].includes(variant) ? 'v9' : variant };
    case 'armhf':
      return { architecture: 'arm', variant: 'v7' };
    case 'armel':
      return { architecture: 'arm', variant: 'v6' };
    case 'arm':
      if (variant === '' || variant === '7') return { architecture, variant: 'v7' };
      return { architecture, variant: ['5', '6', '8'].includes(variant) ? `v${variant}` : variant };
    default:
      return { architecture, variant };
  }
}

/** Escapes the characters that are special in the syntax of a platform. */
function encodeOsOption(value: string): string {
  return value.replace(/[%+()/]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decodeOsVersion(specifier: string, version: string): string {
  try {
    return unescapePath(version);
  } catch (error) {
    throw new Error(`${quote(specifier)} has an invalid OS version ${quote(version)}: ${(error as Error).message}`);
  }
}

function decodeOsFeatures(specifier: string, features: string): string[] {
  return features
    .split('+')
    .slice(1)
    .map((feature) => {
      try {
        return unescapePath(trimSpace(feature));
      } catch (error) {
        throw new Error(
          `${quote(specifier)} has invalid OS features: invalid os feature ${quote(feature)}: ${(error as Error).message}`,
        );
      }
    })
    .filter((feature) => feature !== '');
}
