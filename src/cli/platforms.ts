/** Platforms that options or variables name. */
import { parsePlatform } from '../image/platform.ts';
import { UsageError } from '../offline/usage-error.ts';

/** @param name of the option or variable @throws UsageError for what is no platform */
export function requirePlatforms(name: string, platforms: readonly string[]): void {
  for (const platform of platforms) {
    try {
      parsePlatform(platform);
    } catch (cause) {
      const { message } = cause as Error;
      throw new UsageError(`${name}: ${message}: give OS/ARCHITECTURE, as linux/amd64`, { cause });
    }
  }
}
