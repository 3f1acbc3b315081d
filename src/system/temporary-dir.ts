/** Temporary directories. They are removed when this process ends, unless it is killed. */
import { rmSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A temporary directory of this process. */
export interface TemporaryDir {
  /** Its real path. Only this user may enter it. */
  readonly path: string;
  /** Removes the directory with its content. */
  remove(): Promise<void>;
}

const present = new Set<string>();

function removeAll(): void {
  for (const dir of present) rmSync(dir, { recursive: true, force: true });
}

/**
 * Makes an empty directory in the system's temporary directory.
 *
 * @param prefix start of its name
 * @throws Error that names the directory in which it cannot be made
 */
export async function temporaryDir(prefix: string): Promise<TemporaryDir> {
  const parent = tmpdir();
  const dir = await mkdtemp(path.join(parent, prefix))
    .then((made) => realpath(made))
    .catch((error: Error) => {
      throw new Error(
        `no temporary directory can be made in ${parent} (TMPDIR names another place): ${error.message}`,
        {
          cause: error,
        },
      );
    });
  if (present.size === 0) process.on('exit', removeAll);
  present.add(dir);
  return {
    path: dir,
    async remove() {
      // What has just been stopped may still be writing.
      await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
      present.delete(dir);
      if (present.size === 0) process.off('exit', removeAll);
    },
  };
}
