/** Paths inside an image: with slashes on Linux, with either slash and drive letters on Windows. */
import { clean, isAbs, join } from '../go/path.ts';
import { quote } from '../go/quote.ts';
import { equalFold, utf8Length } from '../go/unicode.ts';

/** The PATH that processes get if the image sets none. */
export function defaultPathEnv(os: string): string {
  return os === 'windows'
    ? 'c:\\Windows\\System32;c:\\Windows;C:\\Windows\\System32\\WindowsPowerShell\\v1.0'
    : '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
}

/**
 * An absolute path with forward slashes and without a drive letter; relative ones are joined to the parent.
 * `keepSlash` keeps a final `/` or `/.`, which matter to COPY.
 * @throws Error `removing drive letter: ` with the texts of {@link removeDriveLetter}
 */
export function normalizePath(parent: string, path: string, os: string, keepSlash: boolean): string {
  const original = toSlash(path, os);
  let base = removeDrive(toSlash(parent, os) || '/', os, keepSlash);
  if (!isAbsolutePath(base, os)) base = join('/', base);
  let result = removeDrive(original || base, os, keepSlash);
  if (!isAbsolutePath(result, os)) result = join(base, result);
  if (keepSlash) {
    if (original.endsWith('/') && !result.endsWith('/')) result += '/';
    else if (original.endsWith('/.')) result += result === '/' ? '.' : '/.';
  }
  return toSlash(result, os);
}

/**
 * The working directory after `WORKDIR path`, with the separators of the system.
 * @throws Error `normalizing working directory: removing drive letter: …`
 */
export function normalizeWorkdir(current: string, path: string, os: string): string {
  try {
    return fromSlash(normalizePath(current, path, os, false), os);
  } catch (error) {
    throw new Error(`normalizing working directory: ${(error as Error).message}`);
  }
}

/** Backslashes to slashes on Windows. */
export function toSlash(path: string, os: string): string {
  return os === 'windows' ? path.replaceAll('\\', '/') : path;
}

/** Slashes to backslashes on Windows. */
function fromSlash(path: string, os: string): string {
  return os === 'windows' ? path.replaceAll('/', '\\') : path;
}

/** Whether the path is absolute within the image: `\a` and `C:\a` are on Windows, `C:a` is not. */
export function isAbsolutePath(path: string, os: string): boolean {
  try {
    return isAbs(toSlash(removeDriveLetter(path, os, false), os));
  } catch {
    return false;
  }
}

/**
 * On Windows the cleaned path without `C:`; elsewhere the path as it is.
 * @throws Error `No relative path specified in "C:"`, `UNC paths are not supported`,
 * `The specified path is not on the system drive (C:)`
 */
export function removeDriveLetter(path: string, os: string, keepSlash: boolean): string {
  if (os !== 'windows') return path;
  if (path.endsWith(':') && utf8Length(path) === 2) throw new Error(`No relative path specified in ${quote(path)}`);
  if (toSlash(path.slice(0, 2), os) === '//') throw new Error('UNC paths are not supported');
  const colon = path.indexOf(':');
  if (colon < 0) return cleanPath(path, keepSlash);
  if (!equalFold(path.slice(0, colon), 'c')) throw new Error('The specified path is not on the system drive (C:)');
  return cleanPath(path.slice(colon + 1), keepSlash);
}

function removeDrive(path: string, os: string, keepSlash: boolean): string {
  try {
    return removeDriveLetter(path, os, keepSlash);
  } catch (error) {
    throw new Error(`removing drive letter: ${(error as Error).message}`);
  }
}

function cleanPath(path: string, keepSlash: boolean): string {
  const original = toSlash(path, 'windows');
  const cleaned = clean(original);
  return keepSlash && utf8Length(cleaned) > 1 && original.endsWith('/') ? `${cleaned}/` : cleaned;
}
