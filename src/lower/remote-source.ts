/** Remote sources of ADD: git repositories and files on the web. */
import type { SourceRange } from '../diagnostic/source-file.ts';
import { type GitRef, parseGitRef } from '../git/ref.ts';
import { base } from '../go/path.ts';
import { parseUrl } from '../go/url.ts';
import { parseDigest } from '../image/digest.ts';
import { type Constraints, git, http } from '../llb/index.ts';
import type { State } from '../llb/state.ts';

/**
 * Reads a source of ADD or COPY as a git reference.
 *
 * @returns undefined for other texts, and for `github.com/…`, which could be a path
 * @throws GitQueryError for a git reference with invalid options
 */
export function gitSource(source: string): GitRef | undefined {
  const ref = parseGitRef(source);
  return ref?.indistinguishableFromLocal ? undefined : ref;
}

/** The last place of a key in the query of a source; the whole source if it is not written there. */
export function queryRange(file: string, { start, end }: SourceRange, key: string): SourceRange {
  const pairs = [...file.slice(start, end).matchAll(/(?<=[?&])([^=&#]+)(?:=[^&#"']*)?/g)];
  // A commit is another name of the checksum.
  const match = pairs.findLast(([, name]) => name === key || (key === 'checksum' && name === 'commit'));
  return match ? { start: start + match.index, end: start + match.index + match[0].length } : { start, end };
}

/** Whether it is a valid git reference, even one that could be a path. */
export function isGitSource(source: string): boolean {
  try {
    return parseGitRef(source) !== undefined;
  } catch {
    return false;
  }
}

/** Whether a source is a file on the web. */
export function isHttpSource(source: string): boolean {
  return (source.startsWith('http://') || source.startsWith('https://')) && !isGitSource(source);
}

/** Options of a git source. */
export interface GitSettings extends Constraints {
  /** Whether to keep the directory `.git`. */
  readonly keepGitDir: boolean;
  /** '' if absent. */
  readonly checksum: string;
}

/** Makes the state of a git repository. */
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
 * @param checksum '' if absent
 * @throws Error for an invalid checksum
 */
export function httpState(url: string, checksum: string, constraints: Constraints = {}): State {
  if (checksum !== '') parseDigest(checksum);
  return http(url, { ...constraints, filename: httpFilename(url), checksum: checksum || undefined });
}

/** The file name of a download: the last part of the URL's path. */
export function httpFilename(url: string): string {
  const unnamed = '__unnamed__';
  try {
    const name = base(parseUrl(url).path);
    return name === '.' || name === '/' ? unnamed : name;
  } catch {
    return unnamed;
  }
}
