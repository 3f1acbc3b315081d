/** The files of local sources that a frontend reads: the Dockerfile and the ignore files. */

/** The Dockerfile's name if the build names no other. */
export const defaultDockerfileName = 'Dockerfile';
/** Name of the ignore file of a context. */
export const ignoreFileName = '.dockerignore';

/** The lock file of a Dockerfile. */
export const lockFileName = (filename: string): string => `${filename}.lock`;

/** The names of a Dockerfile: a frontend that is asked for `Dockerfile` also takes `dockerfile`. */
export function dockerfileSpellings(filename: string): string[] {
  const dir = filename.slice(0, -defaultDockerfileName.length);
  const isDefault = filename.endsWith(defaultDockerfileName) && /(^|[/\\])$/.test(dir);
  return isDefault ? [filename, dir + defaultDockerfileName.toLowerCase()] : [filename];
}

/**
 * The files that a frontend reads from a local source: the Dockerfile and its own ignore file from `dockerfile`, and
 * `.dockerignore` from every other source.
 */
export function filesReadFrom(localName: string, filename: string): string[] {
  return localName === 'dockerfile'
    ? [...dockerfileSpellings(filename), `${filename}${ignoreFileName}`]
    : [ignoreFileName];
}
