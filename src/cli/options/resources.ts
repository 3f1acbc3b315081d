/** Limits of what RUN may use: `--resource KEY=VALUE`, and the flags of `docker build` that were before it. */
import { checkCpuset } from '../../go/cpuset.ts';
import { parseRamInBytes } from '../../go/size.ts';
import { splitAtFirst } from '../../go/split-at-first.ts';
import { parseInteger } from '../../go/strconv.ts';
import { didYouMean } from '../../text/suggest.ts';
import { UsageError } from '../../text/usage-error.ts';

const nonNegative = (text: string) => {
  const value = parseInteger(text, 10, 64);
  if (value < 0n) throw new Error('it must be > 0, or 0 for no limit');
  return value;
};

const byteCount = (text: string) => {
  const value = parseRamInBytes(text);
  if (value < 0n) throw new Error('it is larger than any memory');
  return value;
};

const cpuset = (text: string) => {
  checkCpuset(text);
  return text;
};

/** Frontend options by the keys of `--resource`, which are the names of the older flags too. */
const resources: Readonly<
  Record<string, { readonly attr: string; readonly parse: (text: string) => bigint | string }>
> = {
  memory: { attr: 'memory', parse: byteCount },
  // -1 is no limit.
  'memory-swap': { attr: 'memswap', parse: (text) => (text === '-1' ? -1n : byteCount(text)) },
  'cpu-shares': { attr: 'cpushares', parse: nonNegative },
  'cpu-period': { attr: 'cpuperiod', parse: nonNegative },
  'cpu-quota': { attr: 'cpuquota', parse: nonNegative },
  'cpuset-cpus': { attr: 'cpusetcpus', parse: cpuset },
  'cpuset-mems': { attr: 'cpusetmems', parse: cpuset },
};

/** The keys, in the order of the help. */
export const resourceKeys: readonly string[] = Object.keys(resources);

/**
 * Makes frontend attributes of the values of `--resource`.
 * @throws UsageError for what is no limit; a later one wins
 */
export function resourceAttrs(entries: readonly string[]): Record<string, string> {
  const attrs: Record<string, string> = {};
  for (const entry of entries) {
    const [name, given] = splitAtFirst(entry, '=');
    if (given === undefined)
      throw new UsageError(`--resource: invalid resource ${JSON.stringify(entry)}, expected key=value`);
    const key = name.trim();
    const value = given.trim();
    const resource = Object.hasOwn(resources, key) ? resources[key] : undefined;
    if (!resource)
      throw new UsageError(
        `--resource: unknown resource ${JSON.stringify(key)}${didYouMean(key, resourceKeys, false)}: known are ${resourceKeys.join(', ')}`,
      );
    const { attr, parse } = resource;
    try {
      const parsed = parse(value);
      // 0 and '' mean no limit and are not sent, so daemons without limits accept them.
      if (parsed === '' || parsed === 0n) delete attrs[attr];
      else attrs[attr] = String(parsed);
    } catch (error) {
      throw new UsageError(
        `--resource ${key} or --${key}: invalid value ${JSON.stringify(value)} for resource ${key}: ${(error as Error).message}`,
      );
    }
  }
  return attrs;
}
