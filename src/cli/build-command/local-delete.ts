/** Checks where a local output with `mode=delete` may delete files without `--allow`. */
import path from 'node:path';
import { isWithin, leadsTo } from '../../system/output-clashes.ts';
import { UsageError } from '../../text/usage-error.ts';

/**
 * Allows directories below the current one, as buildx does, with links resolved, but not those that the build reads.
 * @param sources directories that the build reads
 * @throws UsageError for other places
 */
export function requireDeletable(dest: string, sources: readonly string[] = [], cwd = process.cwd()): void {
  const place = leadsTo(path.resolve(cwd, dest));
  const source = sources.find((it) => isWithin(leadsTo(path.resolve(cwd, it)), place));
  const below = isWithin(place, leadsTo(cwd)) && place !== leadsTo(cwd);
  if (below && source === undefined) return;
  const why = below
    ? `and the build reads ${JSON.stringify(source)} there`
    : 'and it is not below the current directory';
  throw new UsageError(
    `--output type=local: local output mode=delete for destination ${JSON.stringify(dest)} requires --allow=buildx.local.delete: all that the build does not send is deleted there, ${why}`,
  );
}
