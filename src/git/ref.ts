/** References to git repositories in a Dockerfile or as a build context. */
import { quote } from '../go/quote.ts';
import { parseBool } from '../go/strconv.ts';
import { parseUrl } from '../go/url.ts';
import { type GitUrl, gitUrlFrom, parseGitUrl } from './git-url.ts';

/** A commit, branch or tag of a git repository, with the options in its address. */
export interface GitRef {
  /** Address of the repository, for git. */
  readonly remote: string;
  /** Name of the directory that a clone makes. */
  readonly shortName: string;
  /** Commit, tag or branch; '' for the default branch. */
  readonly ref: string;
  /** The start of the commit hash that the ref must have; '' if not given. */
  readonly checksum: string;
  /** Directory in the repository; '' for its root. */
  readonly subDir: string;
  /**
   * Whether it could be a local path as well, such as `github.com/org/repo`. Only a build context may have this form.
   */
  readonly indistinguishableFromLocal: boolean;
  /** Whether it begins with `http://` or `git://`. */
  readonly unencryptedTcp: boolean;
  /** Whether to keep the directory `.git`; undefined if not given. */
  readonly keepGitDir: boolean | undefined;
  /** Whether to fetch submodules; undefined if not given, which means yes. */
  readonly submodules: boolean | undefined;
  /** Which time the files get: `checkout` or `commit`; '' if not given. */
  readonly mtime: string;
  /** Whether to fetch the checksum itself instead of comparing it with the ref. */
  readonly fetchByCommit: boolean;
}

/** An error in the query of a reference. */
export class GitQueryError extends Error {
  /** The key of the query that is at fault. */
  readonly key: string;

  constructor(key: string, message: string) {
    super(message);
    this.key = key;
  }
}

/**
 * Parses a reference; undefined for other texts (a web address needs the suffix `.git`).
 * @throws GitQueryError for a reference with an invalid query: `query "ref" has no value`, …
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
  const setRef = (key: string, ref: string) => {
    if (result.ref && result.ref !== ref)
      throw new GitQueryError(key, `ref conflicts: ${quote(result.ref)} vs ${quote(ref)}`);
    result.ref = ref;
  };
  let tag = '';
  let branch = '';
  for (const [key, values] of query) {
    if (values.length > 1) throw new GitQueryError(key, `query ${quote(key)} has multiple values`);
    const value = values[0] ?? '';
    if (value === '' && !flags.has(key)) throw new GitQueryError(key, `query ${quote(key)} has no value`);
    switch (key) {
      case 'ref':
        setRef(key, value);
        break;
      case 'tag':
        tag = value;
        break;
      case 'branch':
        branch = value;
        break;
      case 'subdir':
        if (result.subDir && result.subDir !== value)
          throw new GitQueryError(key, `subdir conflicts: ${quote(result.subDir)} vs ${quote(value)}`);
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
          throw new GitQueryError(key, `invalid mtime value: ${quote(value)} (must be "checkout" or "commit")`);
        result.mtime = value;
        break;
      default:
        throw new GitQueryError(key, `unexpected query ${quote(key)}`);
    }
  }
  if (tag) setRef('tag', tag.startsWith('refs/tags/') ? tag : `refs/tags/${tag}`);
  if (branch && tag) throw new GitQueryError('branch', 'branch conflicts with tag');
  if (branch) setRef('branch', branch.startsWith('refs/heads/') ? branch : `refs/heads/${branch}`);
  return result;
}

/** Keys that need no value; without one they mean true. */
const flags = new Set(['keep-git-dir', 'submodules', 'fetch-by-commit']);

function parseFlag(key: string, value: string): boolean {
  if (value === '') return true;
  try {
    return parseBool(value);
  } catch {
    throw new GitQueryError(key, `invalid ${key} value: ${quote(value)}`);
  }
}
