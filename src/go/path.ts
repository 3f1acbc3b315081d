/** Go's `path` package (and `path/filepath` on Unix): purely lexical paths with slashes. */

/** Most paths: no part is empty or begins with a dot. */
const isClean = /^(?:\/|\/?[^/.][^/]*(?:\/[^/.][^/]*)*)$/;

/** `path.Clean`: the shortest equivalent path; `.` for the empty one. */
export function clean(path: string): string {
  if (isClean.test(path)) return path;
  const rooted = path.startsWith('/');
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (!rooted) parts.push(part);
  }
  const joined = parts.join('/');
  return rooted ? `/${joined}` : joined || '.';
}

/** `path.Join`: empty elements are ignored; '' if all are empty. */
export function join(...elements: readonly string[]): string {
  const present = elements.filter((element) => element !== '');
  return present.length === 0 ? '' : clean(present.join('/'));
}

/** `path.Split`: the part up to and including the last slash, and the rest. */
export function split(path: string): { dir: string; file: string } {
  const at = path.lastIndexOf('/') + 1;
  return { dir: path.slice(0, at), file: path.slice(at) };
}

/** `path.Dir`. */
export function dirname(path: string): string {
  return clean(split(path).dir);
}

/** `path.Base`: the last element; `.` for the empty path, `/` if there are only slashes. */
export function base(path: string): string {
  if (path === '') return '.';
  let to = path.length;
  while (to > 0 && path.charCodeAt(to - 1) === 47) to--;
  if (to === 0) return '/';
  return path.slice(path.lastIndexOf('/', to - 1) + 1, to);
}

/** `path.IsAbs`. */
export function isAbs(path: string): boolean {
  return path.startsWith('/');
}
