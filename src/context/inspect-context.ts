/**
 * Reports what a build takes from its local contexts: what is sent, what each instruction takes of it, what is dropped
 * and why.
 */
import path from 'node:path';
import type { OpenedContext } from '../daemonless/build-context.ts';
import type { Compiled } from '../daemonless/compile.ts';
import { createTurns } from '../host/turns.ts';
import type { Definition } from '../llb/definition.ts';
import {
  aBoolean,
  anAbortSignal,
  aString,
  checkArgument,
  having,
  listOf,
  mapOf,
  objectWith,
  optional,
} from '../text/arguments.ts';
import { type Amount, addAmounts, Coverage, Totals } from './amounts.ts';
import { answerPath } from './answer-path.ts';
import type { ContextReport, ContextTake, InspectedContext, RuleUse } from './context-report.ts';
import { collectTakes, type SelectedTake, selectTake, type UsedSource } from './context-takes.ts';
import { type ContextNode, type ContextTree, readContextTree } from './context-tree.ts';
import { dockerfileDirOf, type IgnoreInEffect, ignoreInEffect } from './ignore-in-effect.ts';
import { proposeIgnore } from './propose-ignore.ts';
import { selectFiles } from './select-files.ts';
import { sizeTree } from './size-tree.ts';

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

const anOpenedContext = objectWith({ opts: having('an object of frontend options'), dirs: mapOf(aString) });
const inspectOptions = objectWith({
  listFiles: optional(aBoolean),
  paths: optional(listOf(aString)),
  allStages: optional(having('a Definition', 'ops')),
  signal: optional(anAbortSignal),
});

/**
 * Reports what a build takes from the directories that are its contexts. It reads the directories, not the content of
 * their files, and asks no daemon.
 *
 * @param compiled the build, as `compile` gives it
 * @param opened its contexts, as `openBuildContext` gives them
 * @throws Error if a directory cannot be read, or has more than 2,000,000 files that are sent
 * @example
 * import { compile, openBuildContext, registryResolver } from 'tsfront';
 * import { inspectContext } from 'tsfront/context';
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
  checkArgument(
    'inspectContext',
    'compiled',
    compiled,
    objectWith({ definitions: mapOf(having('a Definition', 'ops')) }),
  );
  checkArgument('inspectContext', 'opened', opened, anOpenedContext);
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

async function inspect(
  dir: string,
  { source, takes }: UsedSource,
  elsewhere: readonly UsedSource[],
  opened: Pick<OpenedContext, 'opts' | 'dirs'>,
  { listFiles = false, paths = [], signal }: InspectOptions,
): Promise<InspectedContext> {
  const tree = await readContextTree(dir, source, signal);
  const ignore = await ignoreInEffect(dir, source, opened);
  const sent = new Totals(tree, isSent);
  const byRule = dropped(tree);
  const coverage = new Coverage(tree);
  const selected: SelectedTake[] = [];
  const turns = createTurns(signal);
  for (const take of [...takes.values()].sort((a, b) => a.line - b.line)) {
    const selectedTake = await selectTake(take, tree, isSent, turns);
    coverage.add(selectedTake.selection);
    selected.push(selectedTake);
  }
  const dockerfileDir = dockerfileDirOf(opened);
  const dockerfileOf = (filename: string) =>
    dockerfileDir === undefined || filename === '' ? filename : path.join(dockerfileDir, filename);
  return {
    name: source.local,
    directory: dir,
    ...amountsOf(tree, sent, coverage, byRule),
    isCut: tree.isCut,
    rules: rulesInUse(byRule, ignore),
    takes: selected.map((it) => reportTake(it, sent, dockerfileOf, listFiles)),
    largest: sizeTree(tree, sent),
    unusedPaths: coverage
      .unused(isSent)
      .map((node) => ({ path: node.path + (node.isDirectory ? '/' : ''), ...sent.below(node) }))
      .filter(({ files }) => files > 0)
      .sort((a, b) => b.bytes - a.bytes),
    proposal: proposeIgnore({
      tree,
      sent,
      coverage,
      protectedNodes: takenElsewhere(tree, elsewhere),
      named: new Set(selected.flatMap(({ selection }) => selection.parts.map(({ node }) => node))),
      ignoreFile: ignore.file,
      ignorePath: ignore.path,
      dir,
    }),
    paths:
      source.local === 'context'
        ? await Promise.all(paths.map((it) => answerPath(it, { dir, tree, selected, ignore })))
        : [],
  };
}

const isSent = ({ fate }: ContextNode) => fate === 'sent';

/** The amounts of a context as a whole. */
function amountsOf(tree: ContextTree, sent: Totals, coverage: Coverage, byRule: ReadonlyMap<number, Amount>) {
  const root = tree.nodes[0]!;
  const whole = sent.below(root);
  const used = coverage.amount(isSent);
  const ignored = addAmounts(byRule.values());
  const unasked = new Totals(tree, ({ fate }) => fate === 'unasked').below(root);
  return {
    total: addAmounts([whole, ignored, unasked]),
    sent: whole,
    ignored,
    unasked,
    used,
    unused: { files: whole.files - used.files, bytes: whole.bytes - used.bytes },
  };
}

/** The rules that drop something, in their order. */
function rulesInUse(byRule: ReadonlyMap<number, Amount>, { path, rules }: IgnoreInEffect): RuleUse[] {
  return [...byRule]
    .sort(([a], [b]) => a - b)
    .flatMap(([index, amount]) => {
      const rule = rules[index];
      return rule ? [{ file: path, line: rule.line, text: rule.text, ...amount }] : [];
    });
}

/**
 * What all stages of the Dockerfile take. They would have their files sent: for them everything counts that no rule
 * drops.
 */
function takenElsewhere(tree: ContextTree, elsewhere: readonly UsedSource[]): Coverage {
  const coverage = new Coverage(tree);
  for (const { takes } of elsewhere)
    for (const { sources } of takes.values())
      for (const source of sources.values()) coverage.add(selectFiles(tree, source, ({ fate }) => fate !== 'ignored'));
  return coverage;
}

/** What each rule of the ignore file drops, by its number. */
function dropped({ nodes }: ContextTree): Map<number, Amount> {
  const amounts = new Map<number, Amount>();
  for (const { fate, rule, size, isDirectory } of nodes) {
    if (fate !== 'ignored') continue;
    const { files, bytes } = amounts.get(rule) ?? { files: 0, bytes: 0 };
    amounts.set(rule, isDirectory ? { files, bytes } : { files: files + 1, bytes: bytes + size });
  }
  return amounts;
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
    ...sent.amountOf(selection),
    sources: sources.map(({ taken: { path, include, exclude }, selection }) => ({
      path,
      include,
      exclude,
      ...sent.amountOf(selection),
    })),
    paths: sent.pathsOf(selection),
    ...(listFiles && { list: sent.list(selection) }),
  };
}
