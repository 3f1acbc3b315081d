/** The files of a revision of the repository that a directory is in. */
import { cp, lstat, mkdir } from 'node:fs/promises';
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
  /** Submodules whose commits are not on this machine: they have the files that they have now. */
  readonly uncompared: readonly string[];
  /** Removes the checkout. */
  remove(): Promise<void>;
}

/**
 * Checks a revision out, without hooks, as git checks it out for the user. The repository and its index stay as they
 * are. Submodules that are checked out in the repository have the files of the commits that the revision names.
 *
 * @param revision as git names one: `main~1`, a tag, a commit
 * @throws UsageError if there is no repository or no such revision
 */
export async function checkOutRevision(dir: string, revision: string, signal?: AbortSignal): Promise<Revision> {
  const temporary = await temporaryDir('tsfront-revision-');
  const uncompared: string[] = [];
  let indexes = 0;

  /** Runs git with an index of our own. */
  const gitIn =
    (cwd: string, index: string) =>
    async (...args: string[]) => {
      const env = subprocessEnvironment(process.env, {
        ...inEnglish,
        GIT_TERMINAL_PROMPT: '0',
        GIT_INDEX_FILE: index,
        GIT_OPTIONAL_LOCKS: '0',
      });
      const settings = ['-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false'];
      const { stdout } = await runSubprocess('git', [...settings, ...args], { cwd, env, signal });
      return stdout.toString().replace(/\n$/, '');
    };
  const checkOut = async (repository: string, commit: string, to: string, name: string): Promise<void> => {
    const git = gitIn(repository, path.join(temporary.path, `index-${++indexes}`));
    await git('read-tree', commit);
    await git('checkout-index', '--all', `--prefix=${to}/`);
    for (const line of (await git('ls-files', '--stage', '-z')).split('\0')) {
      const [, module, file] = /^160000 ([0-9a-f]+) \d\t(.*)$/s.exec(line) ?? [];
      if (module !== undefined && file !== undefined) await checkOutModule(repository, module, to, file, name);
    }
  };
  const checkOutModule = async (repository: string, commit: string, to: string, file: string, above: string) => {
    const [from, target] = [path.join(repository, file), path.join(to, file)];
    const link = await lstat(path.join(from, '.git')).catch(() => undefined);
    if (!link) return; // it is not checked out now either
    const name = path.posix.join(above, file);
    try {
      await gitIn(from, path.join(temporary.path, 'unused'))('cat-file', '-e', `${commit}^{commit}`);
    } catch {
      signal?.throwIfAborted();
      uncompared.push(name);
      await cp(from, target, { recursive: true, verbatimSymlinks: true });
      return;
    }
    await mkdir(target, { recursive: true });
    await checkOut(from, commit, target, name);
    // A part of what COPY takes; of a revision, it is the same.
    await cp(path.join(from, '.git'), path.join(target, '.git'), { recursive: true, verbatimSymlinks: true });
  };

  try {
    const git = gitIn(dir, path.join(temporary.path, 'index'));
    const repository = await git('rev-parse', '--show-toplevel').catch((error: unknown) => {
      signal?.throwIfAborted();
      const complaint = complaintOf(error);
      throw /not a git repository/.test(complaint)
        ? new UsageError(`there is no such file, and ${dir} is in no git repository`, { cause: error })
        : error;
    });
    const prefix = await git('rev-parse', '--show-prefix');
    const commit = await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`).catch(
      (error: unknown) => {
        signal?.throwIfAborted();
        throw new UsageError('there is no file and no git revision of this name', { cause: error });
      },
    );
    const root = path.join(temporary.path, 'files');
    await mkdir(path.join(root, prefix), { recursive: true });
    await checkOut(repository, commit, root, '');
    return { dir: path.join(root, prefix), root, repository, uncompared, remove: temporary.remove };
  } catch (error) {
    await temporary.remove();
    signal?.throwIfAborted();
    if (error instanceof UsageError) throw error;
    throw new UsageError(printableLine(complaintOf(error)), { cause: error });
  }
}
