/** Remote sources of ADD: git repositories and files on the web. */
import { base } from '../go/path.ts';
import { parseUrl } from '../go/url.ts';
import { parseDigest } from '../image/digest.ts';
import { type GitRef, parseGitRef } from '../image/git-ref.ts';
import { git, http } from '../llb/index.ts';
import type { Constraints } from '../llb/options.ts';
import type { State } from '../llb/state.ts';

/**
 * Reads a source of ADD or COPY as a git reference.
 *
 * @returns undefined if it is none, and for `github.com/…`, which could be a path
 * @throws Error for a git reference with invalid options
 */
export function gitSource(source: string): GitRef | undefined {
  const ref = parseGitRef(source);
  return ref?.indistinguishableFromLocal ? undefined : ref;
}

/** Whether it is a valid git reference, be it one that could be a path. */
export function isGitSource(source: string): boolean {
  try {
    return parseGitRef(source) !== undefined;
  } catch {
    return false;
  }
}

export function isHttpSource(source: string): boolean {
  return (source.startsWith('http://') || source.startsWith('https://')) && !isGitSource(source);
}

export interface GitSettings extends Constraints {
  readonly keepGitDir: boolean;
  /** '' for none. */
  readonly checksum: string;
}

export function gitState(ref: GitRef, { keepGitDir, checksum, ...constraints }: GitSettings): State {
  return git(ref.remote, '', {
    ...constraints,
    ref: ref.ref,
    keepGitDir,
    checksum: checksum || undefined,
    subDir: ref.subDir || undefined,
    skipSubmodules: ref.submodules === false,
    fetchByCommit: ref.fetchByCommit,
  });
}

/**
 * @param checksum '' for none
 * @throws Error for an invalid checksum
 */
export function httpState(url: string, checksum: string, constraints: Constraints = {}): State {
  if (checksum !== '') parseDigest(checksum);
  return http(url, { ...constraints, filename: httpFilename(url), checksum: checksum || undefined });
}

/** What a download is called: the last part of the path. */
export function httpFilename(url: string): string {
  const unnamed = '__unnamed__';
  try {
    const name = base(parseUrl(url).path);
    return name === '.' || name === '/' ? unnamed : name;
  } catch {
    return unnamed;
  }
}
