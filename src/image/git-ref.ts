/** References to git repositories in a Dockerfile or as a build context. */
import { quote } from '../go/quote.ts';
import { parseBool } from '../go/strconv.ts';
import { parseUrl } from '../go/url.ts';
import { type GitUrl, gitUrlFrom, parseGitUrl } from './git-url.ts';

export interface GitRef {
  /** Address of the repository, for git. */
  readonly remote: string;
  /** Name of the folder that a clone makes. */
  readonly shortName: string;
  /** Commit, tag or branch; '' for the default branch. */
  readonly ref: string;
  /** Commit hash that the ref has to have, or ''. */
  readonly checksum: string;
  /** Folder within the repository, or ''. */
  readonly subDir: string;
  /** `github.com/org/repo`: could be a local path as well. Only a build context may be written so. */
  readonly indistinguishableFromLocal: boolean;
  /** `http://` or `git://`. */
  readonly unencryptedTcp: boolean;
  readonly keepGitDir: boolean | undefined;
  readonly submodules: boolean | undefined;
  /** `checkout`, `commit` or ''. */
  readonly mtime: string;
  /** Fetch the checksum itself instead of comparing it with the ref. */
  readonly fetchByCommit: boolean;
}

/**
 * Parses a reference; undefined if it is none (a web address needs the suffix `.git`).
 * @throws Error if it is one, but with a bad query: `query "ref" has no value`, `ref conflicts: "a" vs "b"`, …
 */
export function parseGitRef(text: string): GitRef | undefined {
  if (text.startsWith('./') || text.startsWith('../')) return undefined;
  const local = text.startsWith('github.com/');
  // Every other form has a colon; most sources of a COPY have none.
  if (!local && !text.includes(':')) return undefined;
  const url = tryParse(text, local);
  if (!url) return undefined;
  const web = url.scheme === 'http' || url.scheme === 'https';
  if (!local && web && !url.path.endsWith('.git')) return undefined;
  const remote = local ? url.remote.slice(url.remote.indexOf('://') + 3) : url.remote;
  return applyQuery(
    {
      remote,
      shortName: remote.slice(remote.lastIndexOf('/') + 1).replace(/\.git$/, ''),
      ref: url.ref,
      checksum: '',
      subDir: url.subDir,
      indistinguishableFromLocal: local,
      unencryptedTcp: !local && (url.scheme === 'http' || url.scheme === 'git'),
      keepGitDir: undefined,
      submodules: undefined,
      mtime: '',
      fetchByCommit: false,
    },
    url.query,
  );
}

function tryParse(text: string, local: boolean): GitUrl | undefined {
  try {
    return local ? gitUrlFrom({ ...parseUrl(text), scheme: 'https' }) : parseGitUrl(text);
  } catch {
    return undefined;
  }
}

function applyQuery(git: GitRef, query: GitUrl['query']): GitRef {
  const result: { -readonly [K in keyof GitRef]: GitRef[K] } = { ...git };
  const setRef = (ref: string) => {
    if (result.ref && result.ref !== ref) throw new Error(`ref conflicts: ${quote(result.ref)} vs ${quote(ref)}`);
    result.ref = ref;
  };
  let tag = '';
  let branch = '';
  for (const [key, values] of query) {
    if (values.length > 1) throw new Error(`query ${quote(key)} has multiple values`);
    const value = values[0] ?? '';
    if (value === '' && !flags.has(key)) throw new Error(`query ${quote(key)} has no value`);
    switch (key) {
      case 'ref':
        setRef(value);
        break;
      case 'tag':
        tag = value;
        break;
      case 'branch':
        branch = value;
        break;
      case 'subdir':
        if (result.subDir && result.subDir !== value)
          throw new Error(`subdir conflicts: ${quote(result.subDir)} vs ${quote(value)}`);
        result.subDir = value;
        break;
      case 'checksum':
      case 'commit':
        result.checksum = value;
        break;
      case 'keep-git-dir':
        result.keepGitDir = parseFlag(key, value);
        break;
      case 'submodules':
        result.submodules = parseFlag(key, value);
        break;
      case 'fetch-by-commit':
        result.fetchByCommit = parseFlag(key, value);
        break;
      case 'mtime':
        if (value !== 'checkout' && value !== 'commit')
          throw new Error(`invalid mtime value: ${quote(value)} (must be "checkout" or "commit")`);
        result.mtime = value;
        break;
      default:
        throw new Error(`unexpected query ${quote(key)}`);
    }
  }
  if (tag) setRef(tag.startsWith('refs/tags/') ? tag : `refs/tags/${tag}`);
  if (branch && tag) throw new Error('branch conflicts with tag');
  if (branch) setRef(branch.startsWith('refs/heads/') ? branch : `refs/heads/${branch}`);
  return result;
}

/** Keys that may stand without a value, which means true. */
const flags = new Set(['keep-git-dir', 'submodules', 'fetch-by-commit']);

function parseFlag(key: string, value: string): boolean {
  if (value === '') return true;
  try {
    return parseBool(value);
  } catch {
    throw new Error(`invalid ${key} value: ${quote(value)}`);
  }
}
