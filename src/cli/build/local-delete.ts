/** Where a local output with `mode=delete` may delete files without being allowed to. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../../offline/usage-error.ts';

/**
 * As buildx has it below the current folder, links followed; and not where the build has its files from.
 * @param sources folders that the build reads
 * @throws UsageError for other places
 */
export function requireDeletable(dest: string, sources: readonly string[] = [], cwd = process.cwd()): void {
  const place = resolveLinks(path.resolve(cwd, dest));
  const source = sources.find((it) => isWithin(resolveLinks(path.resolve(cwd, it)), place));
  const below = isWithin(place, resolveLinks(cwd)) && place !== resolveLinks(cwd);
  if (below && source === undefined) return;
  const why = below ? `and the build reads ${JSON.stringify(source)} there` : 'and it is not below the current folder';
  throw new UsageError(
    `local output mode=delete for destination ${JSON.stringify(dest)} requires --allow=buildx.local.delete: all that the build does not send is deleted there, ${why}`,
  );
}

function isWithin(file: string, dir: string): boolean {
  const relative = path.relative(dir, file);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

/** The place that a path leads to, as far as it is there. */
function resolveLinks(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    const parent = path.dirname(file);
    return parent === file ? file : path.join(resolveLinks(parent), path.basename(file));
  }
}
