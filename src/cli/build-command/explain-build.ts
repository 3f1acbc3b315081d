/**
 * Keeps the record of a build, for `tsfront explain` and the next build, and explains the build if that is asked for:
 * with `--explain` it is compared with the record of an earlier one, and with what the daemon took from its cache.
 */
import { readFile } from 'node:fs/promises';
import type { Build, StatusUpdate } from '../../client/index.ts';
import type { BuildRecord } from '../../explain/build-record.ts';
import type { Recording } from '../../explain/start-recording.ts';
import type { Bridge, Reference, Result } from '../../gateway/bridge.ts';
import type { Definition } from '../../llb/definition.ts';
import { UsageError } from '../../text/usage-error.ts';
import { areRecordsOff, digestDir, keepRecord, recordFile, recordKey } from '../explain-command/build-records.ts';
import { untilAborted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import type { BuildFlags } from '../options/declare-build.ts';
import { requireWritable, writeOutput } from '../output.ts';
import { warn } from '../warn.ts';
import type { BuildInputs } from './build-inputs.ts';
import type { ChosenFrontend } from './choose-frontend.ts';

/** Watches a build that is recorded. */
export interface BuildExplainer {
  /** Whether the user has asked for a record or an explanation. */
  readonly isAsked: boolean;
  /** The frontend; its graph is kept. */
  watchFrontend(frontend: ChosenFrontend): ChosenFrontend;
  /** The build; which of its steps the daemon takes from its cache is kept. */
  watchSteps(build: Build): Build;
  /** Explains the build if that was asked for, and writes its record if it has succeeded. */
  finish(succeeded: boolean): Promise<void>;
}

/** Maximum size of the files of a build whose record nobody has asked for, in bytes. */
const maxUnaskedBytes = 2 ** 30;
/** How long a build waits at its end for such a record: in milliseconds, and as a share of its own time. */
const patience = { least: 300, share: 0.1 };

/**
 * Prepares the record and the explanation of a build; undefined if neither is made.
 *
 * @throws UsageError for `--explain` and `--record` with a context that is not a directory, and for what contradicts
 */
export async function explainBuild(
  flags: BuildFlags,
  inputs: BuildInputs,
  io: Io,
): Promise<BuildExplainer | undefined> {
  const plan = await planRecord(flags, inputs, io);
  if (!plan) return undefined;
  const older = plan.isExplained ? await readRecord(plan.file, plan.isNamed) : undefined;
  return new RecordingExplainer(plan, older, io);
}

/** What is recorded, and what is done with the record. */
interface RecordPlan {
  /** The directories of this machine that the build reads, by name. */
  readonly localDirs: BuildInputs['localDirs'];
  /** The file of the record. */
  readonly file: string;
  /** Whether the user has named that file. */
  readonly isNamed: boolean;
  /** Whether the user has asked for a record or an explanation. */
  readonly isAsked: boolean;
  /** Whether the build is compared with the record that the file has. */
  readonly isExplained: boolean;
  /** Whether the new record is written. */
  readonly isKept: boolean;
  /** Where digests of files are kept for the next record; undefined if they are not. */
  readonly digestDir: string | undefined;
}

/** Decides what is recorded; undefined if nothing is. @throws UsageError as {@link explainBuild} */
async function planRecord(flags: BuildFlags, inputs: BuildInputs, io: Io): Promise<RecordPlan | undefined> {
  const { explain: isExplained = false, record: named } = flags;
  const isNamed = named !== undefined;
  const isAsked = isExplained || isNamed;
  const isOff = flags.recordOff || areRecordsOff(io);
  if (named === '') throw new UsageError('--record: the name is empty');
  if (isNamed && flags.recordOff) throw new UsageError('--record and --no-record contradict each other');
  const { localDirs, dockerfile } = inputs;
  const context = localDirs['context'];
  if (isAsked && context === undefined)
    throw new UsageError('--explain and --record are for a context that is a directory on this machine');
  if (!isAsked && (isOff || dockerfile === '')) return undefined;
  if (context === undefined) return undefined;
  requireWritable('--record', named);
  const file = named ?? (await recordFile({ context, dockerfile, target: flags.target }, io));
  if (file === undefined && isAsked)
    throw new UsageError('--explain: there is no home directory: give a file with --record');
  if (file === undefined) return undefined;
  return {
    localDirs,
    file,
    isNamed,
    isAsked,
    isExplained,
    isKept: isNamed || !isOff,
    digestDir: flags.recordOff ? undefined : digestDir(io),
  };
}

class RecordingExplainer implements BuildExplainer {
  private readonly plan: RecordPlan;
  /** The record that the build is compared with. */
  private readonly older: BuildRecord | undefined;
  private readonly io: Io;
  private readonly started = performance.now();
  private readonly cached = new Map<string, boolean>();
  private recording: Recording | undefined;

  constructor(plan: RecordPlan, older: BuildRecord | undefined, io: Io) {
    this.plan = plan;
    this.older = older;
    this.io = io;
  }

  get isAsked(): boolean {
    return this.plan.isAsked;
  }

  watchFrontend(frontend: ChosenFrontend): ChosenFrontend {
    return async (bridge, upload) => {
      const graphs = new Map<Reference, Definition>();
      const result = await frontend({ ...bridge, solve: keeping(bridge, graphs) }, upload);
      const definitions = graphsOf(result, graphs);
      if (definitions) await this.startRecording(definitions, bridge.options.opts);
      return result;
    };
  }

  watchSteps(build: Build): Build {
    return { ...build, status: watched(build.status, this.cached) };
  }

  async finish(succeeded: boolean): Promise<void> {
    // A build that fails early has no graph.
    if (!this.recording) return succeeded ? this.warnMissing('another frontend has read the Dockerfile') : undefined;
    const { isExplained, isKept } = this.plan;
    try {
      if (!succeeded && !isExplained) return;
      const record = await this.waitForRecord(this.recording);
      if (record === undefined) return;
      if (isExplained) await this.explain(record);
      if (succeeded && isKept) await this.keep(record);
    } finally {
      this.recording.stop();
    }
  }

  /** Begins to record while the daemon builds: the files are read meanwhile. */
  private async startRecording(definitions: ReadonlyMap<string, Definition>, opts: Bridge['options']['opts']) {
    const { startRecording } = await import('../../explain/start-recording.ts');
    const { localDirs, isAsked, digestDir } = this.plan;
    this.recording = startRecording(
      { compiled: { definitions }, opened: { opts, dirs: new Map(Object.entries(localDirs)) } },
      { key: await recordKey(this.io), maxBytes: isAsked ? undefined : maxUnaskedBytes, digestDir },
    );
  }

  /** The record, as JSON; undefined if it is not ready and nobody has asked for it. */
  private async waitForRecord(recording: Recording): Promise<string | undefined> {
    const ms = Math.max(patience.least, (performance.now() - this.started) * patience.share);
    try {
      return await untilAborted(recording.wait(this.isAsked ? undefined : ms), this.io.signal);
    } catch (error) {
      this.io.signal.throwIfAborted();
      this.warnMissing((error as Error).message);
      return undefined;
    }
  }

  /** Says why there is no record, if somebody has asked for it. */
  private warnMissing(reason: string): void {
    const { isAsked, isExplained } = this.plan;
    if (isAsked) warn(`the build is not ${isExplained ? 'explained' : 'recorded'}: ${reason}`, this.io);
  }

  private async explain(record: string): Promise<void> {
    if (this.older) return writeExplanation(this.older, record, this.cached, this.io);
    this.io.writeStderr(`explain: there is no record of an earlier build in ${this.plan.file}\n`);
  }

  private async keep(record: string): Promise<void> {
    const { file, isNamed, isAsked } = this.plan;
    const { withoutGuessable } = await import('../../explain/build-record.ts');
    const text = withoutGuessable(record);
    if (isNamed) return writeOutput(file, `${text}\n`, this.io);
    await keepRecord(file, text, this.io).catch((error: Error) => isAsked && warn(error.message, this.io));
  }
}

async function readRecord(file: string, isGiven: boolean): Promise<BuildRecord | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { parseRecord } = await import('../../explain/build-record.ts');
  try {
    const found = parseRecord(text);
    if (!found) throw new Error('it is something else');
    return found;
  } catch (error) {
    if (!isGiven) return undefined; // it is written anew
    throw new UsageError(`--record: ${file} is not a record: ${(error as Error).message}`, { cause: error });
  }
}

