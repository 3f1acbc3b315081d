/** Reads from the error of a daemon which source of a COPY, an ADD or a mount it did not find. */

/** What a daemon reports as missing. */
export interface MissingPath {
  /** The path from the root of its source; undefined if the error has the directory. */
  readonly path: string | undefined;
  /**
   * The missing directory: of a pattern that before its first wildcard. Older daemons report the directory of any
   * path. undefined if the error has the path.
   */
  readonly directory: string | undefined;
}

/** @returns undefined for an error about something else */
export function readMissingPath(message: string): MissingPath | undefined {
  const path = /(?:checksum of ref|cache key)[^\n]*: "(\/[^"\n]+)": not found/.exec(message)?.[1];
  // Older daemons have their own directory in front.
  const directory = /lstat (?:\/\S*\/buildkit-mount\d+)?(\/[^\n]+): no such file or directory$/.exec(message)?.[1];
  return path === undefined && directory === undefined ? undefined : { path, directory };
}
