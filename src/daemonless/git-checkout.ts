/**
 * Fetches a commit of a git repository and checks its files out, with the `git` command. The repository may be hostile,
 * and the process may run in a hook of another one: git gets no variable of that one, fetches with the user's
 * configuration (which has credentials and proxies) and checks out without any (which may have filters that run
 * programs).
 */
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import type { Environment } from '../system/environment-variables.ts';
import { openInside } from '../system/open-inside.ts';
import type { SubprocessError } from '../system/subprocess.ts';
import { type TemporaryDir, temporaryDir } from '../system/temporary-dir.ts';
import { redactCredentials } from '../text/redact.ts';
import { createGit, explainGit, fetchLimits, gitTimeoutMs, noConfiguration } from './git-command.ts';

/** The commit to fetch, and how. */
export interface GitSource {
  /** The address, in a form that git accepts. */
  readonly url: string;
  /** Branch, tag or commit; '' for the default branch. */
  readonly ref: string;
  /** The start of the commit's hash, or of its tag's; '' if any commit will do. */
  readonly checksum: string;
  /** Whether to fetch `checksum` itself. */
  readonly fetchByCommit: boolean;
  /** Whether the files include `.git`. */
  readonly keepGitDir: boolean;
}

/** A checked-out commit in a temporary directory. */
export interface Checkout {
  /** The real path of the directory with the files. */
  readonly dir: string;
  /** Full commit hash. */
  readonly commit: string;
  /** The raw commit object. */
  readonly object: Uint8Array;
  /** Removes the checkout with all its temporary files. */
  remove(): Promise<void>;
}

/**
 * Fetches and checks out. Git cannot ask on the terminal: credentials come from its helpers, from an SSH agent or
 * from `GIT_ASKPASS`. Submodules are skipped.
 *
 * @param env the user's environment, by default that of this process
 * @throws Error `failed to fetch …` with git's own words, after two minutes in any case; the reason of `signal`
 */
export async function checkOut(
  source: GitSource,
  { signal, env }: { readonly signal?: AbortSignal | undefined; readonly env?: Environment | undefined } = {},
): Promise<Checkout> {
  const { url, ref } = source;
  const dir = await temporaryDir('tsfront-git-');
  const timeout = AbortSignal.timeout(gitTimeoutMs);
  try {
    const found = await fetchInto(dir, source, env, signal ? AbortSignal.any([signal, timeout]) : timeout);
    return { ...found, remove: dir.remove };
  } catch (error) {
    await dir.remove();
    signal?.throwIfAborted();
    const reason = timeout.aborted ? `it took more than ${gitTimeoutMs / 1000} s` : explainGit(error as Error);
    throw new Error(redactCredentials(`failed to fetch ${url}${ref && `#${ref}`}: ${reason}`), { cause: error });
  }
}

async function fetchInto(
  dir: TemporaryDir,
  source: GitSource,
  env: Environment | undefined,
  signal: AbortSignal,
): Promise<Omit<Checkout, 'remove'>> {
  const repository = path.join(dir.path, 'repository');
  const files = path.join(dir.path, 'files');
  await mkdir(files);
  const git = createGit(dir.path, env, signal);
  const inRepository = (...args: string[]) => git(noConfiguration, `--git-dir=${repository}`, ...args);
  await git(noConfiguration, 'init', '--quiet', '--bare', '--template=', repository);

  const { url, checksum } = source;
  const ref = (source.fetchByCommit && checksum) || source.ref || 'HEAD';
  const fetch = (...args: string[]) => git(fetchLimits, `--git-dir=${repository}`, 'fetch', '--quiet', ...args);
  const fetched = await fetch('--no-tags', '--depth=1', '--', url, ref).then(
    () => 'FETCH_HEAD',
    async (error: Error) => {
      const { stderr = '' } = error as Partial<SubprocessError>;
      // The server only supports plain HTTP.
      if (/--depth|shallow/.test(stderr)) await fetch('--no-tags', '--', url, ref);
      // The server gives no commit by its hash; a fetch of everything may contain it.
      else if (/not our ref|unadvertised object/.test(stderr))
        await fetch('--tags', '--', url, '+refs/*:refs/remote/*');
      else throw error;
      return /unadvertised|not our ref/.test(stderr) ? ref : 'FETCH_HEAD';
    },
  );
  const hash = async (name: string) => (await inRepository('rev-parse', '--verify', '--quiet', name)).toString().trim();
  const commit = await hash(`${fetched}^{commit}`);
  if (checksum && ![commit, await hash(fetched)].some((found) => found.startsWith(checksum.toLowerCase())))
    throw new Error(`expected checksum to match ${checksum}, got ${commit}`);
  await inRepository(`--work-tree=${files}`, 'checkout', '--quiet', '--force', '--detach', commit);
  const object = await inRepository('cat-file', 'commit', commit);
  if (source.keepGitDir) {
    await inRepository('config', 'core.bare', 'false');
    await rename(repository, path.join(files, '.git'));
  }
  return { dir: files, commit, object };
}

/**
 * The directory of a checkout that a source names. A link is refused even if it leads to a directory, as in BuildKit.
 *
 * @param subDir path in the repository; '' or `/` for all of it
 * @throws Error with BuildKit's message
 */
export async function dirInCheckout(checkout: Checkout, subDir: string): Promise<string> {
  const parts = path.posix.normalize(`/${subDir}`).split('/').filter(Boolean);
  for (const end of parts.keys()) {
    const place = parts.slice(0, end + 1).join('/');
    await requireDir(checkout.dir, place, parts.join('/'));
  }
  return path.join(checkout.dir, ...parts);
}

async function requireDir(root: string, place: string, subDir: string): Promise<void> {
  const fail = (why: string, cause?: unknown) => new Error(`invalid subdir ${subDir}: ${why}`, { cause });
  const handle = await openInside(root, place).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw fail(`failed to lstat "${place}": no such file or directory`, error);
    throw fail(`git subpath "${subDir}" contains non-directory "${place}"`, error);
  });
  try {
    if ((await handle.stat()).isDirectory()) return;
  } finally {
    await handle.close();
  }
  throw fail(`git subpath "${subDir}" contains non-directory "${place}"`);
}
