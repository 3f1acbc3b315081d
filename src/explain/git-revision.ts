/** The files of a revision of the repository that a directory is in. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../offline/usage-error.ts';
import { complaintOf, runSubprocess } from '../system/subprocess.ts';
import { inEnglish, subprocessEnvironment } from '../system/subprocess-environment.ts';
import { temporaryDir } from '../system/temporary-dir.ts';
import { printableLine } from '../text/printable.ts';

/** The directory as a revision has it. */
export interface Revision {
  /** The directory in a temporary checkout of the revision. */
  readonly dir: string;
  /** Where the repository is checked out. */
  readonly root: string;
  /** The top of the repository that it is a checkout of. */
  readonly repository: string;
  /** Removes the checkout. */
  remove(): Promise<void>;
}

/**
 * Checks a revision out, without hooks, as git checks it out for the user. The repository and its index stay as they
 * are. Submodules are empty.
 *
 * @param revision as git names one: `main~1`, a tag, a commit
 * @throws UsageError if there is no repository or no such revision
 */
export async function checkOutRevision(dir: string, revision: string, signal?: AbortSignal): Promise<Revision> {
  const temporary = await temporaryDir('tsfront-revision-');
  const env = subprocessEnvironment(process.env, {
    ...inEnglish,
    GIT_TERMINAL_PROMPT: '0',
    GIT_INDEX_FILE: path.join(temporary.path, 'index'),
    GIT_OPTIONAL_LOCKS: '0',
  });
  const settings = ['-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false'];
  const git = async (...args: string[]) =>
    (await runSubprocess('git', [...settings, ...args], { cwd: dir, env, signal })).stdout
      .toString()
      .replace(/\n$/, '');
  try {
    const repository = await git('rev-parse', '--show-toplevel');
    const prefix = await git('rev-parse', '--show-prefix');
    const commit = await git('rev-parse', '--verify', '--end-of-options', `${revision}^{commit}`);
    const root = path.join(temporary.path, 'files');
    await mkdir(path.join(root, prefix), { recursive: true });
    await git('read-tree', commit);
    await git('-C', repository, 'checkout-index', '--all', `--prefix=${root}/`);
    return { dir: path.join(root, prefix), root, repository, remove: temporary.remove };
  } catch (error) {
    await temporary.remove();
    signal?.throwIfAborted();
    throw new UsageError(`--from ${revision}: ${printableLine(complaintOf(error))}`, { cause: error });
  }
}
