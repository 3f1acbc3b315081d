/** Translates the file names of frontends to the paths that the user knows. */
import path from 'node:path';

/** Translates a file name of the frontend to the path that the user knows. */
export type ShownPath = (filename: string) => string;

/** Keeps the frontend's name. */
export const asNamed: ShownPath = (filename) => filename;

/**
 * Makes the translation for a build, whose frontend knows the Dockerfile and ignore files without their directories.
 * @param dockerfile its path; '' if it is not a file on this machine
 * @param context the directory of the context; '' if it is not a directory on this machine
 */
export function shownPaths({ dockerfile, context }: { dockerfile: string; context: string }): ShownPath {
  const own = path.basename(dockerfile).toLowerCase();
  return (filename) => {
    const name = filename.toLowerCase();
    const isBeside = dockerfile !== '' && (name === own || name === `${own}.dockerignore`);
    if (isBeside) return path.join(path.dirname(dockerfile), filename);
    return filename === '.dockerignore' && context !== '' ? path.join(context, filename) : filename;
  };
}
