/** The frontends named by `# syntax=` that behave exactly like this one, so that this one can run instead. */
import { parseNormalizedNamed } from '../image/reference.ts';

/**
 * The newest release of `docker/dockerfile` whose results this frontend equals: compared with it, case by case.
 * docs/compatibility.md lists what this frontend has of later releases.
 */
export const equalVersion = { major: 1, minor: 26 } as const;

/**
 * `1`, `1.7`, `1.7.1`, `1.7.0-rc2`, `1.7-labs`, and the channels. `master` is not among them: it is not released, and
 * may do anything.
 */
const tagPattern = /^(?:latest|labs|experimental|(\d+)(?:\.(\d+)(?:\.\d+)?(?:-rc\d+)?)?(?:-labs|-experimental)?)$/;

/**
 * Whether a frontend is Docker's for Dockerfiles, of a version up to the one we equal: later versions read what earlier
 * ones did, and the labs channel all that the stable one does. A frontend that is pinned by its digest is run itself.
 */
export function isEqualFrontend(source: string): boolean {
  try {
    const { domain, path, tag, digest } = parseNormalizedNamed(source);
    if (domain !== 'docker.io' || !['docker/dockerfile', 'docker/dockerfile-upstream'].includes(path)) return false;
    if (digest !== '') return false;
    const match = tagPattern.exec(tag === '' ? 'latest' : tag);
    if (!match) return false;
    const [, major, minor] = match;
    return major === undefined || (Number(major) === equalVersion.major && Number(minor ?? 0) <= equalVersion.minor);
  } catch {
    return false; // no name of an image: the daemon says so
  }
}

/** Whether a frontend has the name that tsfront's image has, in whichever registry. */
export function isOwnFrontend(source: string): boolean {
  try {
    return /(^|\/)tsfront$/.test(parseNormalizedNamed(source).path);
  } catch {
    return false;
  }
}

/**
 * Whether a frontend is tsfront's own in its newest release: a build program that names it is run here just as well. A
 * frontend of another version, or pinned by its digest, is run itself.
 */
export function runsProgramsAlike(source: string): boolean {
  if (!isOwnFrontend(source)) return false;
  const { tag, digest } = parseNormalizedNamed(source);
  return digest === '' && (tag === '' || tag === 'latest');
}
