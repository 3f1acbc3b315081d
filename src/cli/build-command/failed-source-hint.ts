/** Explains why the daemon did not find a source, from the context and the Dockerfile on this machine. */
import { errorSources } from '../../client/index.ts';
import { dirTree, type FileTree } from '../../daemonless/file-tree.ts';
import { missingSourceHints, sentNames } from '../../daemonless/missing-source-hint.ts';
import { readMissingPath } from '../../gateway/missing-path.ts';
import { isPattern } from '../../go/match.ts';
import { base, clean } from '../../go/path.ts';
import { type CopiedSource, copiedSources, explainMissingInStage } from '../../parser/hints/copied-source.ts';
import { parseDockerfile } from '../../parser/index.ts';
import type { BuildInputs } from './build-inputs.ts';

/**
 * The hint for an error about a source of a COPY, an ADD or a mount that does not exist; undefined for other errors,
 * and where nothing is known that would help.
 */
export async function failedSourceHint(
  error: unknown,
  { localDirs, frontendAttrs }: Pick<BuildInputs, 'localDirs' | 'frontendAttrs'>,
): Promise<string | undefined> {
  const missing = readMissingPath((error as Error).message);
  const [source] = errorSources(error);
  // Old daemons do not tell the instruction.
  if (!missing || !source) return undefined;
  const { path, directory } = missing;
  const { text, filename, ranges } = source;
  const dockerfile = parseDockerfile(text, { filename });
  const sources = copiedSources(dockerfile, ranges);
  const meant = path === undefined ? sources.find(isPatternIn(directory!)) : sourceOf(path, sources);
  if (!meant) return undefined;
  const wanted = path ?? patternIn(directory!, meant.text);

  const trees = new Map(Object.entries(localDirs).map(([name, dir]) => [name, dirTree(dir)]));
  const local = localOf(meant.from, frontendAttrs);
  const tree = local === undefined ? undefined : trees.get(local);
  if (tree)
    return (await missingSourceHints([{ path: wanted, local: local!, tree }], trees, frontendAttrs['filename']))[0];
  if (local !== undefined) return undefined;
  const context = trees.get('context');
  const sent = context ? await sentNames(context, trees.get('dockerfile'), frontendAttrs['filename']) : [];
  return explainMissingInStage(dockerfile, wanted, meant, await has(context, wanted), sent);
}

/** The name of the local source; undefined for a stage or an image. */
function localOf(from: string, frontendAttrs: Readonly<Record<string, string>>): string | undefined {
  if (from === '') return 'context';
  const named = frontendAttrs[`context:${from}`];
  if (named === undefined) return undefined;
  return named.startsWith('local:') ? named.slice('local:'.length) : '';
}

/** Which of the sources the daemon means: the one with that path, or else one whose variables may make it. */
function sourceOf(path: string, sources: readonly CopiedSource[]): CopiedSource | undefined {
  const froms = new Set(sources.map(({ from }) => from));
  return (
    sources.find(({ text }) => clean(`/${text}`) === path) ??
    sources.find(({ text }) => text.includes('$')) ??
    (froms.size === 1 ? sources[0] : undefined)
  );
}

/**
 * The path that the daemon reports as missing. For a pattern this is the directory before its first wildcard, or the
 * source itself with `--exclude`; older daemons report the directory of any source.
 */
const isPatternIn = (dir: string) => (source: CopiedSource) => {
  const fixed = clean(`/${source.text}`).split('/');
  const first = fixed.findIndex(isPattern);
  if (first < 0) return `${fixed.join('/')}/`.startsWith(`${dir}/`);
  return fixed.slice(0, first).join('/') === dir || source.text.includes('$');
};

/** The pattern from the root; of one with variables the daemon knows the directory. */
function patternIn(dir: string, text: string): string {
  if (!text.includes('$')) return clean(`/${text}`);
  return `${dir}/${base(text).includes('$') ? '*' : base(text)}`;
}

async function has(tree: FileTree | undefined, path: string): Promise<boolean> {
  if (!tree || isPattern(path)) return false;
  return tree.stat(path).then(
    () => true,
    () => false,
  );
}
