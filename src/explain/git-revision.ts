/** The files of a revision of the repository that a directory is in. */
import { linkSync, mkdirSync } from 'node:fs';
import { cp, lstat, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { decodeText, encodeText } from '../go/text.ts';
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

/** Maximum size of a list of files that git gives, in bytes. */
const maxListBytes = 256 << 20;

/**
 * Checks a revision out, without hooks, as git checks it out for the user. The repository and its index stay as they
 * are. Submodules that are checked out in the repository have the files of the commits that the revision names.
 *
 * Files that are as they were are not written again: they get another name.
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
    (cwd: string, index?: string, input?: Uint8Array) =>
    async (...args: string[]) => {
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
    };
  const checkOut = async (repository: string, commit: string, to: string, name: string): Promise<void> => {
    const git = gitIn(repository, path.join(temporary.path, `index-${++indexes}`));
    await git('read-tree', commit);
    const listed = (await git('ls-files', '--stage', '-z')).split('\0').flatMap((line) => {
      const [, mode, object, file] = /^(\d{6}) ([0-9a-f]+) \d\t(.*)$/s.exec(line) ?? [];
      return mode === undefined ? [] : [{ mode, object: object!, file: file! }];
    });
    const files = listed.filter(({ mode }) => mode.startsWith('100')).map(({ file }) => file);
    const changed = await changedSince(repository, commit);
    const linked = linkFiles(repository, to, changed ? files.filter((file) => !changed.has(file)) : []);
    const others = listed.filter(({ mode, file }) => mode !== '160000' && !linked.has(file)).map(({ file }) => file);
    const index = path.join(temporary.path, `index-${indexes}`);
    await gitIn(repository, index, encodeText(others.map((file) => `${file}\0`).join('')))(
      'checkout-index',
      '-z',
      '--stdin',
      `--prefix=${to}/`,
    );
    for (const { mode, object, file } of listed)
      if (mode === '160000') await checkOutModule(repository, object, to, file, name);
  };
  /** The files that differ between a commit and the files as they are now; undefined if git cannot say. */
  const changedSince = async (repository: string, commit: string): Promise<ReadonlySet<string> | undefined> => {
    const flags = ['--name-only', '-z', '--no-renames', '--no-ext-diff', '--no-textconv', '--ignore-submodules=all'];
    try {
      return new Set((await gitIn(repository)('diff', ...flags, commit)).split('\0'));
    } catch {
      signal?.throwIfAborted();
      return undefined;
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

/**
 * Gives files that are as they were further names, which is quicker than writing them again. They are only read there.
 *
 * @returns the files that have one: none on another file system
 */
function linkFiles(from: string, to: string, files: readonly string[]): ReadonlySet<string> {
  const linked = new Set<string>();
  const made = new Set<string>();
  for (const file of files) {
    const directory = path.dirname(file);
    try {
      if (!made.has(directory)) mkdirSync(path.join(to, directory), { recursive: true });
      made.add(directory);
      linkSync(path.join(from, file), path.join(to, file));
      linked.add(file);
    } catch (error) {
      if (linked.size === 0 && (error as NodeJS.ErrnoException).code === 'EXDEV') break;
    }
  }
  return linked;
}
