/**
 * Writes buildx's record of a build on one of its builders, from which `docker buildx history` and Docker Desktop take
 * the paths and the name of the build.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { builderDir } from '../../client/connect/buildx-builder.ts';
import { parseGitRef } from '../../git/ref.ts';
import { redactedJson } from '../../text/redact.ts';
import { systemErrorsInWords } from '../../text/system-error.ts';
import type { Io } from '../io.ts';
import { writeOutput } from '../output.ts';
import { warn } from '../warn.ts';

/** buildx's record of a build, as its file holds it. */
export interface LocalState {
  readonly context: string;
  readonly file: string | undefined;
}

/** A build does not fail because this cannot be noted: then a warning says so. @param place `BUILDER/NODE` */
export async function saveLocalState(place: string, ref: string, state: LocalState, io: Io): Promise<void> {
  const dir = builderDir(io.env);
  if (dir === undefined) return;
  try {
    await save(dir, place, ref, state, io);
  } catch (error) {
    const why = systemErrorsInWords((error as Error).message);
    warn(`docker buildx history will not know the paths of this build: ${why}`, io);
  }
}

async function save(dir: string, place: string, ref: string, state: LocalState, io: Io): Promise<void> {
  const refsDir = path.join(dir, 'refs', place);
  await mkdir(refsDir, { recursive: true, mode: 0o700 });
  const { context, file = '' } = state;
  const isLocal = context !== '-' && !/^https?:\/\//.test(context) && parseGitRef(context) === undefined;
  const noted = {
    Target: 'default', // of the targets of a bake file; a build has but one
    LocalPath: isLocal ? path.resolve(context) : context,
    DockerfilePath: isLocal && file !== '' && file !== '-' ? path.resolve(file) : file,
  };
  await writeOutput(path.join(refsDir, ref), redactedJson(noted), io);
}
