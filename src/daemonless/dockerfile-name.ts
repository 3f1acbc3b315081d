/** Finds the Dockerfile in a directory by the rules of `docker buildx build`. */
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { defaultDockerfileName } from '../gateway/frontend-files.ts';
import { kindOf } from '../system/read-inside.ts';
import { suggest } from '../text/suggest.ts';
import { UsageError } from '../text/usage-error.ts';

/**
 * The name of the Dockerfile for the frontend: `dockerfile` if the directory has no `Dockerfile` but a `dockerfile`.
 * The frontend would find it anyway, but would then look for `Dockerfile.dockerignore` instead of
 * `dockerfile.dockerignore`.
 *
 * @param dir the directory of the Dockerfile; if it cannot be read, later steps report it
 */
export async function actualSpelling(dir: string, name: string): Promise<string> {
  if (name !== defaultDockerfileName) return name;
  // Names are compared, because on some file systems both spellings open the same file.
  const names = await readdir(dir).catch((): string[] => []);
  const lower = defaultDockerfileName.toLowerCase();
  return !names.includes(defaultDockerfileName) && names.includes(lower) ? lower : name;
}

/**
 * Checks the Dockerfile that the user names by its path.
 * It does not follow links: the frontend does, inside the directory.
 *
 * @param context the directory of the context, in which the error looks for the file; undefined if it is elsewhere
 * @throws UsageError if the file is missing or is not a file
 */
export async function requireDockerfile(file: string, context: string | undefined): Promise<void> {
  const found = await lstat(file, { bigint: true }).catch(() => undefined);
  if (!found) {
    const { dir, base } = path.parse(file);
    if (!file.endsWith('/') && (await exists(path.join(dir, await actualSpelling(dir || '.', base))))) return;
    throw new UsageError(`the Dockerfile ${file} does not exist${await adviceFor(file, context)}`);
  }
  const kind = kindOf(found);
  if (kind === 'a regular file' || kind === 'a link') return;
  if (kind === 'a directory')
    throw new UsageError(
      `the Dockerfile ${file} is a directory: name the file in it, as ${path.join(file, defaultDockerfileName)}`,
    );
  throw new UsageError(`the Dockerfile ${file} is ${kind}, which might never end: pipe its content into \`file\` -`);
}

/**
 * Checks that a context without a Dockerfile does not have one under another name.
 *
 * @throws UsageError that names it
 */
export async function requireNoOther(context: string): Promise<void> {
  if (await exists(path.join(context, await actualSpelling(context, defaultDockerfileName)))) return;
  const advice = await similarIn(context, defaultDockerfileName);
  // The error begins with the text of the frontend, which would not find the file either.
  if (advice)
    throw new UsageError(
      `failed to read dockerfile: open ${defaultDockerfileName}: no such file or directory: ${advice}`,
    );
}

async function adviceFor(file: string, context: string | undefined): Promise<string> {
  const inContext = context === undefined ? undefined : path.join(context, file);
  if (inContext !== undefined && (await exists(inContext)))
    return `: a path starts at the current directory; for the one in the context give \`file\` ${inContext}`;
  const { dir, base } = path.parse(file);
  const advice = await similarIn(dir || '.', base);
  return advice ? `: ${advice}` : '';
}

/** A phrase with the file in a directory whose name is similar to a missing one; '' if there is no such file. */
async function similarIn(dir: string, name: string): Promise<string | undefined> {
  const names = await readdir(dir).catch((): string[] => []);
  const lower = name.toLowerCase();
  const found =
    names.find((other) => other.toLowerCase() === lower) ??
    (name === defaultDockerfileName ? names.find((other) => other.toLowerCase() === 'containerfile') : undefined) ??
    suggest(name, names, true);
  return found === undefined ? undefined : `there is ${found}: name it with \`file\` ${path.join(dir, found)}`;
}

async function exists(name: string): Promise<boolean> {
  return (await lstat(name).catch(() => undefined)) !== undefined;
}
