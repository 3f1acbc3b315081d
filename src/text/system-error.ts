/**
 * Puts system errors about files into words: Node's texts have a code, a call, and sometimes a file that the message
 * already names.
 */

/** `ENOENT: no such file or directory, open 'a'`, with two files for links and renames, or none for an open file. */
const nodeErrorPattern = /\b([A-Z]{5,12}): ([a-z][^,'\n]*), (?:[a-z]+)(?: '([^'\n]*)')?(?: -> '([^'\n]*)')?/g;

/** Words for the codes that people do not know. Other codes stay, because people search for them. */
const words: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EISDIR: 'is a directory',
  ENOTDIR: 'a part of the path is not a directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EEXIST: 'already exists',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'the name is too long',
  EROFS: 'the file system is read-only',
};

/**
 * Removes the codes and calls of such errors from a message; the file stays unless the message already names it.
 *
 * @example
 * systemErrorsInWords("cannot write a: EACCES: permission denied, open 'a'"); // cannot write a: permission denied
 * systemErrorsInWords("EISDIR: illegal operation on a directory, open 'a'"); // a: is a directory
 */
export function systemErrorsInWords(message: string): string {
  return message.replace(
    nodeErrorPattern,
    (whole, code: string, _text, file: string | undefined, other: string | undefined, at: number) => {
      if (words[code] === undefined) return whole;
      const before = message.slice(0, at);
      const names = [file, other].filter((name) => name !== undefined && !before.includes(name));
      return `${names.length > 0 ? `${names.join(' to ')}: ` : ''}${words[code]}`;
    },
  );
}

/** Whether a file, or a directory on the way to it, does not exist. */
export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
