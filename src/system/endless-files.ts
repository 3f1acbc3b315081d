/** Refuses files of a context that a frontend would read for ever. */
import path from 'node:path';
import { kindInside, NotRegular, realDir } from './read-inside.ts';

/**
 * Refuses a pipe, socket or device among the files that a build reads, because reading it would never end: the daemon
 * would wait for a writer of a named pipe.
 *
 * @param dirs local sources by name
 * @param filesOf the names of the files that are read from a local source
 * @throws NotRegular that names the file
 */
export async function refuseEndlessFiles(
  dirs: Iterable<readonly [string, string]>,
  filesOf: (localName: string) => readonly string[],
): Promise<void> {
  for (const [localName, dir] of dirs) {
    const root = await realDir(dir).catch(() => undefined); // reading a missing file reports it
    for (const name of filesOf(localName)) {
      const kind = root === undefined ? undefined : await kindInside(root, name);
      if (kind && kind !== 'a regular file' && kind !== 'a directory')
        throw new NotRegular(`${path.join(dir, name)} is ${kind}, not a regular file`);
    }
  }
}
