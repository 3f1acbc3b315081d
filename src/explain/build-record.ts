/**
 * A build as far as its cache depends on it: its steps, what each is made of, and the files that it takes. It has
 * digests in place of values, so that no secret can be read from it.
 */
import type { ContextTree } from '../context/context-tree.ts';
import { instructionText } from '../context/instruction-text.ts';
import { sourceLines } from '../context/source-lines.ts';
import { buildArgsOf } from '../gateway/options.ts';
import type { Op } from '../gen/pb/ops_pb.ts';
import { OpSchema } from '../gen/pb/ops_schemas.ts';
import { base } from '../go/path.ts';
import { decodeText } from '../go/text.ts';
import type { Definition, DefinitionEntry } from '../llb/definition.ts';
import { hideSecretsOfAll } from '../llb/definition-secrets.ts';
import { type Turns, takeTurns } from '../lower/turns.ts';
import type { OpenedContext } from '../offline/build-context.ts';
import type { Compiled } from '../offline/compile.ts';
import { dirTree } from '../offline/file-tree.ts';
import { findIgnoreFile } from '../offline/missing-source-hint.ts';
import { localSource, placesOf, type TakenPath, takenPaths } from '../offline/taken-paths.ts';
import { parseDockerfile } from '../parser/parse.ts';
import { encode } from '../protobuf/encode.ts';
import {
  signal as aSignal,
  text as aText,
  checkArgument,
  fields,
  having,
  listOf,
  mapOf,
  number,
  optional,
  recordOf,
  type Validator,
  validator,
} from '../text/arguments.ts';
import { type HideSecrets, hidingAddresses } from '../text/hide-secrets.ts';
import { isSecretName } from '../text/secret-name.ts';
import { shortHash } from './content-hash.ts';
import { areEnvironments, EnvironmentWriter, type RecordedEnvironment } from './environments.ts';
import { type TakenTree, TakenTrees, type TreeOptions } from './taken-trees.ts';
import { ownSecret, type ValueKey, valueKey } from './value-key.ts';

/** A build, for a comparison with another. `tsfront explain --record` writes it as JSON. */
export interface BuildRecord {
  /** Version of this form. */
  readonly version: 3;
  /** What tells apart the keys that digests of values are made with: values are compared only between equal ones. */
  readonly key: string;
  /** The steps of each platform, in the order of the graph. */
  readonly platforms: Readonly<Record<string, readonly BuildStep[]>>;
  /** The variables of steps. */
  readonly environments: readonly RecordedEnvironment[];
  /** The contexts by their names. */
  readonly contexts: Readonly<Record<string, RecordedContext>>;
  /** Digests of the build arguments by their names, made with the key. */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Lines of ARG and ENV by the name of the variable. */
  readonly variables: Readonly<Record<string, readonly number[]>>;
}

/** A step of a build: an op that an instruction makes. */
export interface BuildStep {
  /** The Dockerfile. */
  readonly file: string;
  /** The first line of the instruction, from 1; 0 if it is not known. */
  readonly line: number;
  /** The last line of the instruction. */
  readonly endLine: number;
  /** The instruction as people know it; shortened, and without values of secrets. */
  readonly text: string;
  /** Digest of the op, by which a daemon names the step. In a file, '' for one that has secrets. */
  readonly op: string;
  /** Whether it has values of secrets, which its op makes it possible to guess; absent if not. */
  readonly hasSecrets?: true;
  /** Digest of the text of the instruction in the Dockerfile, by which it is found in another. */
  readonly instruction: string;
  /**
   * Digests of what the op is made of, by name: `command`, `user`. Of a text with secrets, that of the text without
   * them, and after a `~` that of the text, made with the key.
   */
  readonly parts: Readonly<Record<string, string>>;
  /** The place of its variables in {@link BuildRecord.environments}; absent for what has none. */
  readonly environment?: number;
  /** Steps that it continues, and steps that it takes files from; places in the list. */
  readonly inputs: readonly StepInput[];
  /** What it takes from contexts. */
  readonly takes: readonly RecordedTake[];
}

/** A step that another step needs. */
export interface StepInput {
  /** Its place in the list of steps. */
  readonly step: number;
  /** Whether only the content of the files that are taken counts. */
  readonly content: boolean;
}

/** What a step takes from a context. */
export interface RecordedTake {
  /** The name of the context. */
  readonly context: string;
  /** Digest of what is taken. */
  readonly digest: string;
  /** Files, and directories with a slash at the end. */
  readonly paths: readonly string[];
}

/** The files of a context that a build takes. */
export interface RecordedContext {
  /** The files by path; undefined if there are too many. */
  readonly files: Readonly<Record<string, RecordedFile>> | undefined;
  /** Patterns of the ignore file. */
  readonly ignore: readonly string[];
  /** Where the patterns stand; absent if it is not known. */
  readonly ignoreFile?: RecordedIgnoreFile | undefined;
}

