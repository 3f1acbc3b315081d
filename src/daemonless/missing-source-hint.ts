/** Explains why a source is missing in its context, from the files that exist. */
import { createSourceFile, type SourceFile } from '../diagnostic/source-file.ts';
import { defaultDockerfileName } from '../gateway/frontend-files.ts';
import { isDirectory } from '../go/file-mode.ts';
import { clean, dirname, join } from '../go/path.ts';
import { decodeText } from '../go/text.ts';
import { toLower } from '../go/unicode.ts';
import { explainMissingSource, type IgnoreFile } from '../parser/hints/explain-missing-source.ts';
import { ignoreRules } from '../parser/ignore/dockerignore.ts';
import { createPatternMatcher } from '../parser/ignore/pattern-matcher.ts';
import type { FileTree } from './file-tree.ts';

/** Maximum number of names that are examined, besides those in the directories on the way to the source. */
const maxNames = 5000;
/** Directories that are searched only if a source names them. */
const unsearched = new Set(['.git', 'node_modules']);

/**
 * Explains why a source is not found in a context.
 *
 * @param source as in the Dockerfile or the daemon's message, with its variables expanded
 * @param tree the context on disk
 * @param ignoreFile the context's ignore file, see {@link findIgnoreFile}
 * @returns a sentence without a full stop; undefined if nothing is known that would help
 */
export async function missingSourceHint(
  source: string,
  tree: FileTree,
  ignoreFile?: IgnoreFile | undefined,
): Promise<string | undefined> {
  const file = await fileOnTheWay(tree, source);
  if (file !== undefined)
    return `${file} is a file, so nothing is below it: name the file alone, or another directory.`;
  return explainMissingSource(source, { ignoreFile, names: await contextNames(tree, source) });
}

/** The file that a path names as a directory; undefined if absent. */
async function fileOnTheWay(tree: FileTree, source: string): Promise<string | undefined> {
  const ways: string[] = [];
  for (let up = dirname(clean(`/${source}`)); up !== '/'; up = dirname(up)) ways.unshift(up.slice(1));
  for (const way of ways) {
    const stat = await tree.stat(way).catch(() => undefined);
    if (!stat) return undefined;
    if (!isDirectory(stat.mode) && stat.linkname === '') return way;
  }
  return undefined;
}

/** Names in a context that its ignore file does not drop: those in the upper directories first. */
export async function sentNames(
  tree: FileTree,
  dockerfile: FileTree | undefined,
  filename = defaultDockerfileName,
): Promise<string[]> {
  const ignoreFile = await findIgnoreFile(tree, dockerfile, filename);
  const matcher = createPatternMatcher(ignoreFile?.rules.map(({ pattern }) => pattern) ?? []);
  return (await contextNames(tree, '')).filter((name) => !matcher.matchesOrParentMatches(name));
}

/**
 * Names in a context, not more than are examined.
 *
 * @param source a path: the names in the directories on its way come first
 */
async function contextNames(tree: FileTree, source: string): Promise<string[]> {
  const names: string[] = [];
  const listed = new Set<string>();
  /** @returns the directories in a directory */
  const list = async (dir: string): Promise<string[]> => {
    if (listed.has(dir)) return [];
    listed.add(dir);
    const entries = await tree.readDir(dir === '' ? '/' : dir).catch(() => []);
    const dirs: string[] = [];
    for (const { path, mode } of entries) {
      const name = join(dir, path);
      names.push(name);
      if (isDirectory(mode)) dirs.push(name);
    }
    return dirs;
  };

  const way = toLower(dirname(clean(`/${source}`)).slice(1));
  let next = await list('');
  for (const dir of next) {
    // Directories on the path to the source come first, in any spelling.
    const lower = toLower(dir);
    if (way === lower || way.startsWith(`${lower}/`)) next.push(...(await list(dir)));
  }
  while (next.length > 0 && names.length < maxNames) {
    const below: string[] = [];
    for (const dir of next) {
      if (names.length >= maxNames) break;
      if (!unsearched.has(dir.slice(dir.lastIndexOf('/') + 1))) below.push(...(await list(dir)));
    }
    next = below;
  }
  return names;
}

/** Maximum number of hints. Each of them reads the context. */
const maxHints = 50;

/**
 * The hints for the first 50 sources that are missing in local sources.
 *
 * @param locals the local sources of the build by name
 * @param filename of the Dockerfile; by default `Dockerfile`
 */
export async function missingSourceHints(
  missing: readonly { readonly path: string; readonly local: string; readonly tree: FileTree }[],
  locals: ReadonlyMap<string, FileTree>,
  filename = defaultDockerfileName,
): Promise<(string | undefined)[]> {
  const hints: (string | undefined)[] = [];
  const ignoreFiles = new Map<string, IgnoreFile | undefined>();
  for (const { path, local, tree } of missing.slice(0, maxHints)) {
    // A named context only has the general ignore file.
    const dockerfile = local === 'context' ? locals.get('dockerfile') : undefined;
    if (!ignoreFiles.has(local)) ignoreFiles.set(local, await findIgnoreFile(tree, dockerfile, filename));
    hints.push(await missingSourceHint(path, tree, ignoreFiles.get(local)));
  }
  return hints;
}

/**
 * The ignore file in effect for the main context, chosen as the frontend does: `NAME.dockerignore` beside the
 * Dockerfile, else `.dockerignore` in the context; undefined if absent.
 * @param context the context; undefined if it is not on this machine
 * @param dockerfile the directory of the Dockerfile
 * @param filename the name of the Dockerfile in it; by default `Dockerfile`
 */
export async function findIgnoreFile(
  context: FileTree | undefined,
  dockerfile: FileTree | undefined,
  filename = defaultDockerfileName,
): Promise<IgnoreFile | undefined> {
  const found = await readIgnoreFile(context, dockerfile, filename);
  try {
    return found && { name: found.filename, rules: ignoreRules(found.text) };
  } catch {
    return undefined; // a line that is too long fails the build anyway
  }
}

/** The text of the ignore file that {@link findIgnoreFile} finds. */
export async function readIgnoreFile(
  context: FileTree | undefined,
  dockerfile: FileTree | undefined,
  filename: string,
): Promise<SourceFile | undefined> {
  for (const [tree, name] of [
    [dockerfile, `${filename}.dockerignore`],
    [context, '.dockerignore'],
  ] as const) {
    const data = await tree?.readFile(name).catch(() => undefined);
    if (data) return createSourceFile(name, decodeText(data));
  }
  return undefined;
}
