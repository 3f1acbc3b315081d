/** Finds the page of a build in Docker Desktop, which shows the daemon's record and the paths in the local state. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type Connection, listHistory } from '../../client/index.ts';
import { homeDir } from '../../system/home.ts';
import type { Io } from '../io.ts';

/**
 * Returns the line that buildx prints; undefined without Docker Desktop, or if the daemon keeps no record of the build.
 * @param place `BUILDER/NODE`
 */
export async function detailsLink(
  connection: Connection,
  place: string,
  ref: string,
  env: Io['env'],
): Promise<string | undefined> {
  const home = homeDir(env);
  const desktop = home && (await stat(path.join(home, '.docker/desktop-build/.lastaccess')).catch(() => undefined));
  if (!desktop) return undefined;
  const remembered = await listHistory(connection, ref).catch(() => []);
  return remembered.length > 0 ? `View build details: docker-desktop://dashboard/build/${place}/${ref}` : undefined;
}
