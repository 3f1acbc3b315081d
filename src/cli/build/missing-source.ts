/** What this side knows of a source that the daemon did not find: the context lies here. */
import { errorSources } from '../../client/index.ts';
import { folderTree } from '../../offline/file-tree.ts';
import { missingSourceHints } from '../../offline/missing-source-hint.ts';
import type { BuildInputs } from './context.ts';

/**
 * The hint for an error `"/PATH": not found` of a COPY or ADD from the main context; undefined for other errors, and where
 * nothing is known that would help.
 */
export async function missingSourceHint(
  error: unknown,
  { localDirs, frontendAttrs }: Pick<BuildInputs, 'localDirs' | 'frontendAttrs'>,
): Promise<string | undefined> {
  const { context } = localDirs;
  const path = /(?:checksum of ref|cache key)[^\n]*: "(\/[^"\n]+)": not found/.exec((error as Error).message)?.[1];
  if (context === undefined || path === undefined) return undefined;
  const lines = errorSources(error).flatMap(({ text, ranges }) => {
    const all = text.split('\n');
    return ranges.map(({ start, end }) => all.slice(start - 1, end).join('\n'));
  });
  // Of a stage or an image nothing is known here, and old daemons do not tell the instruction.
  if (lines.length === 0 || lines.some((line) => /\s--from=/i.test(line))) return undefined;
  const trees = new Map(Object.entries(localDirs).map(([name, folder]) => [name, folderTree(folder)]));
  const missing = { path, local: 'context', tree: folderTree(context) };
  const [hint] = await missingSourceHints([missing], trees, frontendAttrs['filename']);
  return hint;
}
