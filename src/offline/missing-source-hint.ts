/** What to say of a source that is not in its context: looks at the files that are there. */
import { clean, dir, join } from '../go/path.ts';
import { toLower } from '../go/unicode.ts';
import { ignoreRules } from '../parser/dockerignore.ts';
import { explainMissingSource, type IgnoreFile } from '../parser/missing-source.ts';
import { createSourceFile, type SourceFile } from '../parser/source.ts';
import { decodeText } from '../parser/text.ts';
import type { FileTree } from './file-tree.ts';

/** So many names are looked at, besides those in the folders on the way to the source. */
const MAX_NAMES = 5000;
/** Nobody means a file in these who does not name them. */
const UNSEARCHED = new Set(['.git', 'node_modules']);

const directoryBit = 2 ** 31;

/**
 * Explains why a source is not found in a context.
 *
 * @param source as the Dockerfile or the daemon has it, variables expanded
 * @param tree the context as it lies on disk
 * @param ignoreFile the one in effect for it, see {@link findIgnoreFile}
 * @returns a sentence without a full stop; undefined where nothing is known that would help
 */
export async function missingSourceHint(
  source: string,
  tree: FileTree,
  ignoreFile?: IgnoreFile | undefined,
): Promise<string | undefined> {
  const names: string[] = [];
  const listed = new Set<string>();
  /** @returns the folders in a folder */
  const list = async (folder: string): Promise<string[]> => {
    if (listed.has(folder)) return [];
    listed.add(folder);
    const entries = await tree.readDir(folder === '' ? '/' : folder).catch(() => []);
    const folders: string[] = [];
    for (const { path, mode } of entries) {
      const name = join(folder, path);
      names.push(name);
      if (mode >= directoryBit) folders.push(name);
    }
    return folders;
  };

  const way = toLower(dir(clean(`/${source}`)).slice(1));
  let next = await list('');
  for (const folder of next) {
    // However it is spelled, the way to the source is looked at first.
    const lower = toLower(folder);
    if (way === lower || way.startsWith(`${lower}/`)) next.push(...(await list(folder)));
  }
  while (next.length > 0 && names.length < MAX_NAMES) {
    const below: string[] = [];
    for (const folder of next) {
      if (names.length >= MAX_NAMES) break;
      if (!UNSEARCHED.has(folder.slice(folder.lastIndexOf('/') + 1))) below.push(...(await list(folder)));
    }
    next = below;
  }
  return explainMissingSource(source, { ignoreFile, names });
}

/** Nobody reads more hints than that of one file, and each looks into the context. */
const MAX_HINTS = 50;

/**
 * The hints for the first 50 sources that are missing in local sources.
 *
 * @param locals the local sources of the build by name
 * @param filename of the Dockerfile; by default `Dockerfile`
 */
export async function missingSourceHints(
  missing: readonly { readonly path: string; readonly local: string; readonly tree: FileTree }[],
  locals: ReadonlyMap<string, FileTree>,
  filename = 'Dockerfile',
): Promise<(string | undefined)[]> {
  const hints: (string | undefined)[] = [];
  const ignoreFiles = new Map<string, IgnoreFile | undefined>();
  for (const { path, local, tree } of missing.slice(0, MAX_HINTS)) {
    // a named context has a general ignore file alone
    const dockerfile = local === 'context' ? locals.get('dockerfile') : undefined;
    if (!ignoreFiles.has(local)) ignoreFiles.set(local, await findIgnoreFile(tree, dockerfile, filename));
    hints.push(await missingSourceHint(path, tree, ignoreFiles.get(local)));
  }
  return hints;
}

/**
 * The ignore file in effect for the main context, as the frontend finds it: `NAME.dockerignore` beside the Dockerfile, else
 * `.dockerignore` in the context; undefined if there is none.
 *
 * @param context the context; undefined where it is not on this machine
 * @param dockerfile where the Dockerfile is read from
 * @param filename of the Dockerfile in there
 */
export async function findIgnoreFile(
  context: FileTree | undefined,
  dockerfile: FileTree | undefined,
  filename: string,
): Promise<IgnoreFile | undefined> {
  const found = await readIgnoreFile(context, dockerfile, filename);
  try {
    return found && { name: found.filename, rules: ignoreRules(found.text) };
  } catch {
    return undefined; // with a line that is too long the build fails anyway
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
