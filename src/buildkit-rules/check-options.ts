/**
 * The options of `# check=…` and of the build argument BUILDKIT_DOCKERFILE_CHECK:
 * `skip=A,B;experimental=all;error=true`.
 */
import { quote } from '../go/quote.ts';
import { splitAtFirst } from '../go/split-at-first.ts';
import { parseBool } from '../go/strconv.ts';
import { trimSpace } from '../go/unicode.ts';

/** The check options of a file or of a build. */
export interface CheckConfig {
  /** Names of rules that do not run; `all` means every rule that is not experimental. */
  readonly skip: 'all' | readonly string[];
  /** Names of the experimental rules that run; `all` means every one. */
  readonly experimental: 'all' | readonly string[];
  /** Whether violations fail the build. */
  readonly error: boolean;
}

/** The options of a file and a build that set none. */
export const noCheckConfig: CheckConfig = { skip: [], experimental: [], error: false };

/**
 * Reads check options. At most two semicolons separate options, further ones belong to the last value; an option given
 * twice counts as given last, except that `all` cannot be taken back.
 *
 * @throws Error for an unknown option, one without `=`, or an `error` that is not a boolean
 */
export function parseCheckConfig(text: string): CheckConfig {
  const trimmed = trimSpace(text);
  if (trimmed === '') return noCheckConfig;

  let skip: CheckConfig['skip'] = [];
  let experimental: CheckConfig['experimental'] = [];
  let error = false;
  for (const option of splitAtMost(trimmed, ';', 3)) {
    const [name, text] = splitAtFirst(option, '=');
    if (text === undefined) throw new Error(`invalid check option ${quote(option)}`);
    const key = trimSpace(name);
    const value = trimSpace(text);
    switch (key) {
      case 'skip':
        skip = ruleNames(value, skip);
        break;
      case 'experimental':
        experimental = ruleNames(value, experimental);
        break;
      case 'error':
        try {
          error = parseBool(value);
        } catch (cause) {
          throw new Error(`failed to parse check option ${quote(option)}: ${(cause as Error).message}`, { cause });
        }
        break;
      default:
        throw new Error(`invalid check option ${quote(key)}`);
    }
  }
  return { skip, experimental, error };
}

function ruleNames(value: string, before: CheckConfig['skip']): CheckConfig['skip'] {
  if (value === 'all' || before === 'all') return 'all';
  return value.split(',').map(trimSpace);
}

/** Go's strings.SplitN: the last part keeps the separators that are left. */
function splitAtMost(text: string, separator: string, count: number): string[] {
  const parts = text.split(separator);
  return parts.length <= count ? parts : [...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)];
}
