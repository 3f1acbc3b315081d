/** Finds the Dockerfiles that the paths of a command line stand for: files, directories and patterns. */
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { decodeText } from '../go/text.ts';
import { compileGlob, fixedDir } from '../program/glob.ts';
import { compareNames, type DirEntry, onDisk, readEntries } from '../system/file-name.ts';
import { errorMessage } from '../text/error-message.ts';
import { formatInteger } from '../text/number.ts';
import { systemErrorsInWords } from '../text/system-error.ts';
import { UsageError } from '../text/usage-error.ts';

/** A file that was found. */
interface FoundDockerfile {
  /** Its path as the user would write it: below the directory that was named, relative if that is. */
  readonly path: string;
  /** Whether the user has named the file itself, so that it is one whatever its name is. */
  readonly isNamed: boolean;
}

/** What the paths stand for. */
export interface FoundDockerfiles {
  /** In the order of the paths, below each in the byte order of their names; each file once. */
  readonly files: readonly FoundDockerfile[];
  /** Directories that could not be read, with the reason. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
}

/** Maximum number of entries of directories that are looked at. */
const maxEntries = 2_000_000;

/** Directories that are read at the same time. */
const maxAtATime = 32;

/** Directories that hold no Dockerfile of the user. */
export const neverEntered: ReadonlySet<string> = new Set(['.git', '.hg', '.svn', 'node_modules']);

/** In lower case only the whole name: `dockerfile.go` is more likely a program about Dockerfiles. */
const dockerfileName = /^(?:dockerfile|containerfile|(?:Dockerfile|Containerfile)(?:[.\-_].+)?)$/;
const dockerfileExtension = /.\.(?:dockerfile|containerfile)$/i;
/** Files beside a Dockerfile: ignore files, locks, build programs, documents, templates and copies of editors. */
const otherFile =
  /(?:~|\.(?:dockerignore|containerignore|lock|[cm]?ts|m?js|md|rst|adoc|txt|html?|json|ya?ml|toml|in|m4|template|tmpl|tpl|j2|jinja2?|erb|ejs|hbs|mustache|gotmpl|liquid|bak|orig|rej|patch|diff|swp|swo|tmp))$/i;

/**
 * Whether a file is a Dockerfile by its name: `Dockerfile`, `Dockerfile.dev`, `Dockerfile-dev`, `api.Dockerfile`, and
 * the same with Containerfile. Files that belong to a Dockerfile are not: `Dockerfile.dockerignore`, `Dockerfile.lock`,
 * templates.
 */
export function isDockerfileName(name: string): boolean {
  return (dockerfileName.test(name) || dockerfileExtension.test(name)) && !otherFile.test(name);
}

/**
 * Finds the Dockerfiles that paths stand for. A file is one whatever its name is. Below a directory, files are found by
 * their names ({@link isDockerfileName}); version control and `node_modules` are left out, links are not followed, and
 * ignore files are not read. A path with `*`, `?`, `[a-z]` or `{a,b}` that does not exist is a pattern for files, and
 * for directories as above; `**` stands for any number of directories.
 *
 * @throws UsageError for a path that does not exist, a directory or a pattern without a Dockerfile, and more than
 *   2,000,000 entries; the reason of `signal`
 */
export async function findDockerfiles(
  paths: readonly string[],
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<FoundDockerfiles> {
  const files = new Map<string, FoundDockerfile>();
  const unreadable: { path: string; reason: string }[] = [];
  const budget = { left: maxEntries };
  const add = async (file: string, isNamed: boolean) => {
    const place = await realPath(file);
    const before = files.get(place);
    if (!before) files.set(place, { path: file, isNamed });
    else if (isNamed && !before.isNamed) files.set(place, { ...before, isNamed });
  };
  for (const named of paths) {
    signal?.throwIfAborted();
    if (named === '') throw new UsageError('a path is empty');
    const kind = await stat(onDisk(named)).catch((error: NodeJS.ErrnoException) => error);
    const isPattern = kind instanceof Error && /[*?[{]/.test(named);
    if (kind instanceof Error && !isPattern) throw missing(named, kind);
    if (!(kind instanceof Error) && !kind.isDirectory()) {
      await add(named, true);
      continue;
    }
    const walk: Walk = { unreadable, budget, signal, ...(isPattern ? patternWalk(named) : directoryWalk(named)) };
    const found = await findBelow(walk);
    if (found.length === 0) {
      const failed = unreadable.find((it) => it.path === walk.root.path);
      if (failed) throw new UsageError(`cannot read ${failed.path}: ${failed.reason}`);
      throw new UsageError(
        isPattern
          ? `no Dockerfile matches ${named}`
          : `there is no Dockerfile under ${named}: name the file if it has a name of its own`,
      );
    }
    for (const file of found) await add(file, false);
  }
  return { files: [...files.values()], unreadable };
}

/**
 * Where {@link findDockerfiles} looks for what a path stands for, and the files that it may take there; undefined if
 * the path is a file, or nothing.
 */
export async function searchOf(
  named: string,
): Promise<{ readonly dir: string; takes(file: string): boolean } | undefined> {
  const kind = await stat(onDisk(named)).catch(() => undefined);
  if (kind?.isDirectory()) return { dir: named, takes: (file) => isDockerfileName(path.basename(file)) };
  if (kind || !/[*?[{]/.test(named)) return undefined;
  const { root, takes } = patternWalk(named);
  return {
    dir: root.path,
    takes: (file) => isDockerfileName(path.basename(file)) || takes(file, path.basename(file)),
  };
}

function missing(named: string, { code, message }: NodeJS.ErrnoException): UsageError {
  return code === 'ENOENT' || code === 'ENOTDIR'
    ? new UsageError(`there is no file or directory ${named}`)
    : new UsageError(`cannot read ${named}: ${systemErrorsInWords(message)}`);
}

/** What to look for, and where. */
interface Walk {
  /** The directory to begin with. */
  readonly root: Directory;
  /** Whether a file in another directory is looked for. */
  takes(path: string, name: string): boolean;
  /** Whether all Dockerfiles below a directory are looked for. */
  takesDirectory(path: string): boolean;
  readonly unreadable: { path: string; reason: string }[];
  readonly budget: { left: number };
  readonly signal: AbortSignal | undefined;
}

type Wanted = Pick<Walk, 'root' | 'takes' | 'takesDirectory'>;

function directoryWalk(dir: string): Wanted {
  return { root: { path: dir, isTaken: true }, takes: () => false, takesDirectory: () => true };
}

function patternWalk(named: string): Wanted {
  const pattern = path.normalize(named).replace(/(?<=.)\/$/, '');
  let matches: (path: string) => boolean;
  try {
    matches = compileGlob(pattern);
  } catch (error) {
    throw new UsageError(errorMessage(error));
  }
  // Compiled patterns have no slash at their beginning.
  const isAbsolute = pattern.startsWith('/');
  const isMatch = (file: string) => matches(isAbsolute ? file.slice(1) : file);
  const isAnyName = /(?:^|\/)\*+$/.test(pattern);
  const start = (isAbsolute ? '/' : '') + fixedDir(pattern);
  return {
    root: { path: start || '.', isTaken: false },
    takes: (file, name) => isMatch(file) && (!isAnyName || isDockerfileName(name)),
    takesDirectory: isMatch,
  };
}

interface Directory {
  readonly path: string;
  /** Whether all Dockerfiles in it are looked for. */
  readonly isTaken: boolean;
}

async function findBelow(walk: Walk): Promise<string[]> {
  const found: string[] = [];
  const waiting: Directory[] = [walk.root];
  while (waiting.length > 0) {
    walk.signal?.throwIfAborted();
    const batch = waiting.splice(-maxAtATime);
    const lists = await Promise.all(batch.map((dir) => entriesOf(dir.path, walk)));
    for (const [i, entries] of lists.entries()) {
      walk.budget.left -= entries.length;
      if (walk.budget.left < 0)
        throw new UsageError(
          `there are more than ${formatInteger(maxEntries)} files under ${walk.root.path}: name a directory with fewer of them`,
        );
      for (const entry of entries) addEntry(entry, batch[i]!, walk, found, waiting);
    }
  }
  return found.sort(compareNames);
}

function addEntry(entry: DirEntry, dir: Directory, walk: Walk, found: string[], waiting: Directory[]): void {
  const { name } = entry;
  const file = path.join(dir.path, name);
  if (entry.isDirectory()) {
    if (!neverEntered.has(name)) waiting.push({ path: file, isTaken: dir.isTaken || walk.takesDirectory(file) });
  } else if (entry.isFile() && (dir.isTaken ? isDockerfileName(name) : walk.takes(file, name))) found.push(file);
}

async function entriesOf(dir: string, { unreadable }: Walk): Promise<DirEntry[]> {
  try {
    return await readEntries(dir);
  } catch (error) {
    unreadable.push({ path: dir, reason: systemErrorsInWords((error as Error).message).replace(`${dir}: `, '') });
    return [];
  }
}

/** The path without links; the path itself if it has none, such as that of a pipe. */
async function realPath(file: string): Promise<string> {
  return realpath(onDisk(file), 'buffer').then(decodeText, () => path.resolve(file));
}
