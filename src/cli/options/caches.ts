/** `--cache-from` and `--cache-to`. */
import { cacheExportTable, cacheImportTable } from '../../client/cache-table.ts';
import type { CacheEntry } from '../../client/index.ts';
import { parseNormalizedNamed } from '../../image/reference.ts';
import { UsageError } from '../../text/usage-error.ts';
import { checkAttributes } from './attributes.ts';
import { parsePairs, shownValue } from './fields.ts';
import { flagValue } from './flag-value.ts';

/** `type=…,key=value…`, or references of images whose inline cache is used. */
export function parseCaches(
  flag: '--cache-from' | '--cache-to',
  values: readonly string[],
  allowUnknown = false,
): CacheEntry[] {
  const kinds = flag === '--cache-to' ? cacheExportTable : cacheImportTable;
  const image = (text: string, ref: string) => {
    // One that cannot be read is left out by the daemon.
    if (flag === '--cache-to') flagValue(flag, text, () => parseNormalizedNamed(ref));
    return ref;
  };
  const entries = values
    .filter((it) => it !== '')
    .flatMap((text): CacheEntry[] => {
      if (!text.includes('='))
        return text.split(',').map((ref) => ({ type: 'registry', attrs: { ref: image(text, ref) } }));
      const { type, ...attrs } = parsePairs(flag, text);
      if (!type)
        throw new UsageError(
          `type is required for ${shownValue(text)} of ${flag}: known are ${Object.keys(kinds).join(', ')}`,
        );
      if (flag === '--cache-from' && type === 'inline')
        throw new UsageError('--cache-from: an inline cache is read from its image: type=registry,ref=IMAGE');
      checkAttributes(flag, kinds, type, Object.entries(attrs), allowUnknown);
      if (type === 'registry') image(text, attrs['ref']!);
      return [{ type, attrs }];
    });
  return flag === '--cache-to' ? requireDifferent(entries) : entries;
}

/** An inline cache counts once. @throws UsageError for two caches in one place: the daemon would refuse them */
function requireDifferent(entries: readonly CacheEntry[]): CacheEntry[] {
  const seen = new Set<string>();
  return entries.filter(({ type, attrs = {} }) => {
    const place = attrs['ref'] ?? attrs['dest'] ?? JSON.stringify(Object.entries(attrs).sort());
    const key = type === 'inline' ? type : `${type} ${place}`;
    if (seen.has(key) && type !== 'inline')
      throw new UsageError(`--cache-to: duplicate cache exports: give each of type=${type} a place of its own`);
    return !seen.has(key) && seen.add(key);
  });
}
