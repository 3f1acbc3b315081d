/** Makes the record of a build: its steps, what each is made of, and the files that it takes. */
import type { ContextNode, ContextTree } from '../context/context-tree.ts';
import type { OpenedContext } from '../daemonless/build-context.ts';
import type { Compiled } from '../daemonless/compile.ts';
import { dirTree } from '../daemonless/file-tree.ts';
import { findIgnoreFile } from '../daemonless/missing-source-hint.ts';
import type { LocalSource } from '../daemonless/taken-paths.ts';
import { dirname } from '../go/path.ts';
import { createTurns, type Turns } from '../host/turns.ts';
import {
  anAbortSignal,
  aString,
  checkArgument,
  having,
  mapOf,
  objectWith,
  optional,
  recordOf,
} from '../text/arguments.ts';
import type { HideSecrets } from '../text/hide-secrets.ts';
import {
  asKnown,
  type BuildRecord,
  type BuildStep,
  type RecordedContext,
  type RecordedFile,
  type RecordedIgnoreFile,
  type RecordedTake,
  recordVersion,
} from './build-record.ts';
import { describeBuild, type WantedFiles } from './describe-build.ts';
import { type TakenTree, TakenTrees, type TreeOptions } from './taken-trees.ts';
import { ownSecret } from './value-key.ts';

/** Maximum number of files whose digests a record has. */
const maxFiles = 50_000;
/** Maximum number of paths that a record has of what a step takes. */
const maxPaths = 200;

/** What a record is made of. */
export interface RecordedBuild {
  /** The build, as `compile` gives it. */
  readonly compiled: Pick<Compiled, 'definitions'>;
  /** Its contexts, as `openBuildContext` gives them. */
  readonly opened: Pick<OpenedContext, 'opts' | 'dirs'>;
}

const aRecordedBuild = objectWith({
  compiled: objectWith({ definitions: mapOf(having('a Definition', 'ops')) }),
  opened: objectWith({ opts: recordOf(aString), dirs: mapOf(aString) }),
});

/**
 * Makes the record of a build. It reads the files that the build takes.
 *
 * @param signal ends the work
 * @param key 64 hexadecimal digits, by which values of variables become digests. Only records with the same key compare
 *   values. By default, a key of this process
 * @throws Error if a directory or file cannot be read
 * @example
 * const opened = await openBuildContext({ context: '.', readStdin: async () => new Uint8Array() });
 * const compiled = await compile({ ...opened, images: [registryResolver()] });
 * await writeFile('build.json', formatRecord(await recordBuild({ compiled, opened })));
 */
export async function recordBuild(build: RecordedBuild, signal?: AbortSignal, key?: string): Promise<BuildRecord> {
  checkArgument('recordBuild', 'build', build, aRecordedBuild);
  checkArgument('recordBuild', 'signal', signal, optional(anAbortSignal));
  checkArgument('recordBuild', 'key', key, optional(aString));
  return makeRecord(build, { signal, key });
}

/** Options of {@link makeRecord}. */
interface RecordOptions extends TreeOptions {
  /** As of {@link recordBuild}. */
  readonly key?: string | undefined;
}

/**
 * Does what {@link recordBuild} does.
 *
 * @throws TooManyFiles, TooManyBytes for more than the options allow
 */
export async function makeRecord(
  { compiled: { definitions }, opened }: RecordedBuild,
  { key: secret = ownSecret, ...options }: RecordOptions = {},
): Promise<BuildRecord> {
  const turns = createTurns(options.signal);
  const { platforms, hide, ...described } = await describeBuild(definitions, opened.opts, secret, turns);
  const trees = new TakenTrees(opened.dirs, options);
  try {
    const steps: Record<string, BuildStep[]> = {};
    for (const [platform, { sources, steps: list }] of platforms) {
      const contexts = new Map<LocalSource, TakenTree | undefined>();
      for (const source of sources) contexts.set(source, await trees.open(source));
      steps[platform] = [];
      for (const { step, wants } of list) {
        if (turns.isDue()) await turns.pass();
        steps[platform].push({ ...step, takes: await recordTakes(wants, contexts, turns, hide) });
      }
    }
    const contexts = await recordContexts(trees, opened, hide);
    return asKnown({ version: recordVersion, ...described, platforms: steps, contexts });
  } finally {
    trees.close();
  }
}

