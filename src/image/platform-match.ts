/** Selects the platform of an image index that matches a wanted platform best. */
import { normalizePlatform, type Platform } from './platform.ts';

/**
 * The position in `candidates` of the best match for the platform; -1 if none matches. arm64 also matches 32-bit
 * arm, amd64 matches 386, and every variant matches lower ones, in containerd's order of preference; among equals, the
 * one with more of the wanted features wins, then the first.
 */
export function selectPlatform(candidates: readonly Platform[], wanted: Platform): number {
  for (const accepted of acceptedPlatforms(normalizePlatform(wanted))) {
    let best = -1;
    for (const [index, candidate] of candidates.entries()) {
      if (!matchesPlatform(accepted, candidate)) continue;
      if (best < 0 || candidate.osFeatures.length > candidates[best]!.osFeatures.length) best = index;
    }
    if (best >= 0) return best;
  }
  return -1;
}

/** Whether the candidate is exactly the platform, not a lower variant of it. */
export function matchesPlatform(platform: Platform, candidate: Platform): boolean {
  const left = normalizePlatform(platform);
  const right = normalizePlatform(candidate);
  const windows = left.os === 'windows';
  return (
    left.os === right.os &&
    left.architecture === right.architecture &&
    left.variant === right.variant &&
    (!windows || isWindowsVersionCompatible(left.osVersion, right.osVersion)) &&
    right.osFeatures.every((feature) => left.osFeatures.includes(feature) || (windows && feature === 'win32k'))
  );
}

/**
 * The distance of a platform from a machine's own: 0 for its own, more for others that it can run, as arm64 runs
 * arm/v7; -1 for platforms that it cannot run.
 */
export function platformDistance(machine: Platform, wanted: Platform): number {
  return acceptedPlatforms(normalizePlatform(machine)).findIndex((accepted) => matchesPlatform(accepted, wanted));
}

function acceptedPlatforms(platform: Platform): Platform[] {
  const variants = (architecture: string, names: readonly string[]) =>
    names.map((variant) => ({ ...platform, architecture, variant }));
  if (platform.architecture === 'amd64') {
    const version = variantNumber(platform.variant);
    return [...variants('amd64', [platform.variant, ...descending(version - 1, 1)]), ...variants('386', [''])];
  }
  if (platform.architecture === 'arm')
    return variants('arm', [platform.variant, ...descending(variantNumber(platform.variant) - 1, 5)]);
  if (platform.architecture !== 'arm64') return [platform];
  const variant = platform.variant || 'v8';
  const match = /^v([89])(?:\.(\d))?$/.exec(variant);
  const minor = Number(match?.[2] ?? 0);
  if (!match || (match[1] === '9' && minor > 7)) return [];
  const names = match[1] === '8' ? minors(8, minor) : [...minors(9, minor), ...minors(8, Math.min(minor + 5, 9))];
  return [...variants('arm64', names), ...variants('arm', ['v8', 'v7', 'v6', 'v5'])];
}

function variantNumber(variant: string): number {
  return /^v?\d+$/.test(variant) ? Number(variant.replace('v', '')) : 0;
}

function descending(from: number, to: number): string[] {
  return Array.from({ length: Math.max(0, Math.min(from, 99) - to + 1) }, (_, index) => `v${from - index}`);
}

function minors(major: number, minor: number): string[] {
  return Array.from({ length: minor + 1 }, (_, index) =>
    index === minor ? `v${major}` : `v${major}.${minor - index}`,
  );
}

const firstStableRelease = 20348; // Windows Server 2022
const stableReleases = [20348, 26100];

/** Since Server 2022, a host runs images that are not older than the stable release before it. */
function isWindowsVersionCompatible(host: string, image: string): boolean {
  const left = windowsVersion(host);
  if (!left || image === '') return true;
  const right = windowsVersion(image) ?? { major: 0, minor: 0, build: 0 };
  if (left.major !== right.major || left.minor !== right.minor) return false;
  if (left.build < firstStableRelease) return left.build === right.build;
  const oldest = stableReleases.findLast((release) => left.build > release) ?? firstStableRelease;
  return oldest <= right.build && right.build <= left.build;
}

function windowsVersion(text: string): { major: number; minor: number; build: number } | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)(?:\.|$)/.exec(text);
  if (!match) return undefined;
  const [major = 0, minor = 0, build = 0] = match.slice(1).map(Number);
  return major > 255 || minor > 255 || build > 65535 || major + minor + build === 0
    ? undefined
    : { major, minor, build };
}