/**
 * Kind, permissions and target (`file 644`, `link 777 -> a`); digest of the content; bytes of the content; digests of
 * the lines of a short text.
 */
export type RecordedFile = readonly [header: string, content: string, size?: number, lines?: string];

/** An ignore file. */
export interface RecordedIgnoreFile {
  /** `.dockerignore`, or that of the Dockerfile. */
  readonly name: string;
  /** The line of each pattern, from 1. */
  readonly lines: readonly number[];
}

const recordVersion = 3;
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
  readonly key: ValueKey;
  readonly environments: EnvironmentWriter;
  readonly hide: HideSecrets;
  /** Hides credentials of addresses, too. */
  readonly hideInText: HideSecrets;
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
  const writing: Writing = {
    key,
    environments: new EnvironmentWriter(key),
    hide,
    hideInText: hidingAddresses(hide),
  };
  const turns = takeTurns(options.signal);
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
      contexts: await recordContexts(trees, opened),
      buildArgs: Object.fromEntries([...buildArgsOf(opened.opts)].map(([name, value]) => [name, key.digest(value)])),
      variables: variablesOf(compiled),
    };
    known.add(record);
    return record;
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
    const takes = await recordTakes(entry, contexts, turns);
    steps.push(stepOf(entry, definition, places, takes, writing));
  }
  return steps;
}

/** What a step takes. @param contexts by the digests of their ops */
async function recordTakes(
  entry: DefinitionEntry,
  contexts: ReadonlyMap<string, TakenTree>,
  turns: Turns,
): Promise<RecordedTake[]> {
  const takes: RecordedTake[] = [];
  for (const taken of takenPaths(entry)) {
    const context = contexts.get(entry.op.inputs[taken.input]?.digest ?? '');
    if (!context) continue;
    const { digest, selection } = await context.hash.ofSelection(taken, turns);
    context.coverage.add(selection);
    const paths = selection.parts.flatMap(({ node, only }) =>
      only
        ? only.filter((it) => !it.isDirectory).map((it) => it.path)
        : [node.isDirectory ? `${node.path}/` : node.path],
    );
    takes.push({ context: context.tree.source.local, digest, paths: paths.length > maxPaths ? ['/'] : paths });
  }
  return takes;
}

/** The contexts by name. What stages and platforms ask for may differ, so a context may have several trees. */
async function recordContexts(
  trees: TakenTrees,
  opened: RecordedBuild['opened'],
): Promise<Record<string, RecordedContext>> {
  const contexts: Record<string, RecordedContext> = {};
  for (const taken of trees.all()) {
    const { local } = taken.tree.source;
    const ignoreFile = await recordIgnoreFile(taken.tree, opened);
    contexts[local] = joined(contexts[local], { ...recordFiles(taken), ...(ignoreFile && { ignoreFile }) });
  }
  return contexts;
}

/**
 * Decodes the ops of a definition. Those of the only one are decoded once, since each RUN has all variables before it;
 * of several, one is in memory at a time.
 */
function decodingOnce(definitions: ReadonlyMap<string, Definition>): (definition: Definition) => DefinitionEntry[] {
  let known: DefinitionEntry[] | undefined;
  return (definition) => {
    if (definitions.size > 1) return definition.ops();
    known ??= definition.ops();
    return known;
  };
}

