/** Makes the record of a build: its steps, what each is made of, and the files that it takes. */
import type { ContextNode, ContextTree } from '../context/context-tree.ts';
import { instructionText } from '../context/instruction-text.ts';
import { sourceLines } from '../context/source-lines.ts';
import { buildArgsOf } from '../gateway/options.ts';
import { dirname } from '../go/path.ts';
import { createTurns, type Turns } from '../host/turns.ts';
import type { Definition, DefinitionEntry } from '../llb/definition.ts';
import { decodingOnce, hideSecretsOfAll } from '../llb/definition-secrets.ts';
import type { OpenedContext } from '../offline/build-context.ts';
import type { Compiled } from '../offline/compile.ts';
import { dirTree } from '../offline/file-tree.ts';
import { findIgnoreFile } from '../offline/missing-source-hint.ts';
import { localSource, type OpPlace, placesOf, type TakenPath, takenPaths } from '../offline/taken-paths.ts';
import type { Dockerfile } from '../parser/ast.ts';
import {
  signal as aSignal,
  text as aText,
  checkArgument,
  fields,
  having,
  mapOf,
  optional,
  recordOf,
} from '../text/arguments.ts';
import { type HideSecrets, hidingAddresses } from '../text/hide-secrets.ts';
import { isSecretName } from '../text/secret-name.ts';
import {
  asKnown,
  type BuildRecord,
  type BuildStep,
  type RecordedContext,
  type RecordedFile,
  type RecordedIgnoreFile,
  type RecordedTake,
  recordVersion,
  type StepInput,
} from './build-record.ts';
import { shortHash } from './content-hash.ts';
import { EnvironmentWriter } from './environments.ts';
import { dockerfileOf, type InstructionFacts, instructionFacts } from './instruction-facts.ts';
import { opParts } from './op-parts.ts';
import { type TakenTree, TakenTrees, type TreeOptions } from './taken-trees.ts';
import { ownSecret, type ValueKey, valueKey } from './value-key.ts';

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

