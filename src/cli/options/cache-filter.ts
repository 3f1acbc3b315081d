/** `--filter` of the commands that list and remove records of the build cache. */
import { didYouMean } from '../../text/suggest.ts';
import { UsageError } from '../../text/usage-error.ts';

/** BuildKit's filters for records. */
const recordFields = ['id', 'parents', 'description', 'inuse', 'mutable', 'immutable', 'type', 'shared', 'private'];
const ageFilters = ['until', 'unused-for'];
const types = ['internal', 'frontend', 'source.local', 'source.git.checkout', 'exec.cachemount', 'regular'];

/**
 * Filters as docker's `key=value` or as BuildKit's own (`==`, `!=`, `~=`): one that asks for all of them.
 * An age (`until`, `unused-for`) is not one of BuildKit's filters.
 * @throws UsageError for what no record could ever match
 */
export function parseCacheFilters(given: readonly string[] = []): { filters: string[]; age: string | undefined } {
  const all: string[] = [];
  const seen = new Set<string>();
  let age: string | undefined;
  for (const filter of given) {
    const invalid = (why: string) => new UsageError(`invalid value ${JSON.stringify(filter)} for --filter: ${why}`);
    const [, key = filter, operator, value = ''] = /^([\w.-]+)([^\w.-]*=)(.*)$/s.exec(filter) ?? [];
    const known = [...recordFields, ...ageFilters];
    if (!known.includes(key))
      throw invalid(
        `no record has ${JSON.stringify(key)}${didYouMean(key, known, false)}: known are ${known.join(', ')}`,
      );
    if (operator !== undefined && !['=', '==', '!=', '~='].includes(operator))
      throw invalid(`${operator} is not an operator: known are =, ==, != and ~=`);
    const isAge = ageFilters.includes(key);
    const subject = isAge ? 'until' : key;
    if (seen.has(subject) && (isAge || operator === '=')) throw invalid(`${key} expects only one value`);
    seen.add(subject);
    if (isAge && operator !== '=') throw invalid(`it takes a duration, as ${key}=24h`);
    if (key === 'type' && operator !== undefined && operator !== '~=' && !types.includes(value))
      throw invalid(
        `unknown type ${JSON.stringify(value)}${didYouMean(value, types, false)}: known are ${types.join(', ')}`,
      );
    if (isAge) age = value;
    else all.push(operator === '=' ? `${key}${key === 'id' ? '~=' : '=='}${value}` : filter);
  }
  return { filters: all.length > 0 ? [all.join(',')] : [], age };
}
