/** Folders for a while. None is left behind, however this process ends, unless it is killed. */
import { rmSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface TemporaryFolder {
  /** Its real path. Only this user may enter it. */
  readonly path: string;
  remove(): Promise<void>;
}

const present = new Set<string>();

function removeAll(): void {
  for (const folder of present) rmSync(folder, { recursive: true, force: true });
}

/**
 * Makes an empty folder where the system keeps such.
 *
 * @param prefix of its name
 * @throws Error that names the place where nothing can be made
 */
export async function temporaryFolder(prefix: string): Promise<TemporaryFolder> {
  const parent = tmpdir();
  const folder = await mkdtemp(path.join(parent, prefix))
    .then((made) => realpath(made))
    .catch((error: Error) => {
      throw new Error(`no temporary folder can be made in ${parent} (TMPDIR names another place): ${error.message}`, {
        cause: error,
      });
    });
  if (present.size === 0) process.on('exit', removeAll);
  present.add(folder);
  return {
    path: folder,
    async remove() {
      // what has just been stopped may still be writing
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
      present.delete(folder);
      if (present.size === 0) process.off('exit', removeAll);
    },
  };
}
