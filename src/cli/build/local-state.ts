/**
 * What buildx notes of a build on one of its builders beside the daemon's history: `docker buildx history` and Docker
 * Desktop take the paths and the name of a build from there.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { builderFolder } from '../../client/connect/buildx-builder.ts';
import { parseGitRef } from '../../image/git-ref.ts';
import type { Io } from '../io.ts';
import { writeOutput } from '../output.ts';

export interface LocalState {
  readonly context: string;
  readonly file: string | undefined;
}

/** @param place `BUILDER/NODE` */
export async function saveLocalState(place: string, ref: string, state: LocalState, io: Io): Promise<void> {
  const dir = builderFolder(io.env);
  if (dir === undefined) return;
  const folder = path.join(dir, 'refs', place);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { context, file = '' } = state;
  const isLocal = context !== '-' && !/^https?:\/\//.test(context) && parseGitRef(context) === undefined;
  const noted = {
    Target: 'default', // of the targets of a bake file; a build has but one
    LocalPath: isLocal ? path.resolve(context) : context,
    DockerfilePath: isLocal && file !== '' && file !== '-' ? path.resolve(file) : file,
  };
  await writeOutput(path.join(folder, ref), JSON.stringify(noted), io);
}
