/** Creates directories with their parents. */
import { mkdir, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';

/**
 * Step by step: Node's own recursive mkdir never returns where the parents are there and the kernel still says
 * ENOENT, as it does in /proc.
 * @returns the topmost directory that was not there before, undefined when all were
 * @throws Error that names the directory; what was created is removed then
 */
export async function makeDirs(dir: string, mode = 0o777): Promise<string | undefined> {
  const missing = await missingDirs(dir);
  const created: string[] = [];
  try {
    for (const parent of missing) {
      await mkdir(parent, { mode }).then(
        () => created.unshift(parent),
        async (error: NodeJS.ErrnoException) => {
          // somebody else may have been faster
          if (error.code !== 'EEXIST' || !(await look(parent))?.isDirectory()) throw error;
        },
      );
    }
  } catch (error) {
    for (const parent of created) await rmdir(parent).catch(() => {});
    throw new Error(`cannot create ${dir}: ${(error as Error).message}`, { cause: error });
  }
  return created.at(-1);
}

/** Removes a directory and its parents up to `topmost`, as far as they are empty and lie in it. */
export async function removeEmptyDirs(dir: string, topmost: string): Promise<void> {
  for (let at = path.resolve(dir); at === topmost || at.startsWith(topmost + path.sep); at = path.dirname(at))
    if (
      !(await rmdir(at).then(
        () => true,
        () => false,
      ))
    )
      return;
}

/** The directories on the way to one that are not there, topmost first. @throws Error when a file is in the way */
export async function missingDirs(dir: string): Promise<string[]> {
  const missing: string[] = [];
  let at = path.resolve(dir);
  for (let stats = await look(at); !stats?.isDirectory(); stats = await look(at)) {
    if (stats) throw new Error(`cannot create ${dir}: ${at} is not a directory`);
    missing.unshift(at);
    at = path.dirname(at);
  }
  return missing;
}

async function look(file: string) {
  try {
    return await stat(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