function recordFiles({ tree, hash, coverage }: TakenTree): RecordedContext {
  const files: Record<string, RecordedFile> = {};
  let count = 0;
  for (const node of tree.nodes) {
    if (node.entry === undefined || node.fate !== 'sent' || !coverage.covers(node)) continue;
    if (++count > maxFiles) return { files: undefined, ignore: tree.source.exclude };
    const { header, content, size, lines } = hash.identity(node);
    files[node.isDirectory ? `${node.path}/` : node.path] =
      content === ''
        ? [header, content]
        : lines === undefined
          ? [header, content, size]
          : [header, content, size, lines];
  }
  return { files, ignore: tree.source.exclude };
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

/** The first lines of ARG and ENV in a Dockerfile, by the names that they set. A build program has none. */
function variablesOf({ definitions }: Pick<Compiled, 'definitions'>): Record<string, number[]> {
  const lines = new Map<string, number[]>();
  const [info] = [...definitions.values()][0]?.source?.infos ?? [];
  if (info?.language !== 'Dockerfile') return {};
  for (const instruction of parseDockerfile(decodeText(info.data)).instructions) {
    if (instruction.kind !== 'arg' && instruction.kind !== 'env') continue;
    for (const { key } of instruction.kind === 'arg' ? instruction.args : instruction.pairs) {
      const known = lines.get(key);
      if (known) known.push(instruction.lines.start);
      else lines.set(key, [instruction.lines.start]);
    }
  }
  return Object.fromEntries(lines);
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
  const parts = partsOf(entry.op, digest);
  const instruction = digest(`${raw}#${entry.op.op.case}`);
  const env = entry.op.op.case === 'exec' ? (entry.op.op.value.meta?.env ?? []) : undefined;
  const hasSecrets =
    env?.some((pair) => isSecretName(pair.slice(0, pair.indexOf('=')))) ||
    [instruction, ...Object.values(parts)].some((it) => it.includes('~'));
  return {
    file: place?.filename ?? '',
    line: place?.lines.start ?? 0,
    endLine: place?.lines.end ?? 0,
    text: place
      ? shownText(definition, place, entry, taken, writing)
      : writing.hideInText(raw.split('\n', 1)[0]!).slice(0, 120),
    op: entry.digest,
    ...(hasSecrets && { hasSecrets }),
    instruction,
    parts,
    ...(env && { environment: writing.environments.add(env) }),
    inputs: inputsOf(entry, places),
    takes,
  };
}

/** The digest of a text; the secrets in it count only in a part that is made with the key. */
function textDigest(text: string, { hide, key }: Writing): string {
  const hidden = hide(text);
  return hidden === text ? shortHash(text) : `${shortHash(hidden)}~${key.digest(text)}`;
}

function shownText(
  definition: Definition,
  place: NonNullable<ReturnType<typeof placesOf>[number]>,
  { op }: DefinitionEntry,
  taken: TakenPath | undefined,
  { hideInText }: Writing,
): string {
  const text = instructionText(definition, place, taken?.kind ?? 'whole', hideInText);
  if (text !== '' && text !== 'RUN --mount=type=bind') return text;
  return op.op.case === 'exec' ? 'RUN' : (/^\s*(\w+)/.exec(sourceText(definition, place))?.[1]?.toUpperCase() ?? '');
}

function sourceText(
  definition: Definition,
  { filename, lines }: NonNullable<ReturnType<typeof placesOf>[number]>,
): string {
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

/** What BuildKit's cache key of an op is made of, besides its inputs. */
function partsOf(given: Op, digest: (text: string) => string): Record<string, string> {
  const { op, platform } = given;
  const ofPlatform = platform && [
    platform.OS,
    platform.Architecture,
    platform.Variant,
    platform.OSVersion,
    platform.OSFeatures,
  ];
  switch (op.case) {
    case 'exec':
      return hashedParts([...execParts(op.value), ['platform', ofPlatform]], digest);
    case 'file':
      return hashedParts(op.value.actions.flatMap(actionParts), digest);
    case 'source': {
      const { identifier, attrs } = op.value;
      return hashedParts(
        [
          [identifier.startsWith('docker-image://') ? 'base image' : 'source', identifier],
          ['settings', keyedAttributes(attrs)],
          ['platform', ofPlatform],
        ],
        digest,
      );
    }
    default:
      return { op: shortHash(encode(OpSchema, { ...given, inputs: [] })) };
  }
}

/** The attributes of a source that are in its cache key: how a tag is resolved is not, since the digest counts. */
const keyedAttributes = (attrs: OpValue<'source'>['attrs']) =>
  Object.fromEntries(Object.entries(attrs).filter(([name]) => name !== 'image.resolvemode'));

/** A part of an op by its name. Of several with one name, the last counts. */
type Part = readonly [name: string, value: unknown];

function hashedParts(parts: readonly Part[], digest: (text: string) => string): Record<string, string> {
  const inJson = (_: string, it: unknown) => (typeof it === 'bigint' ? String(it) : toHex(it));
  return Object.fromEntries(parts.map(([name, value]) => [name, digest(JSON.stringify(value ?? null, inJson))]));
}

function execParts({ meta, mounts, network, security, secretenv, cdiDevices, ...rest }: OpValue<'exec'>): Part[] {
  const settings = {
    ...meta,
    args: [],
    env: [],
    cwd: '',
    user: '',
    proxyEnv: undefined,
    extraHosts: meta?.extraHosts.map(({ Host }) => Host),
  };
  return [
    ['command', meta?.args],
    ['working directory', meta?.cwd],
    ['user', meta?.user],
    ['network', network],
    ['security', security],
    ['secret variables', secretenv],
    ['devices', cdiDevices],
    ['settings', [settings, rest]],
    ...mounts.map(mountPart),
  ];
}

function mountPart(mount: OpValue<'exec'>['mounts'][number]): Part {
  const { cacheOpt, dest } = mount;
  const isOwnCache = cacheOpt && cacheOpt.sharing === 0 && (cacheOpt.ID === dest || cacheOpt.ID.endsWith(`/${dest}`));
  const cache = cacheOpt && !isOwnCache ? { ...cacheOpt, ID: '', sharing: 0 } : cacheOpt;
  const name = dest === '/' ? 'root' : `mount ${dest}`;
  return [name, { ...mount, input: mount.input < 0n, selector: '', cacheOpt: cache }];
}

function actionParts(
  { action, input, secondaryInput, output }: OpValue<'file'>['actions'][number],
  index: number,
): Part[] {
  const { case: kind, value } = action;
  const suffix = index === 0 ? '' : ` ${index + 1}`;
  const head: Part = [`action${suffix}`, [kind, input, secondaryInput, output]];
  if (kind !== 'copy') return [head, [`file${suffix}`, value]];
  const { src, dest, owner, mode, modeStr, includePatterns, excludePatterns, ...rest } = value;
  return [
    head,
    [`source${suffix}`, base(src)],
    [`destination${suffix}`, dest],
    [`owner${suffix}`, owner],
    [`mode${suffix}`, [mode, modeStr]],
    [`patterns${suffix}`, includePatterns],
    [`exclude${suffix}`, excludePatterns],
    [`settings${suffix}`, rest],
  ];
}

type OpValue<Case extends Op['op']['case']> = Extract<Op['op'], { case: Case }>['value'];

const toHex = (value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value);

const digest = aText;
const entries = validator(
  'a pair of digests',
  (value) => Array.isArray(value) && value.length >= 2 && value.length <= 4,
);
const ignoreFile = fields({ name: aText, lines: listOf(number) });
const step = fields({
  file: aText,
  line: number,
  endLine: number,
  text: aText,
  op: aText,
  environment: optional(number),
  instruction: aText,
  parts: recordOf(digest),
  inputs: listOf(fields({ step: number })),
  takes: listOf(fields({ context: aText, digest, paths: listOf(aText) })),
});
const contents = {
  platforms: recordOf(listOf(step)),
  key: aText,
  environments: listOf(
    fields({ like: optional(number), starts: number, ends: number, sets: listOf(entries), digest: aText }),
  ),
  contexts: recordOf(
    fields({ files: optional(recordOf(entries)), ignore: listOf(aText), ignoreFile: optional(ignoreFile) }),
  ),
  buildArgs: recordOf(digest),
  variables: recordOf(listOf(number)),
};

const anyRecord = fields(contents, 'what recordBuild() gives');

/** Records that were made or checked here: a large one is not checked for each function that takes it. */
const known = new WeakSet<object>();

/** What {@link recordBuild} and {@link parseRecord} give. */
export const recordArgument: Validator = (value, name) =>
  known.has(Object(value) as object) ? undefined : anyRecord(value, name);

/** Whether each step needs only steps before it: then no walk over them goes in circles. */
const isInOrder = (steps: readonly BuildStep[]) =>
  steps.every(({ inputs }, index) =>
    inputs.every((it) => Number.isInteger(it.step) && it.step >= 0 && it.step < index),
  );

/** The JSON of a record, for a file: without the digests of ops by which secrets in them could be guessed. */
export function formatRecord(record: BuildRecord): string {
  checkArgument('formatRecord', 'record', record, recordArgument);
  return withoutGuessable(JSON.stringify(record));
}

/** The same, for a record that is JSON already. */
export function withoutGuessable(json: string): string {
  return json.replace(/"op":"sha256:[0-9a-f]{64}","hasSecrets":true/g, '"op":"","hasSecrets":true');
}

/**
 * Reads a record.
 *
 * @returns undefined if the text is something else
 * @throws Error if it is not JSON, of a later version, or damaged
 */
export function parseRecord(text: string): BuildRecord | undefined {
  checkArgument('parseRecord', 'text', text, aText);
  const value = JSON.parse(text) as BuildRecord | null;
  if (typeof value !== 'object' || value === null) return undefined;
  if (typeof value.version === 'number' && value.version > recordVersion)
    throw new Error(
      `it has version ${value.version}, so a newer tsfront wrote it: this one reads version ${recordVersion}`,
    );
  if (!('platforms' in value && 'buildArgs' in value)) return undefined;
  if (value.version !== recordVersion)
    throw new Error(
      `it is a record of version ${value.version}, and this tsfront reads version ${recordVersion}: make it again`,
    );
  const problem = recordArgument(value, 'the record');
  if (problem !== undefined) throw new Error(problem);
  const count = value.environments.length;
  const hasEnvironment = ({ environment }: BuildStep) =>
    environment === undefined || (Number.isInteger(environment) && environment >= 0 && environment < count);
  if (!areEnvironments(value.environments) || !Object.values(value.platforms).flat().every(hasEnvironment))
    throw new Error('an environment of the record is made of what is not there');
  if (!Object.values(value.platforms).every(isInOrder)) throw new Error('a step of the record needs a step after it');
  known.add(value);
  return value;
}
