/** Files that a frontend reads back from a source: a folder on disk, or some held in memory. */
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import type { FileStat } from '../gateway/bridge.ts';
import { clean, join } from '../go/path.ts';

/** Paths are slash-separated, with or without a leading slash; nothing outside the tree can be named. */
export interface FileTree {
  /** @throws Error `open PATH: no such file or directory` and the like */
  readFile(path: string): Promise<Uint8Array>;
  stat(path: string): Promise<FileStat>;
  /** Names in byte order. */
  readDir(path: string): Promise<readonly FileStat[]>;
}

const directoryBit = 2 ** 31;
const symlinkBit = 2 ** 27;
const maxLinks = 255;

/** A folder on disk. Links are followed inside the folder: it is the root of what they may name. */
export function folderTree(folder: string): FileTree {
  const onDisk = (inside: string) => path.join(folder, ...inside.split('/'));

  /** Replaces links in a path, as if the folder were `/`. */
  async function resolve(asked: string, followLast: boolean): Promise<string> {
    let links = 0;
    let resolved = '/';
    const parts = clean(`/${asked}`).split('/').filter(Boolean);
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      if (part === '..') {
        resolved = join(resolved, '..');
        continue;
      }
      const next = join(resolved, part);
      const isLink = await lstat(onDisk(next)).then((found) => found.isSymbolicLink());
      if (!isLink || (parts.length === 0 && !followLast)) {
        resolved = next;
        continue;
      }
      if (++links > maxLinks) throw new Error('too many links');
      const target = await readlink(onDisk(next));
      if (target.startsWith('/')) resolved = '/';
      parts.unshift(...target.split('/').filter((piece) => piece !== '' && piece !== '.'));
    }
    return resolved;
  }

  async function statOf(inside: string, name: string): Promise<FileStat> {
    const found = await lstat(onDisk(inside), { bigint: true });
    const isLink = found.isSymbolicLink();
    const kind = found.isDirectory() ? directoryBit : isLink ? symlinkBit : 0;
    return {
      path: name,
      mode: kind + (Number(found.mode) & 0o777),
      uid: Number(found.uid),
      gid: Number(found.gid),
      size: found.isDirectory() ? 0n : found.size,
      modTime: found.mtimeNs,
      linkname: isLink ? await readlink(onDisk(inside)) : '',
    };
  }

  return {
    async readFile(asked) {
      try {
        return await readFile(onDisk(await resolve(asked, true)));
      } catch (error) {
        throw fileError('open', asked, error);
      }
    },
    async stat(asked) {
      try {
        const resolved = await resolve(asked, false);
        return await statOf(resolved, resolved === '/' ? '.' : path.posix.basename(resolved));
      } catch (error) {
        throw fileError('lstat', asked, error);
      }
    },
    async readDir(asked) {
      try {
        const resolved = await resolve(asked, true);
        const names = (await readdir(onDisk(resolved))).sort(byBytes);
        return await Promise.all(names.map((name) => statOf(join(resolved, name), name)));
      } catch (error) {
        throw fileError('open', asked, error);
      }
    },
  };
}

/** Some files by path, without leading slash. */
export function memoryTree(files: ReadonlyMap<string, Uint8Array>): FileTree {
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
      return [...names].sort(byBytes).map((name) => {
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
    stat: (asked) => tree.stat(inside(asked)),
    readDir: (asked) => tree.readDir(inside(asked)),
  };
}

/** The messages of Go's file functions. */
function fileError(call: string, asked: string, error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EISDIR') return new Error(`${asked} is not a regular file`, { cause: error });
  const texts: Readonly<Record<string, string>> = {
    ENOENT: 'no such file or directory',
    ENOTDIR: 'not a directory',
    EACCES: 'permission denied',
  };
  return new Error(`${call} ${asked}: ${texts[code ?? ''] ?? message}`, { cause: error });
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
