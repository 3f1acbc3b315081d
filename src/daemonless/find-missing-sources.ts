/**
 * Finds paths that COPY, ADD and RUN --mount take from local sources but that are missing: BuildKit reports them only
 * when it builds. It examines the graph, not the Dockerfile: in the graph, variables are expanded and every source is
 * known.
 */
import { type Diagnostic, errorDiagnostic } from '../diagnostic/diagnostic.ts';
import { type LineRange, linesRange } from '../diagnostic/source-file.ts';
import type { FileStat } from '../gateway/bridge.ts';
import { isDirectory } from '../go/file-mode.ts';
import { isPattern, matchesPath } from '../go/match.ts';
import { clean, dirname, join } from '../go/path.ts';
import { createTurns, type Turns } from '../host/turns.ts';
import type { Definition, DefinitionEntry } from '../llb/definition.ts';
import type { AddInstruction, CopyInstruction, Dockerfile, RunInstruction, Word } from '../parser/ast.ts';
import { createPatternMatcher, type PatternMatcher } from '../parser/ignore/pattern-matcher.ts';
import type { FileTree } from './file-tree.ts';
import { localSource, placesOf, type TakenPath, takenPaths } from './taken-paths.ts';

/** A path that an instruction takes from a local source that does not have it. */
export interface MissingSource {
  /** The path from the root of the source: `/src/app`. */
  readonly path: string;
  /** The local source: `context`, or the name of a named context. */
  readonly local: string;
  /** The files of the local source. */
  readonly tree: FileTree;
  /** Patterns of the ignore file in effect for this source; [] if absent. */
  readonly ignorePatterns: readonly string[];
  /** Whether it exists but an ignore pattern excludes it. */
  readonly ignored: boolean;
  /** Whether the path is a pattern that nothing matches. */
  readonly pattern: boolean;
  /** Lines of the instruction in the Dockerfile; undefined if the graph does not say. */
  readonly lines: LineRange | undefined;
  /** Which of the instruction's sources it is, from 0; undefined for a mount. */
  readonly index: number | undefined;
}

/** Makes them problems of the Dockerfile, each at the word that names the source, if that is known. */
export function missingSourceProblems({ stages, source }: Dockerfile, missing: readonly MissingSource[]): Diagnostic[] {
  const takers = new Map<number, CopyInstruction | AddInstruction | RunInstruction>();
  for (const { instructions } of stages)
    for (const it of instructions)
      if (it.kind === 'copy' || it.kind === 'add' || it.kind === 'run') takers.set(it.lines.start, it);
  return missing.map((it) => {
    const { lines, path } = it;
    const word = lines && sourceWord(takers.get(lines.start), it);
    const range = word?.range ?? (lines && linesRange(source, lines));
    const facts = { name: word?.text.startsWith('../') && !word.text.includes('$') ? word.text : path };
    return errorDiagnostic('missing-source', missingSourceMessage(it), { range, lines: [lines], facts });
  });
}

/** The word that names a source; undefined if it is not known. */
function sourceWord(taker: CopyInstruction | AddInstruction | RunInstruction | undefined, it: MissingSource) {
  if (!taker) return undefined;
  if (taker.kind !== 'run') return it.index === undefined ? undefined : taker.sources[it.index];
  return taker.mounts.find((mount) => takes(mount, it));
}

/** Whether a mount takes a source: its path is compared, which may have no variables. */
function takes({ text }: Word, { path }: MissingSource): boolean {
  const [, written] = /(?:^|,)(?:source|src)=([^,]*)/i.exec(text) ?? [];
  return written !== undefined && clean(`/${written}`) === clean(`/${path}`);
}

/** The message that the daemon would give, as far as it is known before the build. */
export function missingSourceMessage({ path, local, ignored, pattern }: MissingSource): string {
  const where = local === 'context' ? 'the build context' : `the build context ${local}`;
  if (pattern) return `"${path}": nothing in ${where} matches it, so its directory is not part of the build either`;
  return `"${path}": not found${ignored ? `: an ignore file excludes it from ${where}` : ` in ${where}`}`;
}