const buildArgument = fields({
  compiled: fields({ definitions: mapOf(having('a Definition', 'ops')) }),
  opened: fields({ opts: recordOf(aText), dirs: mapOf(aText) }),
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
  checkArgument('recordBuild', 'build', build, buildArgument);
  checkArgument('recordBuild', 'signal', signal, optional(aSignal));
  checkArgument('recordBuild', 'key', key, optional(aText));
  return makeRecord(build, { signal, key });
}

/** Options of {@link makeRecord}. */
interface RecordOptions extends TreeOptions {
  /** As of {@link recordBuild}. */
  readonly key?: string | undefined;
}

/** What the steps of a record are written with. */
interface Writing {
  /** What the Dockerfile says, by the first line of the instruction. */
  readonly facts: ReadonlyMap<number, InstructionFacts>;
  readonly key: ValueKey;
  readonly environments: EnvironmentWriter;
  readonly hide: HideSecrets;
  /** Hides credentials of addresses, too. */
  readonly hideInText: HideSecrets;
  /** The frontend option of steps without the cache. */
  readonly uncached: string;
}

/**
 * Does what {@link recordBuild} does.
 *
 * @throws TooManyFiles, TooManyBytes for more than the options allow
 */
export async function makeRecord(
  { compiled, opened }: RecordedBuild,
  { key: secret = ownSecret, ...options }: RecordOptions = {},
): Promise<BuildRecord> {
  const key = valueKey(secret);
  const opsOf = decodingOnce(compiled.definitions);
  const hide = hideSecretsOfAll(compiled.definitions.values(), buildArgsOf(opened.opts), opsOf);
  const dockerfile = dockerfileOf([...compiled.definitions.values()][0]);
  const writing: Writing = {
    facts: dockerfile ? instructionFacts(dockerfile) : new Map(),
    key,
    environments: new EnvironmentWriter(key),
    hide,
    hideInText: hidingAddresses(hide),
    uncached: opened.opts['no-cache'] ? `no-cache=${opened.opts['no-cache']}` : 'no-cache',
  };
  const turns = createTurns(options.signal);
  const trees = new TakenTrees(opened.dirs, options);
  try {
    const platforms: Record<string, BuildStep[]> = {};
    for (const [platform, definition] of compiled.definitions)
      platforms[platform] = await recordSteps(definition, opsOf(definition), trees, turns, writing);
    const record: BuildRecord = {
      version: recordVersion,
      key: key.id,
      platforms,
      environments: writing.environments.list,
      contexts: await recordContexts(trees, opened, hide),
      buildArgs: Object.fromEntries([...buildArgsOf(opened.opts)].map(([name, value]) => [name, key.digest(value)])),
      ...variablesOf(dockerfile, key),
    };
    return asKnown(record);
  } finally {
    trees.close();
  }
}

/** The steps of a platform. What they take of a tree is added to its coverage. */
async function recordSteps(
  definition: Definition,
  entries: readonly DefinitionEntry[],
  trees: TakenTrees,
  turns: Turns,
  writing: Writing,
): Promise<BuildStep[]> {
  const places = new Map<string, number>();
  const contexts = new Map<string, TakenTree>();
  const steps: BuildStep[] = [];
  for (const entry of entries) {
    if (turns.isDue()) await turns.pass();
    const source = localSource(entry);
    if (source) {
      const found = await trees.open(source);
      if (found) contexts.set(entry.digest, found);
      continue;
    }
    if (entry.op.op.case === undefined) continue;
    places.set(entry.digest, steps.length);
    const takes = await recordTakes(entry, contexts, turns, writing);
    steps.push(stepOf(entry, definition, places, takes, writing));
  }
  return steps;
}

/** What a step takes. @param contexts by the digests of their ops */
async function recordTakes(
  entry: DefinitionEntry,
  contexts: ReadonlyMap<string, TakenTree>,
  turns: Turns,
  { hide }: Writing,
): Promise<RecordedTake[]> {
  const takes: RecordedTake[] = [];
  for (const taken of takenPaths(entry)) {
    const context = contexts.get(entry.op.inputs[taken.input]?.digest ?? '');
    if (!context) continue;
    const { digest, selection } = await context.hash.ofSelection(taken, turns);
    context.coverage.add(selection);
    const paths = selection.parts.flatMap(({ node, only }) =>
      only ? chosenPaths(node, only) : [node.isDirectory ? `${node.path}/` : node.path],
    );
    const shown = paths.length > maxPaths ? ['/'] : paths.map(hide);
    takes.push({ context: context.tree.source.local, digest, paths: shown });
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

/** The first lines of ARG and ENV in a Dockerfile, by the names that they set, and what they set. */
function variablesOf(
  dockerfile: Dockerfile | undefined,
  key: ValueKey,
): { variables: Record<string, number[]>; settings: Record<string, string[]> } {
  const lines = new Map<string, number[]>();
  const settings = new Map<string, string[]>();
  for (const instruction of dockerfile?.instructions ?? []) {
    if (instruction.kind !== 'arg' && instruction.kind !== 'env') continue;
    for (const { key: name, value } of instruction.kind === 'arg' ? instruction.args : instruction.pairs) {
      lines.set(name, [...(lines.get(name) ?? []), instruction.lines.start]);
      settings.set(name, [...(settings.get(name) ?? []), value === undefined ? '' : key.digest(value)]);
    }
  }
  return { variables: Object.fromEntries(lines), settings: Object.fromEntries(settings) };
}

function stepOf(
  entry: DefinitionEntry,
  definition: Definition,
  places: ReadonlyMap<string, number>,
  takes: readonly RecordedTake[],
  writing: Writing,
): BuildStep {
  const [place] = placesOf(definition, entry.digest);
  const raw = place ? sourceText(definition, place) : (entry.metadata?.description['llb.customname'] ?? '');
  const [taken] = takenPaths(entry);
  const digest = (text: string) => textDigest(text, writing);
  const parts = opParts(entry.op, digest);
  const instruction = digest(`${raw}#${entry.op.op.case}`);
  const env = entry.op.op.case === 'exec' ? (entry.op.op.value.meta?.env ?? []) : undefined;
  const hasSecrets =
    env?.some((pair) => isSecretName(pair.slice(0, pair.indexOf('=')))) ||
    [instruction, ...parts.map((it) => it.digest)].some((it) => it.includes('~'));
  return {
    file: place?.filename ?? '',
    line: place?.lines.start ?? 0,
    endLine: place?.lines.end ?? 0,
    text: place
      ? shownText(definition, place, entry, taken, writing)
      : writing.hideInText(raw.split('\n', 1)[0]!).slice(0, 120),
    op: entry.digest,
    ...(hasSecrets && { hasSecrets }),
    ...(entry.metadata?.ignoreCache && { uncached: writing.uncached }),
    instruction,
    ...(place && factsOf(writing.facts.get(place.lines.start), entry.op, writing)),
    parts,
    ...(env && { environment: writing.environments.add(env) }),
    inputs: inputsOf(entry, places),
    takes,
  };
}

function factsOf(
  facts: InstructionFacts | undefined,
  { op }: DefinitionEntry['op'],
  writing: Writing,
): Pick<BuildStep, 'keyword' | 'flags' | 'rest' | 'uses' | 'isRelative' | 'shell'> {
  if (!facts) return op.case === 'exec' ? { keyword: 'run' } : {};
  const { keyword, flags, rest, uses, isRelative, shell } = facts;
  return {
    keyword,
    ...(flags.length > 0 && { flags: flags.map(({ name, text }) => ({ name, text: writing.hideInText(text) })) }),
    rest: textDigest(rest, writing),
    ...(uses.length > 0 && { uses }),
    ...(isRelative && { isRelative }),
    ...(shell && op.case === 'exec' && { shell: [shell.line, textDigest(shell.text, writing)] as const }),
  };
}

/** The digest of a text; the secrets in it count only in a part that is made with the key. */
function textDigest(text: string, { hide, key }: Writing): string {
  const hidden = hide(text);
  return hidden === text ? shortHash(text) : `${shortHash(hidden)}~${key.digest(text)}`;
}

function shownText(
  definition: Definition,
  place: OpPlace,
  { op }: DefinitionEntry,
  taken: TakenPath | undefined,
  { hideInText }: Writing,
): string {
  const text = instructionText(definition, place, taken?.kind ?? 'whole', hideInText);
  if (text !== '' && text !== 'RUN --mount=type=bind') return text;
  return op.op.case === 'exec' ? 'RUN' : (/^\s*(\w+)/.exec(sourceText(definition, place))?.[1]?.toUpperCase() ?? '');
}

function sourceText(definition: Definition, { filename, lines }: OpPlace): string {
  return sourceLines(definition, filename)
    .lines.slice(lines.start - 1, lines.end)
    .join('\n');
}

/** The steps that a step needs. Of what it only takes files from, and gives nothing back to, the content counts. */
function inputsOf({ op: { op, inputs } }: DefinitionEntry, places: ReadonlyMap<string, number>): StepInput[] {
  const whole = new Set<number>();
  const content = new Set<number>();
  const add = (index: bigint, isContent: boolean) => {
    if (index >= 0n) (isContent ? content : whole).add(Number(index));
  };
  if (op.case === 'file')
    for (const { action, input, secondaryInput } of op.value.actions) {
      add(input, false);
      if (action.case === 'copy') add(secondaryInput, true);
    }
  else if (op.case === 'exec')
    for (const { input, output, readonly, dest, selector } of op.value.mounts)
      add(input, dest !== '/' && (output < 0n || readonly || selector === '' || selector === '/'));
  else for (const index of inputs.keys()) add(BigInt(index), false);
  return inputs.flatMap(({ digest }, index): StepInput[] => {
    const step = places.get(digest);
    return step === undefined ? [] : [{ step, content: content.has(index) && !whole.has(index) }];
  });
}
