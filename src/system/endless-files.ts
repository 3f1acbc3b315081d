/** Files of a context that a frontend reads, and that would never end. */
import path from 'node:path';
import { kindInside, NotRegular, realFolder } from './read-inside.ts';

const DOCKERFILE = 'Dockerfile';

/** The names of a Dockerfile: a frontend that is asked for `Dockerfile` also takes `dockerfile`. */
export function spellings(file: string): string[] {
  if (path.basename(file) !== DOCKERFILE) return [file];
  return [file, path.join(path.dirname(file), DOCKERFILE.toLowerCase())];
}

/**
 * Refuses a pipe, socket or device as Dockerfile or ignore file. It would be read for ever: also the daemon opens a named
 * pipe and waits for somebody to write to it.
 *
 * @param folders local sources by name: `dockerfile` has the Dockerfile, each other one may have a `.dockerignore`
 * @param filename of the Dockerfile
 * @throws NotRegular that names the file
 */
export async function refuseEndless(folders: Iterable<readonly [string, string]>, filename: string): Promise<void> {
  const ofDockerfile = [...spellings(filename), `${filename}.dockerignore`];
  for (const [local, folder] of folders) {
    const root = await realFolder(folder).catch(() => undefined); // what is not there is noticed when it is read
    for (const name of local === 'dockerfile' ? ofDockerfile : ['.dockerignore']) {
      const kind = root === undefined ? undefined : await kindInside(root, name);
      if (kind && kind !== 'a regular file' && kind !== 'a folder')
        throw new NotRegular(`${path.join(folder, name)} is ${kind}, not a regular file`);
    }
  }
}