/**
 * Finds the sources that are missing, in the order of the graph.
 *
 * A pattern that nothing matches fails a build only if the directory before its first wildcard is not sent for another
 * reason; otherwise the build copies no file. A link to nothing that a pattern matches fails it, too, even if
 * `--exclude` leaves the link out.
 *
 * @param trees local sources by name; sources that are absent or `partial` are not checked
 */
export async function missingSources(
  definition: Definition,
  trees: ReadonlyMap<string, FileTree>,
  turns: Turns = createTurns(),
): Promise<MissingSource[]> {
  const entries = definition.ops();
  const locals = new Map<string, SearchedSource>();
  for (const entry of entries) {
    const local = searchedSource(entry, trees);
    if (local) locals.set(entry.digest, local);
  }
  const missing: MissingSource[] = [];
  for (const entry of entries) {
    for (const taken of takenPaths(entry)) {
      const source = locals.get(entry.op.inputs[taken.input]?.digest ?? '');
      if (!source) continue;
      for (const required of requiredPaths(taken)) {
        if (turns.isDue()) await turns.pass();
        const lacking = await lackOf(source, required);
        if (!lacking) continue;
        const { local, tree, ignorePatterns } = source;
        const what = { ...lacking, local, tree, ignorePatterns, index: taken.index };
        const places = placesOf(definition, entry.digest).map(({ lines }) => lines);
        // Several instructions may share one op.
        for (const lines of places.length > 0 ? places : [undefined]) missing.push({ ...what, lines });
      }
    }
  }
  return missing;
}

interface SearchedSource {
  readonly local: string;
  readonly tree: FileTree;
  readonly ignorePatterns: readonly string[];
  readonly matcher: PatternMatcher;
  /** The paths and patterns that are sent; undefined means everything. */
  readonly sent: readonly string[] | undefined;
  /** The answers for paths that were looked up. */
  readonly answers: Map<string, Promise<Found>>;
}

type Found = 'there' | 'missing' | 'ignored';

function searchedSource(entry: DefinitionEntry, trees: ReadonlyMap<string, FileTree>): SearchedSource | undefined {
  const source = localSource(entry);
  const tree = source && trees.get(source.local);
  if (!tree || tree.partial) return undefined;
  const { local, exclude, follow } = source;
  const matcher = createPatternMatcher(exclude);
  return { local, tree, ignorePatterns: exclude, matcher, sent: follow, answers: new Map() };
}

/** What must be there: with patterns for what is below the path, only the paths that BuildKit requires. */
function requiredPaths({ path, include, required, allowWildcard }: TakenPath) {
  if (include.length > 0) return required.map((it) => ({ path: it, pattern: false }));
  return [{ path, pattern: allowWildcard && isPattern(path) }];
}

/** What is missing of a path or pattern; undefined if nothing is. */
async function lackOf(
  source: SearchedSource,
  { path, pattern }: ReturnType<typeof requiredPaths>[number],
): Promise<Pick<MissingSource, 'path' | 'pattern' | 'ignored'> | undefined> {
  const found = pattern ? await findPattern(source, path) : await find(source, path);
  if (found !== 'there') return { path, pattern, ignored: found === 'ignored' };
  for (const link of pattern ? await matchingLinks(source, clean(`/${path}`)) : []) {
    const target = await find(source, link);
    if (target !== 'there') return { path: link, pattern: false, ignored: target === 'ignored' };
  }
  return undefined;
}

/** The links that a pattern matches, of the first 5,000 names that it is compared with. */
async function matchingLinks({ tree, matcher }: SearchedSource, pattern: string): Promise<string[]> {
  const parts = pattern.split('/');
  const first = parts.findIndex(isPattern);
  let left = maxNames;
  let dirs = [parts.slice(0, first).join('/') || '/'];
  for (const [index, part] of parts.slice(first).entries()) {
    const isLast = first + index === parts.length - 1;
    const next: string[] = [];
    for (const dir of dirs)
      for (const stat of await tree.readDir(dir).catch(() => [])) {
        if (--left < 0) return isLast ? next : [];
        const name = join(dir, stat.path);
        const isWanted = isLast ? stat.linkname !== '' : isDirectory(stat.mode);
        if (isWanted && matchesPath(part, stat.path) && !isIgnored(matcher, name, stat)) next.push(name);
      }
    dirs = next;
  }
  return dirs;
}

