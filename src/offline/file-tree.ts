/** Files that a frontend reads back from a source: a folder on disk, or some held in memory. */
import path from 'node:path';
import type { FileStat } from '../gateway/bridge.ts';
import { clean, join } from '../go/path.ts';
import { compareNames } from '../system/file-name.ts';
import {
  NotRegular,
  readDirInside,
  readFileInside,
  readStartInside,
  realFolder,
  type StatInside,
  statInside,
  TooLarge,
} from '../system/read-inside.ts';

/** Paths are slash-separated, with or without a leading slash; nothing outside the tree can be named. */
export interface FileTree {
  /** When it is built there may be more files than are known here; default false. */
  readonly partial?: boolean;
  /** @throws Error `open PATH: no such file or directory` and the like */
  readFile(path: string): Promise<Uint8Array>;
  /** The first bytes of a file, where there is a way to read them alone. @throws Error as {@link FileTree.readFile} */
  readStart?(path: string, bytes: number): Promise<Uint8Array>;
  stat(path: string): Promise<FileStat>;
  /** Names in byte order. */
  readDir(path: string): Promise<readonly FileStat[]>;
}

const directoryBit = 2 ** 31;
const symlinkBit = 2 ** 27;

/** Largest file that is read: BuildKit hands none to a frontend that does not fit into one message. */
const maxFileBytes = 16 << 20;

/** A folder on disk. Links are followed inside the folder: it is the root of what they may name. */
export function folderTree(folder: string): FileTree {
  let known: Promise<string> | undefined;
  const root = () =>
    (known ??= realFolder(folder).catch((error) => {
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
  const kind = stat.isDirectory() ? directoryBit : stat.isSymbolicLink() ? symlinkBit : 0;
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

/**
 * Files held in memory, by their paths with slashes and without a leading one: `{ Dockerfile: 'FROM alpine' }`, or a Map.
 * Text is encoded as UTF-8.
 */
export function memoryTree(
  given: Readonly<Record<string, string | Uint8Array>> | ReadonlyMap<string, string | Uint8Array>,
): FileTree {
  const entries = given instanceof Map ? [...given] : Object.entries(given);
  const files = new Map(
    entries.map(([name, contents]) => [name, typeof contents === 'string' ? Buffer.from(contents) : contents] as const),
  );
  const inside = (asked: string) => clean(`/${asked}`).slice(1);
  const stats = (name: string, size: bigint | undefined): FileStat => ({
    path: name,
    mode: size === undefined ? directoryBit + 0o755 : 0o644,
    uid: 0,
    gid: 0,
    size: size ?? 0n,
    modTime: 0n,
    linkname: '',
  });
  const isFolder = (name: string) => name === '' || [...files.keys()].some((file) => file.startsWith(`${name}/`));
  const missing = (call: string, asked: string) => fileError(call, asked, { code: 'ENOENT' });

  return {
    async readFile(asked) {
      const found = files.get(inside(asked));
      if (found) return found;
      throw isFolder(inside(asked)) ? fileError('open', asked, { code: 'EISDIR' }) : missing('open', asked);
    },
    async stat(asked) {
      const name = inside(asked);
      const found = files.get(name);
      if (!found && !isFolder(name)) throw missing('lstat', asked);
      return stats(name === '' ? '.' : path.posix.basename(name), found && BigInt(found.length));
    },
    async readDir(asked) {
      const folder = inside(asked);
      if (!isFolder(folder)) throw missing('open', asked);
      const start = folder === '' ? 0 : folder.length + 1;
      const names = new Set<string>();
      for (const file of files.keys())
        if (folder === '' || file.startsWith(`${folder}/`)) names.add(file.slice(start).split('/', 1)[0]!);
      return [...names].sort(compareNames).map((name) => {
        const file = files.get(join(folder, name));
        return stats(name, file && BigInt(file.length));
      });
    },
  };
}

/** What is below a folder of a tree. */
export function subTree(tree: FileTree, folder: string): FileTree {
  const inside = (asked: string) => join(clean(`/${folder}`), clean(`/${asked}`));
  return {
    readFile: (asked) => tree.readFile(inside(asked)),
    ...(tree.readStart && { readStart: (asked: string, bytes: number) => tree.readStart!(inside(asked), bytes) }),
    stat: (asked) => tree.stat(inside(asked)),
    readDir: (asked) => tree.readDir(inside(asked)),
  };
}

/** The messages of Go's file functions. */
function fileError(call: string, asked: string, error: unknown): Error {
  if (error instanceof NotRegular || error instanceof TooLarge) return new Error(error.message, { cause: error });
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
