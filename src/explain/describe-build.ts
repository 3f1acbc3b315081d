/** What a graph says about the steps of a build, without the files that they take. */
import { instructionText } from '../context/instruction-text.ts';
import { sourceLines } from '../context/source-lines.ts';
import {
  type LocalSource,
  localSource,
  type OpPlace,
  placesOf,
  type TakenPath,
  takenPaths,
} from '../daemonless/taken-paths.ts';
import { buildArgsOf } from '../gateway/options.ts';
import { splitAtFirst } from '../go/split-at-first.ts';
import type { Turns } from '../host/turns.ts';
import type { Definition, DefinitionEntry } from '../llb/definition.ts';
import { decodingOnce, hideSecretsOfAll } from '../llb/definition-secrets.ts';
import type { Dockerfile } from '../parser/ast.ts';
import { type HideSecrets, hidingAddresses } from '../text/hide-secrets.ts';
import { isSecretName } from '../text/secret-name.ts';
import type { BuildRecord, BuildStep, StepInput } from './build-record.ts';
import { shortHash } from './content-hash.ts';
import { EnvironmentWriter } from './environments.ts';
import { dockerfileOf, type InstructionFacts, instructionFacts } from './instruction-facts.ts';
import { opParts } from './op-parts.ts';
import { type ValueKey, valueKey } from './value-key.ts';

/** The definitions of a build by platform. */
type Definitions = ReadonlyMap<string, Definition>;

/** Files of a context that a step takes. */
export interface WantedFiles {
  readonly source: LocalSource;
  readonly taken: TakenPath;
}

/** The steps of a platform. */
interface DescribedPlatform {
  /** The local sources of the graph. */
  readonly sources: readonly LocalSource[];
  readonly steps: readonly { readonly step: Omit<BuildStep, 'takes'>; readonly wants: readonly WantedFiles[] }[];
}

/** What a record has besides the files. */
interface DescribedBuild extends Omit<BuildRecord, 'version' | 'platforms' | 'contexts'> {
  readonly platforms: ReadonlyMap<string, DescribedPlatform>;
  /** Hides the secrets of the build. */
  readonly hide: HideSecrets;
}

/** The last description of definitions: both builds of a comparison often have the same ones. */
const known = new WeakMap<Definitions, { readonly options: string; readonly described: DescribedBuild }>();

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

/** @param opts frontend options @param secret as of `valueKey` */
export async function describeBuild(
  definitions: Definitions,
  opts: Readonly<Record<string, string>>,
  secret: string,
  turns: Turns,
): Promise<DescribedBuild> {
  const options = JSON.stringify([opts, secret]);
  const last = known.get(definitions);
  if (last?.options === options) return last.described;
  const key = valueKey(secret);
  const opsOf = decodingOnce(definitions);
  const hide = hideSecretsOfAll(definitions.values(), buildArgsOf(opts), opsOf);
  const dockerfile = dockerfileOf([...definitions.values()][0]);
  const writing: Writing = {
    facts: dockerfile ? instructionFacts(dockerfile) : new Map(),
    key,
    environments: new EnvironmentWriter(key),
    hide,
    hideInText: hidingAddresses(hide),
    uncached: opts['no-cache'] ? `no-cache=${opts['no-cache']}` : 'no-cache',
  };
  const platforms = new Map<string, DescribedPlatform>();
  for (const [platform, definition] of definitions)
    platforms.set(platform, await describeSteps(definition, opsOf(definition), turns, writing));
  const described: DescribedBuild = {
    platforms,
    hide,
    key: key.id,
    environments: writing.environments.list,
    buildArgs: Object.fromEntries([...buildArgsOf(opts)].map(([name, value]) => [name, key.digest(value)])),
    ...variablesOf(dockerfile, key),
  };
  known.set(definitions, { options, described });
  return described;
}

async function describeSteps(
  definition: Definition,
  entries: readonly DefinitionEntry[],
  turns: Turns,
  writing: Writing,
): Promise<DescribedPlatform> {
  const places = new Map<string, number>();
  const sources = new Map<string, LocalSource>();
  const steps: DescribedPlatform['steps'][number][] = [];
  for (const entry of entries) {
    if (turns.isDue()) await turns.pass();
    const local = localSource(entry);
    if (local) sources.set(entry.digest, local);
    if (local || entry.op.op.case === undefined) continue;
    places.set(entry.digest, steps.length);
    const paths = takenPaths(entry);
    const wants = paths.flatMap((taken): WantedFiles[] => {
      const source = sources.get(entry.op.inputs[taken.input]?.digest ?? '');
      return source ? [{ source, taken }] : [];
    });
    steps.push({ step: stepOf(entry, definition, places, paths[0], writing), wants });
  }
  return { sources: [...sources.values()], steps };
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
  taken: TakenPath | undefined,
  writing: Writing,
): Omit<BuildStep, 'takes'> {
  const [place] = placesOf(definition, entry.digest);
  const raw = place ? sourceText(definition, place) : (entry.metadata?.description['llb.customname'] ?? '');
  const digest = (text: string) => textDigest(text, writing);
  const parts = opParts(entry.op, digest);
  const instruction = digest(`${raw}#${entry.op.op.case}`);
  const env = entry.op.op.case === 'exec' ? (entry.op.op.value.meta?.env ?? []) : undefined;
  const hasSecrets =
    env?.some((pair) => isSecretName(splitAtFirst(pair, '=')[0])) ||
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
    ...imageOf(entry.op, writing),
    parts,
    ...(env && { environment: writing.environments.add(env) }),
    inputs: inputsOf(entry, places),
  };
}

function factsOf(
  facts: InstructionFacts | undefined,
  { op }: DefinitionEntry['op'],
  writing: Writing,
): Pick<BuildStep, 'keyword' | 'flags' | 'rest' | 'uses' | 'isRelative' | 'shell' | 'workdir' | 'user'> {
  if (!facts) return op.case === 'exec' ? { keyword: 'run' } : {};
  const { keyword, flags, rest, uses, isRelative, settings } = facts;
  const { shell, workdir, user } = settings;
  const isExec = op.case === 'exec';
  return {
    keyword,
    ...(flags.length > 0 && { flags: flags.map(({ name, text }) => ({ name, text: writing.hideInText(text) })) }),
    rest: textDigest(rest, writing),
    ...(uses.length > 0 && { uses }),
    ...(isRelative && { isRelative }),
    ...(shell && isExec && { shell: [shell.line, textDigest(shell.text, writing)] as const }),
    ...(workdir !== undefined && (isExec || isRelative) && { workdir }),
    ...(user !== undefined && isExec && { user }),
  };
}

function imageOf({ op }: DefinitionEntry['op'], { hideInText }: Writing): Pick<BuildStep, 'image'> {
  const scheme = 'docker-image://';
  if (op.case !== 'source' || !op.value.identifier.startsWith(scheme)) return {};
  return { image: hideInText(op.value.identifier.slice(scheme.length)) };
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
