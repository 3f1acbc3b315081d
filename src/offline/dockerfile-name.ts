/** Which file of a folder is the Dockerfile, by the rules of `docker buildx build`. */
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { suggest } from '../parser/suggest.ts';
import { kindOf } from '../system/read-inside.ts';
import { UsageError } from './usage-error.ts';

export const DOCKERFILE = 'Dockerfile';

/**
 * The name by which the frontend is asked for a Dockerfile: where there is no `Dockerfile` but a `dockerfile`, it is that
 * one. The frontend would find it anyway, but then look for `Dockerfile.dockerignore` and not for the ignore file beside it.
 *
 * @param folder that the Dockerfile is in; one that cannot be read is noticed later
 */
export async function spelledIn(folder: string, name: string): Promise<string> {
  if (name !== DOCKERFILE) return name;
  // The names themselves are looked at: to some file systems both spellings are one file.
  const names = await readdir(folder).catch((): string[] => []);
  const lower = DOCKERFILE.toLowerCase();
  return !names.includes(DOCKERFILE) && names.includes(lower) ? lower : name;
}

/**
 * Makes sure of a Dockerfile that the user names with its path.
 * Links are left to the frontend: they lead somewhere within the folder.
 *
 * @param context a folder in which the file is looked for too, to say so; undefined where the context is elsewhere
 * @throws UsageError for what is not there, and for what is no file
 */
export async function requireDockerfile(file: string, context: string | undefined): Promise<void> {
  const found = await lstat(file, { bigint: true }).catch(() => undefined);
  if (!found) {
    const { dir, base } = path.parse(file);
    if (!file.endsWith('/') && (await exists(path.join(dir, await spelledIn(dir || '.', base))))) return;
    throw new UsageError(`the Dockerfile ${file} does not exist${await adviceFor(file, context)}`);
  }
  const kind = kindOf(found);
  if (kind === 'a regular file' || kind === 'a link') return;
  if (kind === 'a folder')
    throw new UsageError(`the Dockerfile ${file} is a folder: name the file in it, as ${path.join(file, DOCKERFILE)}`);
  throw new UsageError(
    `the Dockerfile ${file} is ${kind}, which might never end: give what comes through it with -f -`,
  );
}

/**
 * Makes sure that a context without a Dockerfile has none that is only called otherwise.
 *
 * @throws UsageError that names it
 */
export async function requireNoOther(context: string): Promise<void> {
  if (await exists(path.join(context, await spelledIn(context, DOCKERFILE)))) return;
  const advice = await similarIn(context, DOCKERFILE);
  // The words of the frontend, which would not find it either, come first.
  if (advice)
    throw new UsageError(`failed to read dockerfile: open ${DOCKERFILE}: no such file or directory: ${advice}`);
}

async function adviceFor(file: string, context: string | undefined): Promise<string> {
  const inContext = context === undefined ? undefined : path.join(context, file);
  if (inContext !== undefined && (await exists(inContext)))
    return `: a path starts in the folder that you are in; for the one in the context give -f ${inContext}`;
  const { dir, base } = path.parse(file);
  const advice = await similarIn(dir || '.', base);
  return advice ? `: ${advice}` : '';
}

/** Names the file in a folder that may be meant by a name which is not there. */
async function similarIn(folder: string, name: string): Promise<string | undefined> {
  const names = await readdir(folder).catch((): string[] => []);
  const lower = name.toLowerCase();
  const found =
    names.find((other) => other.toLowerCase() === lower) ??
    (name === DOCKERFILE ? names.find((other) => other.toLowerCase() === 'containerfile') : undefined) ??
    suggest(name, names, true);
  return found === undefined ? undefined : `there is ${found}, to be named with -f ${path.join(folder, found)}`;
}

async function exists(name: string): Promise<boolean> {
  return (await lstat(name).catch(() => undefined)) !== undefined;
}
