/** `--no-cache` and `--no-cache-filter`. */
import { UsageError } from '../../text/usage-error.ts';
import { refusePath } from './build-args.ts';

/**
 * Returns the frontend option for stages that are built without the cache.
 * @param cache false for all stages
 * @throws UsageError if both flags are given
 */
export function noCache(cache: boolean, stages: readonly string[]): Record<string, string> {
  for (const stage of stages) refusePath('--no-cache-filter', stage, 'names of stages');
  if (cache) return stages.length > 0 ? { 'no-cache': stages.join(',') } : {};
  if (stages.length > 0) throw new UsageError('--no-cache and --no-cache-filter cannot be used together');
  return { 'no-cache': '' };
}
