/** The graph of a build for people: the ops in steps, the steps in stages, and the lines that they were made of. */
import type { Op } from '../gen/pb/ops_pb.ts';
import { decodeText } from '../go/text.ts';
import { formatShortPlatform } from '../image/platform.ts';
import type { Definition, DefinitionEntry } from '../llb/definition.ts';
import { decodingOnce, hideSecretsOfAll } from '../llb/definition-secrets.ts';
import { formatOp } from '../llb/format-op.ts';
import { platformFromPb } from '../llb/platform-message.ts';
import { anything, aString, checkArgument, mapOf, objectWith, optional, recordOf } from '../text/arguments.ts';
import { type HideSecrets, hidingAddresses } from '../text/hide-secrets.ts';
import { printable, printableLine } from '../text/printable.ts';
import { redactCredentials } from '../text/redact.ts';
import { addRecord } from './add-record.ts';
import type {
  BuildGraph,
  GraphFile,
  GraphInput,
  GraphLines,
  GraphOp,
  GraphStage,
  GraphStep,
  OpExplanation,
  PlatformGraph,
} from './graph-model.ts';
import type { ProgressRecord } from './progress-record.ts';
import { readStepName, type StepName } from './step-name.ts';

/** What {@link buildGraph} takes besides the definitions. */
export interface GraphOptions {
  /** The progress of a build of the same graph, from {@link readProgress}. */
  readonly record?: ProgressRecord | undefined;
  /** Why ops run again, by the digest of the op. */
  readonly explanations?: ReadonlyMap<string, OpExplanation> | undefined;
}

/** What `compile()` gives, or some of it. */
export interface GraphSource {
  /** Definitions by platform; '' is a name for the only one. */
  readonly definitions: ReadonlyMap<string, Definition>;
  /** The metadata of the result, which names the platform of a single definition. */
  readonly metadata?: ReadonlyMap<string, Uint8Array> | undefined;
  /** Build arguments by name: values of those with the names of secrets are hidden. */
  readonly buildArgs?: Readonly<Record<string, string>> | undefined;
}

const aCompiledBuild = objectWith(
  { definitions: mapOf(anything), metadata: optional(mapOf(anything)), buildArgs: optional(recordOf(aString)) },
  'what compile() gives',
);

/**
 * Makes the graph of what was compiled.
 *
 * @throws Error if an op is invalid, or needs one that is not there
 * @example
 * const graph = buildGraph(await compile(options));
 * for (const { name, steps } of graph.platforms[0]!.stages) console.log(name, steps.length);
 */
export function buildGraph(source: GraphSource, options: GraphOptions = {}): BuildGraph {
  checkArgument('buildGraph', 'source', source, aCompiledBuild);
  const opsOf = decodingOnce(source.definitions);
  const hide = hideSecretsOfAll(source.definitions.values(), Object.entries(source.buildArgs ?? {}), opsOf);
  const texts: Texts = { hide, shown: (text) => printableLine(hidingAddresses(hide)(text)) };
  const files = new FileList(texts);
  const platforms = [...source.definitions].map(([platform, definition]) => {
    const graph = platformGraph(
      platform || onlyPlatform(source.metadata),
      definition,
      opsOf(definition),
      files,
      texts,
      options.explanations,
    );
    return options.record ? addRecord(graph, options.record, texts.shown) : graph;
  });
  return { version: 1, files: files.list, platforms };
}

/** The platform of a definition that is the only one. */
function onlyPlatform(metadata: GraphSource['metadata']): string {
  const platforms = metadata?.get('refs.platforms');
  if (!platforms) return '';
  const { Platforms } = JSON.parse(decodeText(platforms)) as { Platforms?: { ID: string }[] };
  return Platforms?.[0]?.ID ?? '';
}

/** The files of all platforms; equal ones are one. */
class FileList {
  readonly list: GraphFile[] = [];
  private readonly known = new Map<string, number>();
  private readonly texts: Texts;

  constructor(texts: Texts) {
    this.texts = texts;
  }

  add(name: string, language: string, data: Uint8Array): number {
    const text = lineByLine(this.texts.hide(decodeText(data)));
    const key = JSON.stringify([name, text]);
    const at = this.known.get(key) ?? this.list.push({ name: this.texts.shown(name), language, text }) - 1;
    this.known.set(key, at);
    return at;
  }
}

