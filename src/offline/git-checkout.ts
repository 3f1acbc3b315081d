/**
 * Fetches a commit of a git repository and checks its files out, with the `git` command. The repository may be hostile,
 * and the process may run in a hook of another one: git gets nothing of that one, fetches with the user's configuration
 * (which has credentials and proxies) and checks out without any (which may have filters that run programs).
 */
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { openInside } from '../system/open-inside.ts';
import { type Environment, inEnglish, ProgramError, programEnvironment, runProgram } from '../system/program.ts';
import { type TemporaryFolder, temporaryFolder } from '../system/temporary-folder.ts';
import { redactCredentials } from '../text/redact.ts';

/** Of a fetch with all its steps. */
const TIMEOUT_MS = 120_000;

export interface GitSource {
  /** As git takes it. */
  readonly url: string;
  /** Branch, tag or commit; '' for the default branch. */
  readonly ref: string;
  /** What the commit, or its tag, has to begin with; '' for anything. */
  readonly checksum: string;
  /** Fetch `checksum` itself. */
  readonly fetchByCommit: boolean;
  /** Have `.git` among the files. */
  readonly keepGitDir: boolean;
}

export interface Checkout {
  /** Where the files are: the real path. */
  readonly folder: string;
  /** Full commit hash. */
  readonly commit: string;
  /** The commit object. */
  readonly object: Uint8Array;
  /** Removes everything. */
  remove(): Promise<void>;
}

/** What git is told on each call, whatever the user has configured. */
const settings = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'protocol.ext.allow=never', // would run a command
  'protocol.file.allow=user',
  'fetch.recurseSubmodules=false',
  'gc.auto=0', // nothing that goes on in the background
  'maintenance.auto=false',
];

/** Less than a byte a second, for that many seconds, is a server that stalls. */
const fetchLimits: Environment = { GIT_HTTP_LOW_SPEED_LIMIT: '1', GIT_HTTP_LOW_SPEED_TIME: '8' };

/** No configuration but ours, and no attributes but those of the repository: as BuildKit checks out. */
const noConfiguration: Environment = {
  HOME: '/dev/null',
  XDG_CONFIG_HOME: undefined,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_COUNT: undefined,
  GIT_ATTR_NOSYSTEM: '1',
};

/**
 * Fetches and checks out. Nothing is asked on the terminal: credentials come from git's helpers, from an SSH agent or
 * from `GIT_ASKPASS`. Submodules are left out.
 *
 * @param env the user's environment, by default that of this process
 * @throws Error `failed to fetch …` with git's own words, after two minutes in any case; the reason of `signal`
 */
export async function checkOut(
  source: GitSource,
  { signal, env }: { readonly signal?: AbortSignal | undefined; readonly env?: Environment | undefined } = {},
): Promise<Checkout> {
  const { url, ref } = source;
  const folder = await temporaryFolder('tsfront-git-');
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const found = await fetchInto(folder, source, env, signal ? AbortSignal.any([signal, timeout]) : timeout);
    return { ...found, remove: folder.remove };
  } catch (error) {
    await folder.remove();
    signal?.throwIfAborted();
    const reason = timeout.aborted ? `it took more than ${TIMEOUT_MS / 1000} s` : explain(error as Error);
    throw new Error(redactCredentials(`failed to fetch ${url}${ref && `#${ref}`}: ${reason}`), { cause: error });
  }
}

function explain(error: Error): string {
  return (error instanceof ProgramError && error.reason === 'failed' && error.stderr.trim()) || error.message;
}

async function fetchInto(
  folder: TemporaryFolder,
  source: GitSource,
  env: Environment | undefined,
  signal: AbortSignal,
): Promise<Omit<Checkout, 'remove'>> {
  const repository = path.join(folder.path, 'repository');
  const files = path.join(folder.path, 'files');
  await mkdir(files);
  const options = settings.flatMap((setting) => ['-c', setting]);
  const git = async (set: Environment, ...args: string[]) => {
    const made = programEnvironment(env, { ...inEnglish, GIT_TERMINAL_PROMPT: '0', ...set });
    const { stdout } = await runProgram('git', [...options, ...args], { cwd: folder.path, env: made, signal });
    return stdout;
  };
  const inRepository = (...args: string[]) => git(noConfiguration, `--git-dir=${repository}`, ...args);
  await git(noConfiguration, 'init', '--quiet', '--bare', '--template=', repository);

  const { url, checksum } = source;
  const ref = (source.fetchByCommit && checksum) || source.ref || 'HEAD';
  const fetch = (...args: string[]) => git(fetchLimits, `--git-dir=${repository}`, 'fetch', '--quiet', ...args);
  const fetched = await fetch('--no-tags', '--depth=1', '--', url, ref).then(
    () => 'FETCH_HEAD',
    async (error: Error) => {
      const { stderr = '' } = error as Partial<ProgramError>;
      // servers that only speak plain HTTP
      if (/--depth|shallow/.test(stderr)) await fetch('--no-tags', '--', url, ref);
      // those that give no commit by its hash, though it may be among what they do give
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
  return { folder: files, commit, object };
}

/**
 * The folder of a checkout that a source names. A link is no folder, wherever it leads: BuildKit refuses it, too.
 *
 * @param subDir in the repository, '' or `/` for all of it
 * @throws Error with BuildKit's message
 */
export async function folderInCheckout(checkout: Checkout, subDir: string): Promise<string> {
  const parts = path.posix.normalize(`/${subDir}`).split('/').filter(Boolean);
  for (const end of parts.keys()) {
    const place = parts.slice(0, end + 1).join('/');
    await requireFolder(checkout.folder, place, parts.join('/'));
  }
  return path.join(checkout.folder, ...parts);
}

async function requireFolder(root: string, place: string, subDir: string): Promise<void> {
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
