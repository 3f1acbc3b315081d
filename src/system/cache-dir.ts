/** Finds the directory for what can be made again. */
import path from 'node:path';
import { homeDir } from './home.ts';

/** `$XDG_CACHE_HOME/tsfront`, by default `~/.cache/tsfront`; undefined if the user has no home directory. */
export function defaultCacheDir(env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  const base = env['XDG_CACHE_HOME'];
  if (base && path.isAbsolute(base)) return path.join(base, 'tsfront');
  const home = homeDir(env);
  return home && path.join(home, '.cache/tsfront');
}
