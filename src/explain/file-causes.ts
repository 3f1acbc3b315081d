/**
 * The files that differ between two states of a context, and which of them a step takes. The files are compared once
 * for all steps, and a step finds its own by their paths, so that an explanation takes time for what differs and not
 * for each file at each step.
 */
import { createPatternMatcher, type PatternMatcher } from '../parser/ignore/pattern-matcher.ts';
import type { RecordedContext, RecordedFile, RecordedTake } from './build-record.ts';
import { type Cause, type FileCause, furtherFiles } from './cause.ts';
import { changedLines } from './changed-lines.ts';
import { readHeader } from './content-hash.ts';

/** Maximum number of files that are causes of one step; the others are counted. */
const maxFileCauses = 20;

/** Finds the files that are causes of steps. */
export class FileCauses {
  private readonly older: Readonly<Record<string, RecordedContext>>;
  private readonly newer: Readonly<Record<string, RecordedContext>>;
  private readonly contexts = new Map<string, ContextDifference | undefined>();

  /** @param older the contexts of the older build by their names @param newer those of the newer one */
  constructor(older: Readonly<Record<string, RecordedContext>>, newer: Readonly<Record<string, RecordedContext>>) {
    this.older = older;
    this.newer = newer;
  }

  /**
   * The files that differ in what a step takes, in the order of the record; at most 20, and then how many there are
   * besides. If the files are not known, one cause says that some differ.
   *
   * @param old what the step has taken in the older build, if it was there
   */
  causesOf(old: RecordedTake | undefined, take: RecordedTake): Cause[] {
    const unlisted = furtherFiles(take.context);
    const difference = this.differenceOf(take.context);
    if (!difference) return [unlisted];
    const is = difference.present.select(take.paths);
    const was = difference.gone.select((old ?? take).paths);
    const causes: Cause[] = [...is.first, ...was.first].slice(0, maxFileCauses);
    if (causes.length === 0) return [unlisted];
    const rest = is.count + was.count - causes.length;
    return rest > 0 ? [...causes, furtherFiles(take.context, rest)] : causes;
  }

  private differenceOf(name: string): ContextDifference | undefined {
    if (!this.contexts.has(name)) this.contexts.set(name, compareContexts(this.older[name], this.newer[name]));
    return this.contexts.get(name);
  }
}

/** What differs between two states of a context. */
interface ContextDifference {
  /** Files that are new or differ. */
  readonly present: PathIndex;
  /** Files that only the older state has. */
  readonly gone: PathIndex;
}

function compareContexts(
  before: RecordedContext | undefined,
  now: RecordedContext | undefined,
): ContextDifference | undefined {
  if (!before?.files || !now?.files) return undefined;
  const present: DifferingFile[] = [];
  const gone: DifferingFile[] = [];
  const [olderRules, newerRules] = [new IgnoreRules(before), new IgnoreRules(now)];
  for (const [path, is] of Object.entries(now.files)) {
    const was = Object.hasOwn(before.files, path) ? before.files[path] : undefined;
    if (was && was[0] === is[0] && was[1] === is[1]) continue;
    present.push({
      path,
      describe: () =>
        was ? fileDifference(was, is) : ignoredBy(olderRules, newerRules, path, 'no longer ignored', 'new'),
    });
  }
  for (const path of Object.keys(before.files))
    if (!Object.hasOwn(now.files, path))
      gone.push({ path, describe: () => ignoredBy(newerRules, olderRules, path, 'ignored', 'gone') });
  return { present: new PathIndex(present), gone: new PathIndex(gone) };
}

interface DifferingFile {
  /** As in a record: of a directory with a slash at the end. */
  readonly path: string;
  describe(): Change;
}

/** What differs in a file. */
type Change = Omit<FileCause, 'kind' | 'name'>;

/** Files that differ. */
interface SelectedFiles {
  /** The first ones in the order of the record. */
  readonly first: readonly FileCause[];
  readonly count: number;
}

const nothing: SelectedFiles = { first: [], count: 0 };

/** Files in the order of a record, by their paths. */
class PathIndex {
  private readonly files: readonly DifferingFile[];
  private readonly causes: (FileCause | undefined)[] = [];
  /** Places of the files, in the order of their paths: what is below a directory stands together. */
  private readonly sorted: readonly number[];
  private readonly selections = new Map<string, readonly [first: readonly number[], count: number]>();

  constructor(files: readonly DifferingFile[]) {
    this.files = files;
    this.sorted = [...files.keys()].sort((a, b) => (files[a]!.path < files[b]!.path ? -1 : 1));
  }

