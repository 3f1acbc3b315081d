/** Names of files as the user knows them. */
import path from 'node:path';

/** The path of a file as the user knows it, from the name that a frontend has for it. */
export type ShownPath = (filename: string) => string;

/** The name that the frontend has. */
export const asNamed: ShownPath = (filename) => filename;

/**
 * A frontend knows the Dockerfile and ignore files without their folders.
 * @param dockerfile its path; '' if it is not a file on this machine
 * @param context the folder of the context; '' if it is not a folder on this machine
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
