/** The files of a revision of the repository that a directory is in. */
import { cp, lstat, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { decodeText, encodeText } from '../go/text.ts';
import { complaintOf, runSubprocess } from '../system/subprocess.ts';
import { inEnglish, subprocessEnvironment } from '../system/subprocess-environment.ts';
import { temporaryDir } from '../system/temporary-dir.ts';
import { printableLine } from '../text/printable.ts';
import { UsageError } from '../text/usage-error.ts';
import { UnchangedFiles } from './unchanged-files.ts';

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
  /** The files that the checkout lacks, since the repository has them as they were. */
  readonly unchanged: UnchangedFiles;
  /** Removes the checkout. */
  remove(): Promise<void>;
}

/** Maximum size of a list of files that git gives, in bytes. */
const maxListBytes = 256 << 20;

/**
 * Checks a revision out, without hooks, as git checks it out for the user. The repository and its index stay as they
 * are. Submodules that are checked out in the repository have the files of the commits that the revision names.
 *
 * Regular files that are as they were are not written again. So their digests may be known, and they keep the
 * permissions of which git knows little.
 *
 * @param revision as git names one: `main~1`, a tag, a commit
 * @throws UsageError if there is no repository or no such revision
 */
export async function checkOutRevision(dir: string, revision: string, signal?: AbortSignal): Promise<Revision> {
  const temporary = await temporaryDir('tsfront-revision-');
  try {
    const { repository, prefix, commit } = await findRevision(
      { cwd: dir, index: path.join(temporary.path, 'index'), signal },
      revision,
    );
    const root = path.join(temporary.path, 'files');
    await mkdir(path.join(root, prefix), { recursive: true });
    const unchanged = new UnchangedFiles(root, repository);
    const checkout = new Checkout(temporary.path, unchanged, signal);
    await checkout.write(repository, commit, root, '');
    const { uncompared } = checkout;
    return { dir: path.join(root, prefix), root, repository, uncompared, unchanged, remove: temporary.remove };
  } catch (error) {
    await temporary.remove();
    signal?.throwIfAborted();
    if (error instanceof UsageError) throw error;
    throw new UsageError(printableLine(complaintOf(error)), { cause: error });
  }
}

/** How git is run. */
interface GitRun {
  readonly cwd: string;
  /** The file of an index of our own; that of the repository if absent. */
  readonly index?: string;
  /** Standard input. */
  readonly input?: Uint8Array;
  readonly signal: AbortSignal | undefined;
}

/** Runs git without hooks. @returns its output without the last line break */
async function git({ cwd, index, input, signal }: GitRun, ...args: readonly string[]): Promise<string> {
  const env = subprocessEnvironment(process.env, {
    ...inEnglish,
    GIT_TERMINAL_PROMPT: '0',
    ...(index !== undefined && { GIT_INDEX_FILE: index }),
    GIT_OPTIONAL_LOCKS: '0',
  });
  const settings = ['-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false'];
  const { stdout } = await runSubprocess('git', [...settings, ...args], {
    cwd,
    env,
    signal,
    stdin: input,
    maxOutputBytes: maxListBytes,
  });
  return decodeText(stdout).replace(/\n$/, '');
}