  /** @param paths as of {@link RecordedTake} */
  select(paths: readonly string[]): SelectedFiles {
    if (this.files.length === 0) return nothing;
    const places: number[] = [];
    let count = 0;
    for (const path of withoutNested(paths)) {
      const [first, all] = this.below(path);
      places.push(...first);
      count += all;
    }
    places.sort((a, b) => a - b);
    return { first: places.slice(0, maxFileCauses).map((place) => this.causeAt(place)), count };
  }

  /** The places of the first files that a path takes, and how many it takes. */
  private below(path: string): readonly [first: readonly number[], count: number] {
    const known = this.selections.get(path);
    if (known) return known;
    if (path.endsWith('/.')) return this.directory(path.slice(0, -1));
    const from = path === '/' ? 0 : this.firstFrom(path);
    let to = from;
    if (path === '/') to = this.sorted.length;
    else if (path.endsWith('/')) while (to < this.sorted.length && this.pathAt(to).startsWith(path)) to++;
    else if (from < this.sorted.length && this.pathAt(from) === path) to++;
    const all = this.sorted.slice(from, to).sort((a, b) => a - b);
    const found = [all.slice(0, maxFileCauses), all.length] as const;
    this.selections.set(path, found);
    return found;
  }

  /** A directory without what is in it. */
  private directory(path: string): readonly [first: readonly number[], count: number] {
    const at = this.firstFrom(path);
    return at < this.sorted.length && this.pathAt(at) === path ? [[this.sorted[at]!], 1] : [[], 0];
  }

  /** Where the paths begin that do not stand before this one. */
  private firstFrom(path: string): number {
    let [low, high] = [0, this.sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.pathAt(middle) < path) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private pathAt(index: number): string {
    return this.files[this.sorted[index]!]!.path;
  }

  private causeAt(place: number): FileCause {
    const { path, describe } = this.files[place]!;
    return (this.causes[place] ??= { kind: 'file', name: path, ...describe() });
  }
}

/** The paths without those that another one contains, so that each file counts once. */
function withoutNested(paths: readonly string[]): readonly string[] {
  if (paths.length < 2) return paths;
  if (paths.includes('/')) return ['/'];
  const kept: string[] = [];
  // All that is in a directory comes after it, before anything else.
  let directory: string | undefined;
  for (const path of [...new Set(paths)].sort()) {
    if (directory !== undefined && path.startsWith(directory)) continue;
    kept.push(path);
    if (path.endsWith('/')) directory = path;
  }
  return kept;
}

/** What differs between two states of a file. */
function fileDifference(was: RecordedFile, is: RecordedFile): Change {
  if (was[1] !== is[1] && readHeader(was[0]).kind === readHeader(is[0]).kind)
    return { detail: 'content', ...contentDifference(was, is) };
  return headerDifference(was[0], is[0]);
}

/** What differs between files with the same content. */
function headerDifference(old: string, header: string): Change {
  const [was, is] = [readHeader(old), readHeader(header)];
  if (was.kind !== is.kind) return { detail: 'kind', before: was.kind, now: is.kind };
  if (was.target !== is.target) return { detail: 'link', before: was.target, now: is.target };
  if (was.mode !== is.mode) return { detail: 'mode', before: was.mode, now: is.mode };
  return { detail: 'attributes' };
}

function contentDifference(
  [, , size, text]: RecordedFile,
  [, , newSize, newText]: RecordedFile,
): Pick<Change, 'lines' | 'bytes'> {
  const lines = text !== undefined && newText !== undefined ? changedLines(text, newText) : 0;
  if (lines > 0) return { lines };
  return size !== undefined && newSize !== undefined && size !== newSize ? { bytes: [size, newSize] } : {};
}

/** The ignore file of a state of a context, whose patterns are compiled once. */
class IgnoreRules {
  readonly context: RecordedContext;
  private compiled: PatternMatcher | undefined;

  constructor(context: RecordedContext) {
    this.context = context;
  }

  /** @throws Error for an invalid pattern */
  matcher(): PatternMatcher {
    return (this.compiled ??= createPatternMatcher(this.context.ignore));
  }
}

/** Whether a file is there on one side only because just one of the ignore files drops it, and by which pattern. */
function ignoredBy(
  dropping: IgnoreRules,
  keeping: IgnoreRules,
  file: string,
  ignored: Change['detail'],
  other: Change['detail'],
): Change {
  const path = file.replace(/\/$/, '');
  try {
    const matcher = dropping.matcher();
    const index = matcher.decidingPattern(path);
    const pattern = matcher.patterns[index];
    if (!pattern || keeping.matcher().matchesOrParentMatches(path)) return { detail: other };
    const { name, lines } = dropping.context.ignoreFile ?? {};
    const line = lines?.[index];
    return { detail: ignored, rule: pattern.text, ...(line !== undefined && { place: `${name}:${line}` }) };
  } catch {
    return { detail: other };
  }
}
