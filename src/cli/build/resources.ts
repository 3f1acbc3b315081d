/** Limits of what RUN may use: `--resource KEY=VALUE`, and the flags of `docker build` that were before it. */
import { parseRamInBytes } from '../../go/size.ts';
import { parseInteger } from '../../go/strconv.ts';
import { UsageError } from '../../offline/usage-error.ts';
import { cutPair } from './fields.ts';

const wholeNumber = (text: string) => parseInteger(text, 10, 64);

/** Frontend options by the keys of `--resource`, which are the names of the older flags too. */
const resources: Readonly<Record<string, { readonly attr: string; readonly parse?: (text: string) => bigint }>> = {
  memory: { attr: 'memory', parse: parseRamInBytes },
  // -1 is no limit
  'memory-swap': { attr: 'memswap', parse: (text) => (text === '-1' ? -1n : parseRamInBytes(text)) },
  'cpu-shares': { attr: 'cpushares', parse: wholeNumber },
  'cpu-period': { attr: 'cpuperiod', parse: wholeNumber },
  'cpu-quota': { attr: 'cpuquota', parse: wholeNumber },
  'cpuset-cpus': { attr: 'cpusetcpus' },
  'cpuset-mems': { attr: 'cpusetmems' },
};

/** The keys, in the order of the help. */
export const resourceKeys: readonly string[] = Object.keys(resources);

/** @throws UsageError for what is no limit; a later one wins */
export function resourceAttrs(entries: readonly string[]): Record<string, string> {
  const attrs: Record<string, string> = {};
  for (const entry of entries) {
    const [name, given] = cutPair(entry);
    if (given === undefined) throw new UsageError(`invalid resource ${JSON.stringify(entry)}, expected key=value`);
    const key = name.trim();
    const value = given.trim();
    const resource = Object.hasOwn(resources, key) ? resources[key] : undefined;
    if (!resource)
      throw new UsageError(`unknown resource ${JSON.stringify(key)}: known are ${resourceKeys.join(', ')}`);
    const { attr, parse } = resource;
    try {
      const parsed = parse ? parse(value) : value;
      // none is no limit, and not sent: daemons that know no limits go on
      if (parsed === '' || parsed === 0n) delete attrs[attr];
      else attrs[attr] = String(parsed);
    } catch (error) {
      throw new UsageError(`invalid value ${JSON.stringify(value)} for resource ${key}: ${(error as Error).message}`);
    }
  }
  return attrs;
}
