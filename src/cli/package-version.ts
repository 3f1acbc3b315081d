/** The version of this package. */
import { readFileSync } from 'node:fs';

/** Reads the version, which is in package.json: two directories up from here, and from dist/chunks as well. */
export function packageVersion(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version as string;
}
