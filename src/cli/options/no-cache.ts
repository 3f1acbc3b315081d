/** `--no-cache` and `--no-cache-filter`. */
import { UsageError } from '../../offline/usage-error.ts';
import { refusePath } from './build-args.ts';

/**
 * The stages that are not to be taken from the cache, as the frontend is told.
 * @param cache false where none is
 * @throws UsageError where both are given
 */
export function noCache(cache: boolean, stages: readonly string[]): Record<string, string> {
  for (const stage of stages) refusePath('--no-cache-filter', stage, 'names of stages');
  if (cache) return stages.length > 0 ? { 'no-cache': stages.join(',') } : {};
  if (stages.length > 0) throw new UsageError('--no-cache and --no-cache-filter cannot be used together');
  return { 'no-cache': '' };
}