/** Makes texts for people of texts of the build. */
interface Texts {
  /** Hides secrets. */
  readonly hide: HideSecrets;
  /** Text in one line, without secrets, credentials and control characters. */
  readonly shown: HideSecrets;
}

/** The text of a file without credentials and control characters; it keeps its lines. */
const lineByLine = (text: string) =>
  printable(text)
    .split('\n')
    .map((line) => redactCredentials(line))
    .join('\n');

/** An op while its graph is made. */
interface OpDraft {
  readonly entry: DefinitionEntry;
  readonly name: string;
  readonly isSource: boolean;
  readonly inputs: readonly GraphInput[];
  readonly users: number[];
}

function platformGraph(
  platform: string,
  definition: Definition,
  entries: readonly DefinitionEntry[],
  files: FileList,
  { shown }: Texts,
  explanations: GraphOptions['explanations'],
): PlatformGraph {
  const { drafts, result } = readOps(entries, shown);
  const { stages, steps, stepOf } = arrange(drafts, result, shown);
  const fileOf = (definition.source?.infos ?? []).map(({ filename, language, data }) =>
    files.add(filename, language, data),
  );
  const ops = drafts.map(({ entry: { digest, op }, name, inputs }, index): GraphOp => {
    const { kind, summary, details } = formatOp(op);
    const explanation = explanations?.get(digest);
    return {
      digest,
      kind,
      name,
      summary: shown(summary),
      details: details.map(shown),
      step: stepOf[index]!,
      inputs,
      lines: linesOf(definition, digest, fileOf),
      ...(op.platform && { platform: formatShortPlatform(platformFromPb(op.platform)) }),
      ...(explanation && { explanation: { change: explanation.change, text: shown(explanation.text) } }),
    };
  });
  return { platform, stages, steps, ops, ...(result !== undefined && { result }) };
}

/** Reads the ops; the last one only names the result. */
function readOps(
  entries: readonly DefinitionEntry[],
  shown: HideSecrets,
): { drafts: OpDraft[]; result: number | undefined } {
  const drafts: OpDraft[] = [];
  const known = new Map<string, number>();
  let result: number | undefined;
  const find = (digest: string) => {
    const at = known.get(digest);
    if (at === undefined) throw new Error(`the definition has no op ${digest}`);
    return at;
  };
  for (const entry of entries) {
    const { digest, op, metadata } = entry;
    if (op.op.case === undefined) {
      if (op.inputs[0]) result = find(op.inputs[0].digest);
      continue;
    }
    const inputs = op.inputs.map((input) => ({ op: find(input.digest), output: Number(input.index) }));
    for (const input of new Set(inputs.map((it) => it.op))) drafts[input]!.users.push(drafts.length);
    known.set(digest, drafts.length);
    const name = shown(metadata?.description['llb.customname'] ?? nameOf(op));
    drafts.push({ entry, name, isSource: op.op.case === 'source', inputs, users: [] });
  }
  return { drafts, result };
}

function nameOf(op: Op): string {
  const { kind, summary } = formatOp(op);
  return `${kind} ${summary}`;
}

function linesOf(definition: Definition, digest: string, fileOf: readonly number[]): GraphLines[] {
  const lines: GraphLines[] = [];
  for (const { sourceIndex, ranges } of definition.source?.locations[digest]?.locations ?? []) {
    const file = fileOf[sourceIndex];
    if (file === undefined) continue;
    for (const { start, end } of ranges) {
      const [first, last] = [start?.line ?? 0, end?.line ?? start?.line ?? 0];
      const before = lines.at(-1);
      // A heredoc has a range for each line.
      if (before && before.file === file && first <= before.end + 1 && first >= before.start)
        lines[lines.length - 1] = { ...before, end: Math.max(before.end, last) };
      else lines.push({ file, start: first, end: last });
    }
  }
  return lines;
}

interface StageDraft {
  readonly name: string;
  readonly platform: string;
  readonly steps: number[];
}

interface StepDraft {
  readonly stage: number | undefined;
  readonly place: string;
  text: string;
  readonly ops: number[];
}

/** What ops are put into, one after the other. */
class Arrangement {
  readonly stages: StageDraft[] = [];
  readonly steps: StepDraft[] = [];
  /** The step of each op; -1 for an op that waits for the step of its only user. */
  readonly stepOf: number[] = [];
  private readonly stageByName = new Map<string, number>();
  private readonly stepByPlace = new Map<string, number>();

