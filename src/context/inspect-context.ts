/**
 * Reports what a build takes from its local contexts: what is sent, what each instruction takes of it, what is dropped
 * and why.
 */
import path from 'node:path';
import type { Definition } from '../llb/definition.ts';
import { type Turns, takeTurns } from '../lower/turns.ts';
import type { OpenedContext } from '../offline/build-context.ts';
import type { Compiled } from '../offline/compile.ts';
import { dirTree } from '../offline/file-tree.ts';
import { findIgnoreFile, missingSourceHint } from '../offline/missing-source-hint.ts';
import { type LocalSource, localSource, placesOf, type TakenPath, takenPaths } from '../offline/taken-paths.ts';
import type { IgnoreFile } from '../parser/hints/explain-missing-source.ts';
import { checkArgument, fields, flag, having, listOf, mapOf, optional, signal, text } from '../text/arguments.ts';
import { type Amount, addAmounts, Coverage, Totals } from './amounts.ts';
import { type ContextNode, type ContextTree, type Fate, readContextTree } from './context-tree.ts';
import { instructionText } from './instruction-text.ts';
import { type IgnoreProposal, proposeIgnore } from './propose-ignore.ts';
import { type Selection, selectFiles } from './select-files.ts';
import { type SizeNode, sizeTree } from './size-tree.ts';

/** What a build takes from its contexts. Its JSON is the output of `tsfront context --format json`. */
export interface ContextReport {
  /**
   * Version of this form: 1. A later version may have more members; a change of those that are here has another number.
   */
  readonly version: 1;
  /**
   * The local sources of the build, in the order of the graph. Empty if no instruction takes a file from a directory.
   */
  readonly contexts: readonly InspectedContext[];
}

/** A local source of a build. */
export interface InspectedContext {
  /** `context`, or the name of a named context. */
  readonly name: string;
  /** Its directory, as it was named. */
  readonly directory: string;
  /** All files in it: `sent`, `ignored` and `unasked` together. */
  readonly total: Amount;
  /** What the build asks for; of an unchanged file only the name is sent again. */
  readonly sent: Amount;
  /** What the ignore file drops. */
  readonly ignored: Amount;
  /** What no instruction needs, so that BuildKit does not ask for it. */
  readonly unasked: Amount;
  /** What of `sent` at least one instruction takes. */
  readonly used: Amount;
  /** What of `sent` no instruction takes. */
  readonly unused: Amount;
  /** Whether directories of which nothing is sent have more files than were counted: at most 500,000 are. */
  readonly isCut: boolean;
  /** Rules of the ignore file that drop something, in its order. */
  readonly rules: readonly RuleUse[];
  /** What each instruction takes, in the order of the Dockerfile. */
  readonly takes: readonly ContextTake[];
  /** The largest directories and files that are sent, as a tree. */
  readonly largest: readonly SizeNode[];
  /**
   * Files and directories that are sent and that no instruction takes, without those in other such directories, the
   * largest first.
   */
  readonly unusedPaths: readonly (Amount & { readonly path: string })[];
  /** Patterns for the ignore file. */
  readonly proposal: IgnoreProposal;
  /** The answers for the paths that were asked about. */
  readonly paths: readonly PathAnswer[];
}

/** A rule of an ignore file, and what it drops. */
export interface RuleUse extends Amount {
  /** The ignore file. */
  readonly file: string;
  /** The line of the rule, from 1. */
  readonly line: number;
  /** The rule as written. */
  readonly text: string;
}

/** What an instruction takes from a context. */
export interface ContextTake extends Amount {
  /** The Dockerfile. */
  readonly file: string;
  /** The first line of the instruction, from 1; 0 if it is not known. */
  readonly line: number;
  /** The last line of the instruction. */
  readonly endLine: number;
  /** The instruction, without the content of here-documents and without the command of RUN. */
  readonly text: string;
  /** `copy` for COPY and ADD, `mount` for RUN --mount, `whole` for a stage that begins with the context. */
  readonly kind: 'copy' | 'mount' | 'whole';
  /** Its sources in the context. */
  readonly sources: readonly TakenSource[];
  /**
   * What is taken: files, and directories with a slash at the end, of which all that is sent is taken; `./` is all of
   * it.
   */
  readonly paths: readonly string[];
  /** Every file that is taken, if they were asked for. */
  readonly list?: readonly { readonly path: string; readonly bytes: number }[];
}

