/** Where Docker Desktop shows a build: its page has what the daemon remembers and what is noted of paths beside it. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type Connection, listHistory } from '../../client/index.ts';
import { homeDir } from '../../system/home.ts';
import type { Io } from '../io.ts';

/**
 * A line for people, as buildx prints it; undefined without Docker Desktop, and where the daemon does not remember the build.
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
