/** Finds the commit that a branch or tag of a git repository names, without its files. */
import type { Environment } from '../system/environment-variables.ts';
import { temporaryDir } from '../system/temporary-dir.ts';
import { redactCredentials } from '../text/redact.ts';
import { createGit, explainGit, fetchLimits, type Git, gitTimeoutMs, noConfiguration } from './git-command.ts';

/** A commit. */
export interface Commit {
  /** Its full hash. */
  readonly hash: string;
  /** When it was made, in seconds; undefined if the server does not say it. */
  readonly time: number | undefined;
}

/**
 * Asks the server of a repository. As in BuildKit a branch comes before a tag of the same name.
 *
 * @param remote the address, in a form that git accepts
 * @param ref branch or tag; '' for the default branch
 * @param options.env the user's environment, by default that of this process
 * @throws Error `failed to ask …` with git's own words, after two minutes in any case; the reason of `signal`
 */
export async function findCommit(
  remote: string,
  ref: string,
  { signal, env }: { readonly signal?: AbortSignal | undefined; readonly env?: Environment | undefined } = {},
): Promise<Commit> {
  const dir = await temporaryDir('tsfront-git-');
  const timeout = AbortSignal.timeout(gitTimeoutMs);
  try {
    const git = createGit(dir.path, env, signal ? AbortSignal.any([signal, timeout]) : timeout);
    const names = ref === '' ? ['HEAD'] : [ref, `${ref}^{}`];
    const listed = (await git(fetchLimits, 'ls-remote', '--', remote, ...names)).toString();
    const hash = choose(listed, ref);
    if (hash === undefined) throw new Error(ref === '' ? 'it has no commits' : `it has no branch or tag ${ref}`);
    return { hash, time: await commitTime(git, dir.path, remote, hash) };
  } catch (error) {
    signal?.throwIfAborted();
    const reason = timeout.aborted ? `it took more than ${gitTimeoutMs / 1000} s` : explainGit(error as Error);
    throw new Error(redactCredentials(`failed to ask ${remote} for ${ref || 'its default branch'}: ${reason}`), {
      cause: error,
    });
  } finally {
    await dir.remove();
  }
}

function choose(listed: string, ref: string): string | undefined {
  const hashes = new Map<string, string>();
  for (const line of listed.split('\n')) {
    const [, hash, name] = /^([0-9a-f]{40}|[0-9a-f]{64})\t(.+)$/.exec(line) ?? [];
    if (hash !== undefined && name !== undefined) hashes.set(name, hash);
  }
  if (ref === '') return hashes.get('HEAD');
  const whole = `refs/${ref.replace(/^refs\//, '')}`;
  const name = [whole, `refs/heads/${ref}`, `refs/tags/${ref}`].find((it) => hashes.has(it));
  // What a tag with a message names is listed with ^{}.
  return name === undefined ? undefined : (hashes.get(`${name}^{}`) ?? hashes.get(name));
}

/** Fetches the commit without its files. Not every server gives one by its hash, or without the files. */
async function commitTime(git: Git, dir: string, remote: string, hash: string): Promise<number | undefined> {
  try {
    await git(noConfiguration, 'init', '--quiet', '--bare', '--template=', dir);
    const fetch = ['fetch', '--quiet', '--no-tags', '--depth=1', '--filter=tree:0'];
    await git(fetchLimits, `--git-dir=${dir}`, ...fetch, '--', remote, hash);
    const object = await git(noConfiguration, `--git-dir=${dir}`, 'cat-file', 'commit', hash);
    const [, seconds] = /^committer .*> (\d+) [+-]\d{4}$/m.exec(object.toString('latin1')) ?? [];
    return seconds === undefined ? undefined : Number(seconds);
  } catch {
    return undefined;
  }
}
