/** Keeps what Node compiles, so that the next start need not do it again: a third of the time of a small build. */
import { mkdirSync } from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import { defaultCacheDir } from '../system/cache-dir.ts';

/** In the user's own directory, since the contents are executed. Nothing is kept if it cannot be written. */
export function keepCompiledCode(): void {
  const cache = defaultCacheDir();
  if (cache === undefined || process.env['NODE_COMPILE_CACHE'] || process.env['NODE_DISABLE_COMPILE_CACHE']) return;
  const code = path.join(cache, 'code');
  // One by one: with `recursive`, as Node itself makes them, it would try forever where none can be made, as in /proc.
  if ([path.dirname(cache), cache, code].every(canMake)) module.enableCompileCache(code);
}

/** Makes a directory for this user alone, unless it exists. */
function canMake(directory: string): boolean {
  try {
    mkdirSync(directory, { mode: 0o700 });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST';
  }
}