/** What a step takes. */
async function recordTakes(
  wants: readonly WantedFiles[],
  contexts: ReadonlyMap<LocalSource, TakenTree | undefined>,
  turns: Turns,
  hide: HideSecrets,
): Promise<RecordedTake[]> {
  const takes: RecordedTake[] = [];
  for (const { source, taken } of wants) {
    const context = contexts.get(source);
    if (!context) continue;
    // Platforms, and stages that are alike, take the same.
    const { path, allowWildcard, followLinks, include, exclude } = taken;
    const key = JSON.stringify([path, allowWildcard, followLinks, include, exclude]);
    let take = context.takes.get(key);
    if (!take) {
      const { digest, selection } = await context.hash.ofSelection(taken, turns);
      context.coverage.add(selection);
      const paths = selection.parts.flatMap(({ node, only }) =>
        only ? chosenPaths(node, only) : [node.isDirectory ? `${node.path}/` : node.path],
      );
      take = { context: context.tree.source.local, digest, paths: paths.length > maxPaths ? ['/'] : paths.map(hide) };
      context.takes.set(key, take);
    }
    takes.push(take);
  }
  return takes;
}

/** What patterns have chosen in a directory. The directories that the files are in count without the rest in them. */
function chosenPaths({ path: root, isDirectory }: ContextNode, only: readonly ContextNode[]): string[] {
  if (!isDirectory) return [root];
  const files: string[] = [];
  const dirs = new Set<string>();
  for (const { path, isDirectory } of only) {
    if (!isDirectory) files.push(path);
    for (let up = isDirectory ? path : dirname(path); up !== '.' && !dirs.has(up); up = dirname(up)) {
      dirs.add(up);
      if (up === root) break;
    }
  }
  return [...files, ...[...dirs].map((dir) => `${dir}/.`)];
}

/** The contexts by name. What stages and platforms ask for may differ, so a context may have several trees. */
async function recordContexts(
  trees: TakenTrees,
  opened: RecordedBuild['opened'],
  hide: HideSecrets,
): Promise<Record<string, RecordedContext>> {
  const contexts: Record<string, RecordedContext> = {};
  for (const taken of trees.all()) {
    const { local } = taken.tree.source;
    const ignoreFile = await recordIgnoreFile(taken.tree, opened);
    contexts[local] = joined(contexts[local], {
      ...recordFiles(taken, hide),
      ...(ignoreFile && { ignoreFile }),
    });
  }
  return contexts;
}

function recordFiles({ tree, hash, coverage }: TakenTree, hide: HideSecrets): RecordedContext {
  const files: Record<string, RecordedFile> = {};
  let count = 0;
  const ignore = tree.source.exclude.map(hide);
  for (const node of tree.nodes) {
    if (node.entry === undefined || node.fate !== 'sent') continue;
    if (!coverage.covers(node) && !(node.isDirectory && coverage.coversIn(node))) continue;
    if (++count > maxFiles) return { files: undefined, ignore };
    const { header: written, content, size, lines } = hash.identity(node);
    const header = hide(written);
    // Files whose names have secrets may have one name.
    files[hide(node.isDirectory ? `${node.path}/` : node.path)] =
      content === ''
        ? [header, content]
        : lines === undefined
          ? [header, content, size]
          : [header, content, size, lines];
  }
  return { files, ignore };
}

/** Where the patterns of the ignore file stand: a graph has only the patterns. */
async function recordIgnoreFile(
  { source: { local, exclude } }: ContextTree,
  { opts, dirs }: RecordedBuild['opened'],
): Promise<RecordedIgnoreFile | undefined> {
  if (exclude.length === 0) return undefined;
  const [context, dockerfile] = [local, 'dockerfile'].map((name) => dirs.get(name)).map((dir) => dir && dirTree(dir));
  // A named context has only the general ignore file.
  const found = await findIgnoreFile(
    context || undefined,
    (local === 'context' && dockerfile) || undefined,
    opts['filename'],
  );
  if (!found || found.rules.map(({ pattern }) => pattern).join('\n') !== exclude.join('\n')) return undefined;
  return { name: found.name, lines: found.rules.map(({ line }) => line) };
}

function joined(before: RecordedContext | undefined, added: RecordedContext): RecordedContext {
  if (!before) return added;
  const files = before.files && added.files && { ...before.files, ...added.files };
  return { ...added, files: files && Object.keys(files).length <= maxFiles ? files : undefined };
}
