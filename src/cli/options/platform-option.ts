/** The platforms on the command line or in the environment. */
import { defaultPlatform, formatPlatform, normalizePlatform, parsePlatform } from '../../image/platform.ts';
import { UsageError } from '../../text/usage-error.ts';

/**
 * Returns the platforms to build for, normalized (`linux/x86_64` becomes `linux/amd64`, `local` this machine's
 * platform); without `--platform`, those of DOCKER_DEFAULT_PLATFORM, or [] if that is not set. Duplicates are kept, as
 * in buildx: each output handles them.
 *
 * @param given values of `--platform`, each with one or more platforms separated by commas
 * @throws UsageError for an invalid or empty platform
 */
export function requestedPlatforms(
  given: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  const set = env['DOCKER_DEFAULT_PLATFORM'];
  const [name, values] = given.length > 0 ? ['--platform', given] : ['DOCKER_DEFAULT_PLATFORM', set ? [set] : []];
  return values.flatMap((it) => it.split(',')).map((it) => platformOf(name, it));
}

function platformOf(name: string, text: string): string {
  if (/^local$/i.test(text)) return formatPlatform(defaultPlatform());
  try {
    return formatPlatform(normalizePlatform(parsePlatform(text)));
  } catch (cause) {
    const { message } = cause as Error;
    throw new UsageError(`${name}: ${message}: give OS/ARCHITECTURE, as linux/amd64`, { cause });
  }
}
