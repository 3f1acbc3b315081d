/** The platforms that a command line or the environment names. */
import { defaultPlatform, formatPlatform, normalizePlatform, parsePlatform } from '../../image/platform.ts';
import { UsageError } from '../../offline/usage-error.ts';

/**
 * The platforms to build for, by their usual names (`linux/x86_64` is `linux/amd64`), `local` being this machine's; those of DOCKER_DEFAULT_PLATFORM where none is given,
 * and [] where that is not set either. One given twice stands there twice, as with buildx: each output says what it makes of that.
 *
 * @param given values of `--platform`, each one or several separated by commas
 * @throws UsageError for what is not a platform, an empty one too
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
