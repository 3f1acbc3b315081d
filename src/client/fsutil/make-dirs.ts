/** Creates directories with their parents. */
import { randomBytes } from 'node:crypto';
import { mkdir, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { isMissing, systemErrorsInWords } from '../../text/system-error.ts';

/** Maximum number of attempts to make a directory that another process removes. */
const attempts = 8;

/**
 * Makes a directory and its parents one by one: Node's recursive mkdir never returns if the kernel reports ENOENT
 * although the parents exist, as in /proc.
 * @returns the topmost directory that did not exist before; undefined if all existed
 * @throws Error that names the directory; directories that were made are removed if they are empty
 */
export async function makeDirs(dir: string, mode = 0o777): Promise<string | undefined> {
  const created: string[] = [];
  try {
    for (let attempt = 1; !(await makeMissing(dir, mode, created, attempt < attempts)); attempt++);
  } catch (error) {
    for (const parent of created.reverse()) await rmdir(parent).catch(() => {});
    throw new Error(systemErrorsInWords(`cannot create ${dir}: ${(error as Error).message}`), { cause: error });
  }
  return created[0];
}

/** @returns false when a parent has vanished: another build, which had made it, may have removed it again */
async function makeMissing(dir: string, mode: number, created: string[], again: boolean): Promise<boolean> {
  for (const parent of await missingDirs(dir)) {
    try {
      await mkdir(parent, { mode });
      if (!created.includes(parent)) created.push(parent);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Another process may have made or removed it meanwhile.
      const stats = code === 'EEXIST' ? await look(parent) : undefined;
      if (stats?.isDirectory()) continue;
      if (stats || !again || (code !== 'EEXIST' && code !== 'ENOENT')) throw error;
      return false;
    }
  }
  return true;
}

/**
 * Makes a private directory in a directory, which is made too: what is received there lies in the file system that it
 * is for, and nowhere but in the directory that the user named.
 * @returns its path, and the topmost directory that was not there before
 * @throws Error if nothing can be made there
 */
export async function makeStaging(
  dir: string,
  mode?: number,
): Promise<{ readonly staging: string; readonly created: string | undefined }> {
  let created: string | undefined;
  for (let attempt = 1; ; attempt++) {
    created = (await makeDirs(dir, mode)) ?? created;
    const staging = path.resolve(dir, temporaryName());
    try {
      await mkdir(staging, { mode: 0o700 });
      return { staging, created };
    } catch (error) {
      // Another build that failed may have removed the directory, which was empty.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' && attempt < attempts) continue;
      if (created) await removeEmptyDirs(dir, created);
      throw new Error(systemErrorsInWords(`cannot write into ${dir}: ${(error as Error).message}`), { cause: error });
    }
  }
}

/** A name for a file or directory that is renamed or deleted before the export ends. */
export function temporaryName(): string {
  return `.tsfront-export-${randomBytes(8).toString('hex')}`;
}

/** Whether a name is a temporary one. Another build may still be using what has it. */
export function isTemporaryName(name: string): boolean {
  return /^\.tsfront-export-[0-9a-f]{16}$/.test(name);
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

/** The missing directories on the way to a directory, topmost first. @throws Error if a file is in the way */
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
    if (isMissing(error)) return undefined;
    throw error;
  }
}
