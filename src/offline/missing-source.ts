/**
 * What COPY, ADD and RUN --mount take from local sources and what is not there: BuildKit notices it only when it builds.
 * The graph is looked at, not the Dockerfile: there variables are expanded, and it says what comes from where.
 */
import type { FileStat } from '../gateway/bridge.ts';
import { clean, dir, join } from '../go/path.ts';
import type { Definition, DefinitionEntry } from '../llb/definition.ts';
import { type Turns, takeTurns } from '../lower/turns.ts';
import type { AddInstruction, CopyInstruction, Dockerfile } from '../parser/ast.ts';
import type { Problem } from '../parser/diagnostic.ts';
import { createPatternMatcher, type PatternMatcher } from '../parser/pattern-matcher.ts';
import { type LineRange, linesRange } from '../parser/source.ts';
import type { FileTree } from './file-tree.ts';

/** A path that an instruction takes from a local source and that is not in it. */
export interface MissingSource {
  /** In the source, from its root: `/src/app`. */
  readonly path: string;
  /** The local source: `context`, or the name of a named context. */
  readonly local: string;
  readonly tree: FileTree;
  /** Patterns of the ignore file in effect for this source; [] for none. */
  readonly ignorePatterns: readonly string[];
  /** It is there, but an ignore pattern leaves it out. */
  readonly ignored: boolean;
  /** Lines of the instruction in the Dockerfile; undefined where the graph does not tell. */
  readonly lines: LineRange | undefined;
  /** Which of the instruction's sources it is, from 0; undefined for a mount. */
  readonly index: number | undefined;
}

/** As problems of the Dockerfile, each with the word that names the source where that can be told. */
export function missingSourceProblems(
  { stages, source }: Dockerfile,
  missing: readonly MissingSource[],
  severity: Problem['severity'],
): Problem[] {
  const copies = new Map<number, CopyInstruction | AddInstruction>();
  for (const { instructions } of stages)
    for (const it of instructions) if (it.kind === 'copy' || it.kind === 'add') copies.set(it.lines.start, it);
  return missing.map((it) => {
    const { lines, index } = it;
    const word = lines && index !== undefined ? copies.get(lines.start)?.sources[index] : undefined;
    return {
      code: 'missing-source',
      severity,
      message: missingSourceMessage(it),
      range: word?.range ?? (lines && linesRange(source, lines)),
      locations: [lines],
    };
  });
}

/** In the words that the daemon would have for it, as far as they are known before the build. */
export function missingSourceMessage({ path, local, ignored }: MissingSource): string {
  const where = local === 'context' ? 'the build context' : `the build context ${local}`;
  return `"${path}": not found${ignored ? `: an ignore file leaves it out of ${where}` : ` in ${where}`}`;
}

/**
 * Finds the sources that are missing, in the order of the graph.
 *
 * What has a wildcard is never missing: a build copies what there is, if only nothing.
 *
 * @param trees local sources by name; those that are not given, or are `partial`, are not judged
 */
export async function missingSources(
  definition: Definition,
  trees: ReadonlyMap<string, FileTree>,
  turns: Turns = takeTurns(),
): Promise<MissingSource[]> {
  const entries = definition.ops();
  const locals = new Map<string, LocalSource>();
  for (const entry of entries) {
    const local = localSource(entry, trees);
    if (local) locals.set(entry.digest, local);
  }
  const missing: MissingSource[] = [];
  for (const entry of entries) {
    for (const { input, path, index } of takenPaths(entry)) {
      if (turns.due()) await turns.pass();
      const source = locals.get(entry.op.inputs[input]?.digest ?? '');
      if (!source) continue;
      const found = await find(source, path);
      if (found === 'there') continue;
      const { local, tree, ignorePatterns } = source;
      const what = { path, local, tree, ignorePatterns, ignored: found === 'ignored', index };
      // the same op may stand for several instructions
      for (const lines of linesOf(definition, entry.digest)) missing.push({ ...what, lines });
    }
  }
  return missing;
}

interface LocalSource {
  readonly local: string;
  readonly tree: FileTree;
  readonly ignorePatterns: readonly string[];
  readonly matcher: PatternMatcher;
  /** What was looked for already. */
  readonly answers: Map<string, Promise<Found>>;
}

type Found = 'there' | 'missing' | 'ignored';

function localSource({ op: { op } }: DefinitionEntry, trees: ReadonlyMap<string, FileTree>): LocalSource | undefined {
  if (op.case !== 'source' || !op.value.identifier.startsWith('local://')) return undefined;
  const local = op.value.identifier.slice('local://'.length);
  const tree = trees.get(local);
  if (!tree || tree.partial) return undefined;
  const ignorePatterns = JSON.parse(op.value.attrs['local.excludepatterns'] || '[]') as string[];
  return { local, tree, ignorePatterns, matcher: createPatternMatcher(ignorePatterns), answers: new Map() };
}

interface TakenPath {
  /** Which input of the op it is taken from. */
  readonly input: number;
  readonly path: string;
  readonly index: number | undefined;
}

/** What an op takes from its inputs by names without wildcards. */
function takenPaths({ op: { op, inputs } }: DefinitionEntry): TakenPath[] {
  if (op.case === 'file') {
    return op.value.actions.flatMap(({ action, secondaryInput }, index) => {
      if (action.case !== 'copy') return [];
      const input = Number(secondaryInput);
      const { src, allowWildcard, includePatterns, requiredPaths } = action.value;
      if (includePatterns.length > 0) return requiredPaths.map((path) => ({ input, path, index }));
      return allowWildcard && /[*?[\\]/.test(src) ? [] : [{ input, path: src, index }];
    });
  }
  if (op.case === 'exec') {
    return op.value.mounts
      .filter(({ input, selector }) => input >= 0n && Number(input) < inputs.length && selector !== '')
      .map(({ input, selector }) => ({ input: Number(input), path: selector, index: undefined }));
  }
  return [];
}

function find(source: LocalSource, path: string): Promise<Found> {
  let answer = source.answers.get(path);
  if (!answer) source.answers.set(path, (answer = look(source, clean(`/${path}`), MAX_LINKS)));
  return answer;
}

const MAX_LINKS = 40;
const directoryBit = 2 ** 31;

/** Links are followed as in the build, where what they name may be left out, too. */
async function look(source: LocalSource, path: string, links: number): Promise<Found> {
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
  return look(source, clean(join('/', stat.linkname.startsWith('/') ? '' : dir(path), stat.linkname)), links - 1);
}

/** A folder that is left out may hold files that are taken in again, so it counts as there. */
function isIgnored(matcher: PatternMatcher, path: string, { mode }: FileStat): boolean {
  if (matcher.exclusions && mode >= directoryBit) return false;
  try {
    return matcher.matchesOrParentMatches(path.slice(1));
  } catch {
    return false; // a pattern that cannot be matched is reported on its own
  }
}

function linesOf(definition: Definition, digest: string): (LineRange | undefined)[] {
  const locations = definition.source?.locations[digest]?.locations ?? [];
  const lines = locations.map(({ ranges }) => {
    const [start, end] = [ranges[0]?.start, ranges.at(-1)?.end];
    return start && end && { start: start.line, end: end.line };
  });
  return lines.length > 0 ? lines : [undefined];
}