function find(source: SearchedSource, path: string): Promise<Found> {
  let answer = source.answers.get(path);
  if (!answer) source.answers.set(path, (answer = look(source, clean(`/${path}`), maxLinks)));
  return answer;
}

/**
 * Looks a pattern up: it counts as found if the directory before its first wildcard is sent, or if that is not known.
 */
function findPattern(source: SearchedSource, path: string): Promise<Found> {
  const key = `pattern ${path}`;
  let answer = source.answers.get(key);
  if (!answer) source.answers.set(key, (answer = lookForDir(source, clean(`/${path}`))));
  return answer;
}

async function lookForDir(source: SearchedSource, pattern: string): Promise<Found> {
  const parts = pattern.split('/');
  const dir = parts.slice(0, parts.findIndex(isPattern)).join('/');
  if (dir === '' || !source.sent) return 'there';
  const found = await find(source, dir);
  if (found === 'missing') return found;
  // What cannot be read, as for its permissions or for links in a circle, is not known: the build decides.
  const names = await namesBelow(source, dir.slice(1)).catch(() => undefined);
  if (!names) return 'there';
  // The content of a directory that is sent is sent too.
  const ways = new Set<string>();
  for (const name of names) for (let up = name; up !== '.'; up = dirname(up)) ways.add(up);
  const isSent = source.sent.some((sent) => {
    const wanted = clean(`/${sent}`).slice(1);
    return wanted === '' || ways.has(wanted) || (isPattern(wanted) && [...ways].some((it) => matchesPath(wanted, it)));
  });
  return isSent ? 'there' : 'missing';
}

/** Maximum number of names in a directory that are compared with a pattern. */
const maxNames = 5000;

/**
 * The path and, if it is a directory, the names below it that are not excluded; undefined if there are links, or too
 * many names.
 *
 * @throws Error if the tree cannot read a directory
 */
async function namesBelow({ tree, matcher }: SearchedSource, dir: string): Promise<string[] | undefined> {
  const names: string[] = [];
  const next: string[] = [];
  for (let up = dir; up !== '.'; up = dirname(up)) if ((await tree.stat(up)).linkname !== '') return undefined;
  const top = await tree.stat(dir);
  if (!isIgnored(matcher, `/${dir}`, top)) names.push(dir);
  if (isDirectory(top.mode)) next.push(dir);
  for (const at of next) {
    for (const stat of await tree.readDir(at)) {
      const name = join(at, stat.path);
      if (stat.linkname !== '' || names.length >= maxNames) return undefined;
      if (isIgnored(matcher, `/${name}`, stat)) continue;
      names.push(name);
      if (isDirectory(stat.mode)) next.push(name);
    }
  }
  return names;
}

const maxLinks = 40;

/** Looks a path up. It follows links as the build does; the ignore file may also exclude the target of a link. */
async function look(source: SearchedSource, path: string, links: number): Promise<Found> {
  if (path === '/') return 'there';
  let stat: FileStat;
  try {
    stat = await source.tree.stat(path);
  } catch (error) {
    return /no such file or directory|not a directory/.test((error as Error).message) ? 'missing' : 'there';
  }
  if (isIgnored(source.matcher, path, stat)) return 'ignored';
  if (stat.linkname === '') return 'there';
  if (links === 0) return 'missing';
  return look(source, clean(join('/', stat.linkname.startsWith('/') ? '' : dirname(path), stat.linkname)), links - 1);
}

/** An excluded directory counts as present if exceptions may include files in it. */
function isIgnored(matcher: PatternMatcher, path: string, { mode }: FileStat): boolean {
  if (matcher.exclusions && isDirectory(mode)) return false;
  try {
    return matcher.matchesOrParentMatches(path.slice(1));
  } catch {
    return false; // parsing the ignore file reports an invalid pattern
  }
}