  put(op: number, step: number): void {
    this.steps[step]!.ops.push(op);
    this.stepOf[op] = step;
  }

  addStage(name: string, platform: string): number {
    return this.stages.push({ name, platform, steps: [] }) - 1;
  }

  addStep(stage: number | undefined, place: string, text: string): number {
    const step = this.steps.push({ stage, place, text, ops: [] }) - 1;
    if (stage !== undefined) this.stages[stage]!.steps.push(step);
    return step;
  }

  /** The step that a name tells, in the stage that it tells. */
  namedStep({ stage, platform, place, text }: StepName): number {
    const stageKey = `${platform} ${stage}`;
    let at = this.stageByName.get(stageKey);
    if (at === undefined) this.stageByName.set(stageKey, (at = this.addStage(stage, platform)));
    const stepKey = `${at} ${place}`;
    let step = this.stepByPlace.get(stepKey);
    if (step === undefined) this.stepByPlace.set(stepKey, (step = this.addStep(at, place, text)));
    return step;
  }

  /** The stage that a step without a name belongs to: that of the step before, which is the last one of its stage. */
  continuedStage(before: number | undefined): number {
    const stage = before === undefined ? undefined : this.steps[before]?.stage;
    const continues = stage !== undefined && this.stages[stage]!.steps.at(-1) === before;
    return continues ? stage : this.addStage('', '');
  }
}

/** Puts the ops into steps and the steps into stages. */
function arrange(drafts: readonly OpDraft[], result: number | undefined, shown: HideSecrets) {
  const arrangement = putIntoSteps(drafts, shown);
  const { stages, steps, stepOf } = arrangement;
  const target = result === undefined ? undefined : steps[stepOf[result]!]?.stage;
  return {
    stepOf,
    stages: stages.map((stage, index): GraphStage => {
      const place = (step: number) => Number.parseInt(steps[step]!.place, 10) || 0;
      return { ...stage, steps: [...stage.steps].sort((a, b) => place(a) - place(b)), target: index === target };
    }),
    steps: steps.map(({ stage, ...step }, index): GraphStep => {
      const inputs = new Set(step.ops.flatMap((op) => drafts[op]!.inputs.map((input) => stepOf[input.op]!)));
      inputs.delete(index);
      return { ...(stage !== undefined && { stage }), ...step, inputs: [...inputs] };
    }),
  };
}

function putIntoSteps(drafts: readonly OpDraft[], shown: HideSecrets): Arrangement {
  const arrangement = new Arrangement();
  const { stepOf } = arrangement;
  const names = drafts.map(({ name }) => readStepName(name));
  /** Whether a source is used by several stages: it belongs to none of them then. */
  const isShared = ({ isSource, users }: OpDraft) =>
    isSource && new Set(users.map((user) => names[user] && `${names[user].platform} ${names[user].stage}`)).size > 1;
  const waiting: number[] = [];

  drafts.forEach((draft, op) => {
    const name = names[op];
    if (name && !isShared(draft)) {
      const step = arrangement.namedStep(name);
      // What only this step uses, such as the text of a heredoc, is a part of it.
      for (const input of draft.inputs) if (stepOf[input.op] === -1) arrangement.put(input.op, step);
      arrangement.put(op, step);
    } else if (draft.isSource) {
      arrangement.put(op, arrangement.addStep(undefined, '', sourceText(draft, name?.text, shown)));
    } else if (draft.users.length === 1 && names[draft.users[0]!]) {
      stepOf[op] = -1;
      waiting.push(op);
    } else {
      // A graph whose ops have no names: chains are stages.
      const stage = arrangement.continuedStage(draft.inputs[0] && stepOf[draft.inputs[0].op]);
      arrangement.put(op, arrangement.addStep(stage, '', draft.name));
    }
  });
  for (const op of waiting)
    if (stepOf[op] === -1) arrangement.put(op, arrangement.addStep(undefined, '', drafts[op]!.name));
  return arrangement;
}

/** The text of a source that belongs to no stage. */
function sourceText({ entry, name }: OpDraft, instruction: string | undefined, shown: HideSecrets): string {
  const { kind, summary } = formatOp(entry.op);
  if (instruction !== undefined) return instruction;
  if (kind === 'local') return shown(summary === 'context' ? 'build context' : `context ${summary}`);
  return name.replace(/^\[[^\]]*\] /, '');
}