/** A source of an instruction. */
export interface TakenSource extends Amount {
  /** The path or pattern, from the root of the context, with variables expanded. */
  readonly path: string;
  /** Patterns of `--parents`: what is taken below the path; empty for everything. */
  readonly include: readonly string[];
  /** Patterns of `--exclude`: what is not taken below the path. */
  readonly exclude: readonly string[];
}

/** What happens to a path. */
export interface PathAnswer {
  /** The path, as it was asked for. */
  readonly path: string;
  /** What happens to it; `missing` if the context does not have it. */
  readonly fate: Fate | 'missing';
  /** The rule that drops it. */
  readonly rule?: { readonly file: string; readonly line: number; readonly text: string };
  /** The lines of the instructions that take it, or something in it. */
  readonly takenAt: readonly number[];
  /** For `missing`: what was probably meant. */
  readonly hint?: string;
}

/** What else a report has. */
export interface InspectOptions {
  /** Whether each take lists its files. false if absent. */
  readonly listFiles?: boolean | undefined;
  /** Paths in the main context to answer for. None if absent. */
  readonly paths?: readonly string[] | undefined;
  /** A graph with all stages of the Dockerfile: what they take is not proposed for the ignore file, either. */
  readonly allStages?: Definition | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

const openedArgument = fields({ opts: having('an object of frontend options'), dirs: mapOf(text) });
const inspectOptions = fields({
  listFiles: optional(flag),
  paths: optional(listOf(text)),
  allStages: optional(having('a Definition', 'ops')),
  signal: optional(signal),
});

/**
 * Reports what a build takes from the directories that are its contexts. It reads the directories, not the content of
 * their files, and asks no daemon.
 *
 * @param compiled the build, as `compile` gives it
 * @param opened its contexts, as `openBuildContext` gives them
 * @throws Error if a directory cannot be read, or has more than 2,000,000 files that are sent
 * @example
 * import { compile, inspectContext, openBuildContext, registryResolver } from 'tsfront';
 *
 * const opened = await openBuildContext({ context: '.', readStdin: async () => new Uint8Array() });
 * const compiled = await compile({ ...opened, images: [registryResolver()] });
 * const { contexts } = await inspectContext(compiled, opened);
 * for (const { name, sent, takes } of contexts) {
 *   console.log(name, sent.files, sent.bytes);
 *   for (const { line, text, bytes } of takes) console.log(line, text, bytes);
 * }
 */
export async function inspectContext(
  compiled: Pick<Compiled, 'definitions'>,
  opened: Pick<OpenedContext, 'opts' | 'dirs'>,
  options: InspectOptions = {},
): Promise<ContextReport> {
  checkArgument('inspectContext', 'compiled', compiled, fields({ definitions: mapOf(having('a Definition', 'ops')) }));
  checkArgument('inspectContext', 'opened', opened, openedArgument);
  checkArgument('inspectContext', 'options', options, inspectOptions);
  const sources = new Map<string, UsedSource>();
  for (const definition of compiled.definitions.values()) collectTakes(definition, sources);
  const others = new Map<string, UsedSource>();
  if (options.allStages) collectTakes(options.allStages, others);
  const contexts: InspectedContext[] = [];
  for (const used of sources.values()) {
    const dir = opened.dirs.get(used.source.local);
    if (dir === undefined) continue;
    const elsewhere = [...others.values()].filter(({ source }) => source.local === used.source.local);
    contexts.push(await inspect(dir, used, elsewhere, opened, options));
  }
  return { version: 1, contexts };
}

/** An instruction and what it takes. */
interface Take extends Pick<ContextTake, 'line' | 'endLine' | 'text' | 'kind'> {
  readonly filename: string;
  /** By what makes them different; a graph for several platforms has an instruction several times. */
  readonly sources: Map<string, TakenPath>;
}

interface UsedSource {
  readonly source: LocalSource;
  /** By place and kind. */
  readonly takes: Map<string, Take>;
}

function collectTakes(definition: Definition, sources: Map<string, UsedSource>): void {
  const entries = definition.ops();
  const byDigest = new Map<string, UsedSource>();
  for (const entry of entries) {
    const source = localSource(entry);
    if (!source) continue;
    const key = JSON.stringify(source);
    const used = sources.get(key) ?? { source, takes: new Map<string, Take>() };
    sources.set(key, used);
    byDigest.set(entry.digest, used);
  }
  for (const entry of entries)
    for (const taken of takenPaths(entry)) {
      const used = byDigest.get(entry.op.inputs[taken.input]?.digest ?? '');
      if (used) addTake(used, taken, entry.digest, definition);
    }
}

function addTake({ takes }: UsedSource, taken: TakenPath, digest: string, definition: Definition): void {
  const { kind, path, include, exclude } = taken;
  const places = placesOf(definition, digest);
  for (const place of places.length > 0 ? places : [undefined]) {
    const { start: line = 0, end: endLine = 0 } = place?.lines ?? {};
    const filename = place?.filename ?? '';
    const key = JSON.stringify([filename, line, kind]);
    let take = takes.get(key);
    if (!take) {
      const text = place ? instructionText(definition, place, kind) : '';
      takes.set(key, (take = { line, endLine, text, kind, filename, sources: new Map() }));
    }
    take.sources.set(JSON.stringify([path, include, exclude]), taken);
  }
}

/** An instruction and the files that it takes of a context. */
interface SelectedTake {
  readonly take: Take;
  readonly sources: readonly { readonly taken: TakenPath; readonly selection: Selection }[];
  /** The files of all sources. */
  readonly selection: Selection;
}

async function selectTake(
  take: Take,
  tree: ContextTree,
  isSent: (node: ContextNode) => boolean,
  turns: Turns,
): Promise<SelectedTake> {
  const sources: { taken: TakenPath; selection: Selection }[] = [];
  for (const taken of take.sources.values()) {
    if (turns.isDue()) await turns.pass();
    sources.push({ taken, selection: selectFiles(tree, taken, isSent) });
  }
  const selection = {
    parts: sources.flatMap((it) => it.selection.parts),
    links: sources.flatMap((it) => it.selection.links),
  };
  return { take, sources, selection };
}

/** @param dockerfileOf the path of a file of the Dockerfile's directory */
function reportTake(
  { take, sources, selection }: SelectedTake,
  sent: Totals,
  dockerfileOf: (filename: string) => string,
  listFiles: boolean,
): ContextTake {
  const { sources: _, filename, line, ...rest } = take;
  return {
    file: dockerfileOf(filename),
    line,
    ...rest,
    ...sent.of(selection),
    sources: sources.map(({ taken: { path, include, exclude }, selection }) => ({
      path,
      include,
      exclude,
      ...sent.of(selection),
    })),
    paths: sent.pathsOf(selection),
    ...(listFiles && { list: sent.list(selection) }),
  };
}

async function inspect(
  dir: string,
  { source, takes }: UsedSource,
  elsewhere: readonly UsedSource[],
  { dirs, opts }: Pick<OpenedContext, 'opts' | 'dirs'>,
  { listFiles = false, paths = [], signal }: InspectOptions,
): Promise<InspectedContext> {
  const turns = takeTurns(signal);
  const tree = await readContextTree(dir, source, signal);
  const isMain = source.local === 'context';
  const dockerfileDir = dirs.get(opts['dockerfilekey'] ?? 'dockerfile');
  const ignoreFile = await findIgnoreFile(
    dirTree(dir),
    isMain && dockerfileDir !== undefined ? dirTree(dockerfileDir) : undefined,
    opts['filename'] ?? 'Dockerfile',
  );
  const ignorePath = path.join(
    ignoreFile?.name === '.dockerignore' ? dir : (dockerfileDir ?? dir),
    ignoreFile?.name ?? '',
  );
  const rules = rulesOf(source, ignoreFile);

  const isSent = (node: ContextNode) => node.fate === 'sent';
  const sent = new Totals(tree, isSent);
  const coverage = new Coverage(tree);
  const dockerfileOf = (filename: string) =>
    dockerfileDir === undefined || filename === '' ? filename : path.join(dockerfileDir, filename);
  const selected: SelectedTake[] = [];
  for (const take of [...takes.values()].sort((a, b) => a.line - b.line)) {
    const found = await selectTake(take, tree, isSent, turns);
    coverage.add(found.selection);
    selected.push(found);
  }
  const named = new Set(selected.flatMap(({ selection }) => selection.parts.map(({ node }) => node)));
  // Other stages would have their files sent: for them everything counts that no rule drops.
  const protectedNodes = new Coverage(tree);
  for (const other of elsewhere)
    for (const { sources } of other.takes.values())
      for (const taken of sources.values())
        protectedNodes.add(selectFiles(tree, taken, ({ fate }) => fate !== 'ignored'));

  const used = coverage.amount(isSent);
  const whole = sent.below(tree.nodes[0]!);
  const unusedNodes = coverage.unused(isSent);
  const byRule = dropped(tree);
  const ignored = addAmounts(byRule.values());
  const unasked = new Totals(tree, ({ fate }) => fate === 'unasked').below(tree.nodes[0]!);
  const withAmount = (node: ContextNode) => ({ path: node.path + (node.isDirectory ? '/' : ''), ...sent.below(node) });
  return {
    name: source.local,
    directory: dir,
    total: addAmounts([whole, ignored, unasked]),
    sent: whole,
    ignored,
    unasked,
    used,
    unused: { files: whole.files - used.files, bytes: whole.bytes - used.bytes },
    isCut: tree.isCut,
    rules: [...byRule]
      .sort(([a], [b]) => a - b)
      .flatMap(([index, amount]) => {
        const rule = rules[index];
        return rule ? [{ file: ignorePath, line: rule.line, text: rule.text, ...amount }] : [];
      }),
    takes: selected.map((it) => reportTake(it, sent, dockerfileOf, listFiles)),
    largest: sizeTree(tree, sent),
    unusedPaths: unusedNodes
      .map(withAmount)
      .filter(({ files }) => files > 0)
      .sort((a, b) => b.bytes - a.bytes),
    proposal: proposeIgnore({ tree, sent, coverage, protectedNodes, named, ignoreFile, ignorePath, dir }),
    paths: isMain
      ? await Promise.all(paths.map((it) => answerFor(it, tree, selected, ignoreFile, ignorePath, dir)))
      : [],
  };
}

/** The rules of the ignore file, if they are those of the graph. */
function rulesOf({ exclude }: LocalSource, ignoreFile: IgnoreFile | undefined): IgnoreFile['rules'] {
  const rules = ignoreFile?.rules ?? [];
  return rules.length === exclude.length && rules.every(({ pattern }, index) => pattern === exclude[index])
    ? rules
    : [];
}

/** What each rule drops, by its index. */
function dropped({ nodes }: ContextTree): Map<number, Amount> {
  const amounts = new Map<number, Amount>();
  for (const { fate, rule, size, isDirectory } of nodes) {
    if (fate !== 'ignored') continue;
    const { files, bytes } = amounts.get(rule) ?? { files: 0, bytes: 0 };
    amounts.set(rule, isDirectory ? { files, bytes } : { files: files + 1, bytes: bytes + size });
  }
  return amounts;
}

async function answerFor(
  asked: string,
  tree: ContextTree,
  selected: readonly SelectedTake[],
  ignoreFile: IgnoreFile | undefined,
  ignorePath: string,
  dir: string,
): Promise<PathAnswer> {
  let node = tree.nodes[0]!;
  let isThere = true;
  for (const part of asked.split('/')) {
    if (part === '' || part === '.') continue;
    const child: ContextNode | undefined = node.children.get(part);
    if (!child) {
      // What is below a directory that was not counted to its end shares its fate.
      isThere = tree.isCut && node.fate !== 'sent';
      break;
    }
    node = child;
  }
  if (!isThere) {
    const hint = await missingSourceHint(asked, dirTree(dir), ignoreFile);
    return { path: asked, fate: 'missing', takenAt: [], ...(hint !== undefined && { hint }) };
  }
  const isTaken = ({ parts, links }: Selection) =>
    links.includes(node) ||
    parts.some(({ node: part, only }) => {
      if (only) return only.some((it) => it.index >= node.index && it.index < node.end);
      return (part.index <= node.index && node.index < part.end) || (part.index >= node.index && part.index < node.end);
    });
  const lines = selected.filter(({ selection }) => isTaken(selection)).map(({ take }) => take.line);
  const rule = node.fate === 'ignored' ? rulesOf(tree.source, ignoreFile)[node.rule] : undefined;
  return {
    path: asked,
    fate: node.fate,
    ...(rule && { rule: { file: ignorePath, line: rule.line, text: rule.text } }),
    takenAt: node.fate === 'sent' ? [...new Set(lines)] : [],
  };
}