/** The repository that a directory is in, the path of the directory in it, and the commit of a revision. */
async function findRevision(run: GitRun, revision: string) {
  const repository = await git(run, 'rev-parse', '--show-toplevel').catch((error: unknown) => {
    run.signal?.throwIfAborted();
    const complaint = complaintOf(error);
    throw /not a git repository/.test(complaint)
      ? new UsageError(`there is no such file, and ${run.cwd} is in no git repository`, { cause: error })
      : error;
  });
  const prefix = await git(run, 'rev-parse', '--show-prefix');
  const commit = await git(run, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`).catch(
    (error: unknown) => {
      run.signal?.throwIfAborted();
      throw new UsageError('there is no file and no git revision of this name', { cause: error });
    },
  );
  return { repository, prefix, commit };
}

/** Writes the files of a commit and of its submodules. */
class Checkout {
  /** As {@link Revision.uncompared}. */
  readonly uncompared: string[] = [];
  private readonly unchanged: UnchangedFiles;
  private readonly temporary: string;
  private readonly signal: AbortSignal | undefined;
  private indexes = 0;

  /** @param temporary directory for the indexes @param unchanged gets the files that are not written */
  constructor(temporary: string, unchanged: UnchangedFiles, signal: AbortSignal | undefined) {
    this.temporary = temporary;
    this.unchanged = unchanged;
    this.signal = signal;
  }

  /**
   * Writes the files of a commit into a directory.
   *
   * @param name of the repository, as a path inside of the outermost one
   */
  async write(repository: string, commit: string, to: string, name: string): Promise<void> {
    const index = path.join(this.temporary, `index-${++this.indexes}`);
    const run: GitRun = { cwd: repository, index, signal: this.signal };
    const [files, unchanged] = await Promise.all([
      git(run, 'ls-tree', '-r', '-z', '--full-tree', commit),
      this.unchangedSince(repository, commit),
    ]);
    const others: string[] = [];
    const modules: { object: string; file: string }[] = [];
    for (const line of files.split('\0')) {
      const [, mode = '', object = '', file = ''] = /^(\d{6}) \w+ ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
      const full = path.posix.join(name, file);
      if (mode === '160000') modules.push({ object, file });
      else if (mode.startsWith('100') && unchanged(file)) this.unchanged.add(full);
      else if (file !== '') others.push(file);
      if (mode === '120000') this.unchanged.addLink(full);
    }
    const input = encodeText(others.map((file) => `${file}\0`).join(''));
    if (others.length > 0) {
      await git(run, 'read-tree', commit);
      await git({ ...run, input }, 'checkout-index', '-z', '--stdin', `--prefix=${to}/`);
    }
    for (const { object, file } of modules)
      await this.writeModule(repository, object, to, file, path.posix.join(name, file));
  }

  /** Writes the files of a submodule. If its commit is not on this machine, these are the files that it has now. */
  private async writeModule(repository: string, commit: string, to: string, file: string, name: string) {
    const [from, target] = [path.join(repository, file), path.join(to, file)];
    const link = await lstat(path.join(from, '.git')).catch(() => undefined);
    if (!link) return; // it is not checked out now either
    const run: GitRun = { cwd: from, index: path.join(this.temporary, 'unused'), signal: this.signal };
    try {
      await git(run, 'cat-file', '-e', `${commit}^{commit}`);
    } catch {
      this.signal?.throwIfAborted();
      this.uncompared.push(name);
      await cp(from, target, { recursive: true, verbatimSymlinks: true });
      return;
    }
    await mkdir(target, { recursive: true });
    await this.write(from, commit, target, name);
    // A part of what COPY takes; of a revision, it is the same.
    await cp(path.join(from, '.git'), path.join(target, '.git'), { recursive: true, verbatimSymlinks: true });
  }

  /** Tells which files of a commit are there now, and as they were; none if git cannot say. */
  private async unchangedSince(repository: string, commit: string): Promise<(file: string) => boolean> {
    const flags = ['--name-only', '-z', '--no-renames', '--no-ext-diff', '--no-textconv', '--ignore-submodules=all'];
    const run: GitRun = { cwd: repository, signal: this.signal };
    try {
      const [changed, present] = await Promise.all([
        git(run, 'diff', ...flags, commit),
        // Files that are not checked out (`skip-worktree`) count as unchanged: those that are have the tag H.
        git(run, 'ls-files', '-t', '-z'),
      ]);
      const differing = new Set(changed.split('\0'));
      for (const line of present.split('\0')) if (!line.startsWith('H ')) differing.add(line.slice(2));
      return (file) => !differing.has(file);
    } catch {
      this.signal?.throwIfAborted();
      return () => false;
    }
  }
}