function keeping(bridge: Bridge, graphs: Map<Reference, Definition>): Bridge['solve'] {
  return async (request) => {
    const result = await bridge.solve(request);
    if (request.definition && result.ref) graphs.set(result.ref, request.definition);
    return result;
  };
}

/** The graphs of the result; undefined if another frontend has made one of them. */
function graphsOf(
  { ref, refs }: Result,
  graphs: ReadonlyMap<Reference, Definition>,
): Map<string, Definition> | undefined {
  const definitions = new Map<string, Definition>();
  for (const [platform, reference] of refs ?? new Map([['', ref]])) {
    const graph = reference && graphs.get(reference);
    if (!graph) return undefined;
    definitions.set(platform, graph);
  }
  return definitions;
}

async function* watched(
  status: AsyncIterable<StatusUpdate>,
  cached: Map<string, boolean>,
): AsyncGenerator<StatusUpdate> {
  for await (const update of status) {
    for (const { digest, cached: isCached, completed } of update.vertexes) if (completed) cached.set(digest, isCached);
    yield update;
  }
}

async function writeExplanation(
  older: BuildRecord,
  newer: string,
  cached: ReadonlyMap<string, boolean>,
  io: Io,
): Promise<void> {
  const { parseRecord } = await import('../../explain/build-record.ts');
  const { compareBuilds } = await import('../../explain/compare-builds.ts');
  const { formatExplanation, valuesNote } = await import('../explain-command/explanation.ts');
  const explanation = compareBuilds(older, parseRecord(newer)!);
  io.writeStderr(`\n${valuesNote(explanation)}${formatExplanation(explanation, cached)}`);
}
