/** Where a document stands: its build context, the files of that, and the text of files that are open and not saved. */
import path from 'node:path';
import { dirTree, type FileTree, memoryTree } from '../daemonless/file-tree.ts';
import { readIgnoreFile } from '../daemonless/missing-source-hint.ts';
import { createSourceFile, type SourceFile } from '../diagnostic/source-file.ts';
import type { FileStat } from '../gateway/bridge.ts';
import { clean } from '../go/path.ts';
import { encodeText } from '../go/text.ts';
import { parseDockerignore } from '../parser/ignore/dockerignore.ts';
import { unitInstruction } from '../parser/reparse.ts';
import type { OpenDocument } from './documents.ts';
import type { Settings } from './settings.ts';

/** The directories and files around a Dockerfile. */
export interface Surroundings {
  /** The directory of the context; undefined for a document that is no file. */
  readonly contextDir: string | undefined;
  /** Whether it is known that builds use this directory. Otherwise a missing source is no problem. */
  readonly isCertain: boolean;
  /** The context. */
  readonly context: FileTree;
  /** The directory of the Dockerfile. */
  readonly dockerfileDir: FileTree;
  /** The name of the Dockerfile in it. */
  readonly filename: string;
}

/** The text of an open document. */
export type OpenText = Pick<OpenDocument, 'path' | 'text'>;

/** Maximum number of sources that decide what directory the context is. */
const maxSources = 50;

/**
 * Finds the surroundings of a Dockerfile. The context is the directory in the settings, otherwise the first directory
 * from that of the Dockerfile up to the workspace directory that has all sources of COPY and ADD.
 *
 * @param folders the workspace directories
 * @param open the open documents, whose text counts instead of that on disk
 */
export async function findSurroundings(
  document: OpenDocument,
  settings: Settings,
  folders: readonly string[],
  open: Iterable<OpenText>,
): Promise<Surroundings> {
  if (document.path === undefined) {
    const dockerfileDir = memoryTree(new Map([['Dockerfile', encodeText(document.text)]]));
    const context = { ...memoryTree(new Map()), partial: true };
    return { contextDir: undefined, isCertain: false, context, dockerfileDir, filename: 'Dockerfile' };
  }
  const own = path.dirname(document.path);
  const folder = folderOf(own, folders) ?? own;
  const { dir, isCertain } =
    settings.context === ''
      ? await guessContext(document, own, folder)
      : { dir: path.resolve(folder, settings.context), isCertain: true };
  const context = withOpenDocuments(dirTree(dir), dir, open);
  return {
    contextDir: dir,
    isCertain,
    context: isCertain ? context : { ...context, partial: true },
    dockerfileDir: withOpenDocuments(dirTree(own), own, open),
    filename: path.basename(document.path),
  };
}

/** The innermost workspace directory that a directory is in. */
export function folderOf(dir: string, folders: readonly string[]): string | undefined {
  const around = folders.filter((folder) => dir === folder || dir.startsWith(folder + path.sep));
  return around.sort((a, b) => b.length - a.length)[0];
}

async function guessContext(document: OpenDocument, own: string, folder: string) {
  if (own === folder) return { dir: own, isCertain: true };
  const sources = plainSources(document);
  if (sources.length === 0) return { dir: own, isCertain: true };
  let best = { dir: own, found: 0 };
  for (let dir = own; ; dir = path.dirname(dir)) {
    const tree = dirTree(dir);
    const there = await Promise.all(
      sources.map((source) =>
        tree.stat(source).then(
          () => true,
          () => false,
        ),
      ),
    );
    const found = there.filter(Boolean).length;
    if (found > best.found) best = { dir, found };
    if (found === sources.length || dir === folder || path.dirname(dir) === dir) break;
  }
  return { dir: best.dir, isCertain: best.found > 0 };
}

/** The sources in the context that are paths without variables and wildcards. */
function plainSources({ units }: OpenDocument): string[] {
  const sources = new Set<string>();
  for (const unit of units) {
    const { kind } = unit.content.read.instruction;
    if (kind !== 'copy' && kind !== 'add') continue;
    const instruction = unitInstruction(unit);
    if (
      (instruction.kind !== 'copy' && instruction.kind !== 'add') ||
      ('from' in instruction && instruction.from !== '')
    )
      continue;
    for (const { text } of instruction.sources)
      if (!/[$*?["'\\:]/.test(text) && clean(`/${text}`) !== '/') sources.add(clean(`/${text}`).slice(1));
    if (sources.size >= maxSources) break;
  }
  return [...sources];
}

/** A tree in which open documents have the text that the editor shows. */
function withOpenDocuments(tree: FileTree, dir: string, open: Iterable<OpenText>): FileTree {
  const texts = new Map<string, string>();
  for (const { path: file, text } of open)
    if (file !== undefined && (path.dirname(file) === dir || file.startsWith(dir + path.sep)))
      texts.set(path.relative(dir, file).split(path.sep).join('/'), text);
  if (texts.size === 0) return tree;
  const openText = (asked: string) => texts.get(clean(`/${asked}`).slice(1));
  return {
    ...tree,
    async readFile(asked) {
      const text = openText(asked);
      return text === undefined ? tree.readFile(asked) : encodeText(text);
    },
    async readStart(asked, bytes) {
      const text = openText(asked);
      if (text !== undefined) return encodeText(text).subarray(0, bytes);
      return tree.readStart ? tree.readStart(asked, bytes) : (await tree.readFile(asked)).subarray(0, bytes);
    },
    async stat(asked): Promise<FileStat> {
      const text = openText(asked);
      if (text === undefined) return tree.stat(asked);
      return memoryTree(new Map([[clean(`/${asked}`).slice(1), encodeText(text)]])).stat(asked);
    },
  };
}

/** The ignore file of a context; undefined if absent. */
async function ignoreFileOf(at: Surroundings): Promise<SourceFile | undefined> {
  return readIgnoreFile(at.context, at.dockerfileDir, at.filename);
}

/** The patterns of the ignore file; none for an invalid one. */
export async function ignorePatternsOf(at: Surroundings): Promise<readonly string[]> {
  const file = await ignoreFileOf(at);
  try {
    return file ? parseDockerignore(file.text) : [];
  } catch {
    return [];
  }
}

/** The text of an ignore file that is open. */
export const ignoreSource = (document: OpenDocument): SourceFile =>
  createSourceFile(path.basename(document.path ?? '.dockerignore'), document.text);
