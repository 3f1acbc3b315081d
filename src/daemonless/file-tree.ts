/** The files of a source that a frontend reads: a directory on disk, or files in memory. */
import path from 'node:path';
import { type FileStat, FileTooLarge } from '../gateway/bridge.ts';
import { ModeDir, ModeSymlink } from '../go/file-mode.ts';
import { clean, join } from '../go/path.ts';
import { compareNames } from '../system/file-name.ts';
import {
  NotRegular,
  readDirInside,
  readFileInside,
  readStartInside,
  realDir,
  type StatInside,
  statInside,
  TooLarge,
} from '../system/read-inside.ts';
import { aString, aUint8Array, checkArgument, either, mapOf, recordOf, type Validator } from '../text/arguments.ts';
import { aFileTree } from './daemonless-arguments.ts';

/** Paths are slash-separated, with or without a leading slash. No path leads out of the tree. */
export interface FileTree {
  /** Whether the build may have more files than are known here; false if absent. */
  readonly partial?: boolean;
  /** Reads a file. @throws Error `open PATH: no such file or directory` and the like */
  readFile(path: string): Promise<Uint8Array>;
  /** The first bytes of a file, if the tree can read them alone. @throws Error as {@link FileTree.readFile} */
  readStart?(path: string, bytes: number): Promise<Uint8Array>;
  /** Describes a file, without following a link. @throws Error if it does not exist */
  stat(path: string): Promise<FileStat>;
  /** The entries of a directory, in byte order of their names. */
  readDir(path: string): Promise<readonly FileStat[]>;
}

/** Largest file that is read, in bytes: BuildKit sends a frontend a file in one message. */
const maxFileBytes = 16 << 20;

/** A directory on disk. Links are followed inside the directory, as if it were the root. */
export function dirTree(dir: string): FileTree {
  checkArgument('dirTree', 'dir', dir, aString);
  let known: Promise<string> | undefined;
  const root = () =>
    (known ??= realDir(dir).catch((error) => {
      known = undefined;
      throw error;
    }));

  return {
    async readFile(asked) {
      try {
        return await readFileInside(await root(), asked, maxFileBytes);
      } catch (error) {
        throw fileError('open', asked, error);
      }
    },
    async readStart(asked, bytes) {
      try {
        return await readStartInside(await root(), asked, bytes);
      } catch (error) {
        throw fileError('open', asked, error);
      }
    },
    async stat(asked) {
      try {
        return fileStat(await statInside(await root(), asked));
      } catch (error) {
        throw fileError('lstat', asked, error);
      }
    },
    async readDir(asked) {
      try {
        return (await readDirInside(await root(), asked)).map(fileStat);
      } catch (error) {
        throw fileError('open', asked, error);
      }
    },
  };
}

function fileStat({ place, stat, target }: StatInside): FileStat {
  const kind = stat.isDirectory() ? ModeDir : stat.isSymbolicLink() ? ModeSymlink : 0;
  return {
    path: place === '/' ? '.' : path.posix.basename(place),
    mode: kind + (Number(stat.mode) & 0o777),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    size: stat.isDirectory() ? 0n : stat.size,
    modTime: stat.mtimeNs,
    linkname: target,
  };
}

const aContent = either('a string or a Uint8Array', aString, aUint8Array);
const byPath = 'an object or a Map of files by their paths';
const someFiles: Validator = (value, name) =>
  (value instanceof Map ? mapOf(aContent, byPath) : recordOf(aContent, byPath))(value, name);

/**
 * Files held in memory, by their paths, slash-separated and without a leading slash: `{ Dockerfile: 'FROM alpine' }`,
 * or a Map. Text is encoded as UTF-8.
 */
export function memoryTree(
  given: Readonly<Record<string, string | Uint8Array>> | ReadonlyMap<string, string | Uint8Array>,
): FileTree {
  checkArgument('memoryTree', 'files', given, someFiles);
  const entries = given instanceof Map ? [...given] : Object.entries(given);
  const files = new Map(
    entries.map(([name, contents]) => [name, typeof contents === 'string' ? Buffer.from(contents) : contents] as const),
  );
  const inside = (asked: string) => clean(`/${asked}`).slice(1);
  const stats = (name: string, size: bigint | undefined): FileStat => ({
    path: name,
    mode: size === undefined ? ModeDir + 0o755 : 0o644,
    uid: 0,
    gid: 0,
    size: size ?? 0n,
    modTime: 0n,
    linkname: '',
  });
  const isDir = (name: string) => name === '' || [...files.keys()].some((file) => file.startsWith(`${name}/`));
  const missing = (call: string, asked: string) => fileError(call, asked, { code: 'ENOENT' });

  return {
    async readFile(asked) {
      const found = files.get(inside(asked));
      if (found) return found;
      throw isDir(inside(asked)) ? fileError('open', asked, { code: 'EISDIR' }) : missing('open', asked);
    },
    async stat(asked) {
      const name = inside(asked);
      const found = files.get(name);
      if (!found && !isDir(name)) throw missing('lstat', asked);
      return stats(name === '' ? '.' : path.posix.basename(name), found && BigInt(found.length));
    },
    async readDir(asked) {
      const dir = inside(asked);
      if (!isDir(dir)) throw missing('open', asked);
      const start = dir === '' ? 0 : dir.length + 1;
      const names = new Set<string>();
      for (const file of files.keys())
        if (dir === '' || file.startsWith(`${dir}/`)) names.add(file.slice(start).split('/', 1)[0]!);
      return [...names].sort(compareNames).map((name) => {
        const file = files.get(join(dir, name));
        return stats(name, file && BigInt(file.length));
      });
    },
  };
}

/** The part of a tree below a directory. */
export function subTree(tree: FileTree, dir: string): FileTree {
  checkArgument('subTree', 'tree', tree, aFileTree);
  checkArgument('subTree', 'dir', dir, aString);
  const inside = (asked: string) => join(clean(`/${dir}`), clean(`/${asked}`));
  return {
    readFile: (asked) => tree.readFile(inside(asked)),
    ...(tree.readStart && { readStart: (asked: string, bytes: number) => tree.readStart!(inside(asked), bytes) }),
    stat: (asked) => tree.stat(inside(asked)),
    readDir: (asked) => tree.readDir(inside(asked)),
  };
}

/** The messages of Go's file functions. */
function fileError(call: string, asked: string, error: unknown): Error {
  if (error instanceof TooLarge) return new FileTooLarge(error.message, { cause: error });
  if (error instanceof NotRegular) return new Error(error.message, { cause: error });
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EISDIR') return new Error(`${asked} is not a regular file`, { cause: error });
  const texts: Readonly<Record<string, string>> = {
    ENOENT: 'no such file or directory',
    ENOTDIR: 'not a directory',
    EACCES: 'permission denied',
    ENXIO: 'no such device or address', // a socket
  };
  return new Error(`${call} ${asked}: ${texts[code ?? ''] ?? message}`, { cause: error });
}
