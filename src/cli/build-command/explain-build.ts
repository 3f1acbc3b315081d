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
import { UsageError } from '../../offline/usage-error.ts';
import { areRecordsOff, digestDir, keepRecord, recordFile, recordKey } from '../build-records.ts';
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
  const { explain: isExplained = false, record: given } = flags;
  const isAsked = isExplained || given !== undefined;
  if (given === '') throw new UsageError('--record: the name is empty');
  if (given !== undefined && flags.recordOff) throw new UsageError('--record and --no-record contradict each other');
  const context = inputs.localDirs['context'];
  if (context === undefined || inputs.dockerfile === '') {
    if (!isAsked) return undefined;
    if (context === undefined)
      throw new UsageError('--explain and --record are for a context that is a directory on this machine');
  }
  if (!isAsked && (flags.recordOff || areRecordsOff(io))) return undefined;
  requireWritable('--record', given);
  const place = { context: context!, dockerfile: inputs.dockerfile, target: flags.target };
  const kept = given === undefined ? await recordFile(place, io) : undefined;
  const file = given ?? kept;
  if (file === undefined) {
    if (!isAsked) return undefined;
    throw new UsageError('--explain: there is no home directory: give a file with --record');
  }
  const keeps = given !== undefined || !(flags.recordOff || areRecordsOff(io));
  const older = isExplained ? await readRecord(file, given !== undefined) : undefined;
  const started = performance.now();

  let recording: Recording | undefined;
  const cached = new Map<string, boolean>();

  /** The record, as JSON; undefined if it is not ready and nobody has asked for it. */
  const wait = async (recording: Recording): Promise<string | undefined> => {
    const ms = Math.max(patience.least, (performance.now() - started) * patience.share);
    try {
      return await untilAborted(recording.wait(isAsked ? undefined : ms), io.signal);
    } catch (error) {
      io.signal.throwIfAborted();
      if (isAsked) warn(`the build is not ${isExplained ? 'explained' : 'recorded'}: ${(error as Error).message}`, io);
      return undefined;
    }
  };

  return {
    isAsked,
    watchFrontend: (frontend) => async (bridge, upload) => {
      const graphs = new Map<Reference, Definition>();
      const result = await frontend({ ...bridge, solve: keeping(bridge, graphs) }, upload);
      const definitions = graphsOf(result, graphs);
      if (!definitions) return result;
      // The files are read while the daemon builds.
      const { startRecording } = await import('../../explain/start-recording.ts');
      const opened = { opts: bridge.options.opts, dirs: new Map(Object.entries(inputs.localDirs)) };
      recording = startRecording(
        { compiled: { definitions }, opened },
        {
          key: await recordKey(io),
          maxBytes: isAsked ? undefined : maxUnaskedBytes,
          digestDir: flags.recordOff ? undefined : digestDir(io),
        },
      );
      return result;
    },
    watchSteps: (build) => ({ ...build, status: watched(build.status, cached) }),
    async finish(succeeded) {
      if (!recording) {
        // A build that fails early has no graph.
        if (isAsked && succeeded)
          warn(
            `the build is not ${isExplained ? 'explained' : 'recorded'}: another frontend has read the Dockerfile`,
            io,
          );
        return;
      }
      try {
        if (!succeeded && !isExplained) return;
        const text = await wait(recording);
        if (text === undefined) return;
        if (older) await explain(older, text, cached, io);
        else if (isExplained) io.writeStderr(`explain: there is no record of an earlier build in ${file}\n`);
        if (!succeeded || !keeps) return;
        const { withoutGuessable } = await import('../../explain/build-record.ts');
        if (given !== undefined) await writeOutput(file, `${withoutGuessable(text)}\n`, io);
        else
          await keepRecord(file, withoutGuessable(text), io).catch(
            (error: Error) => isAsked && warn(error.message, io),
          );
      } finally {
        recording.stop();
      }
    },
  };
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

async function explain(older: BuildRecord, newer: string, cached: ReadonlyMap<string, boolean>, io: Io): Promise<void> {
  const { parseRecord } = await import('../../explain/build-record.ts');
  const { compareBuilds } = await import('../../explain/compare-builds.ts');
  const { formatExplanation, formatSurprises, valuesNote } = await import('../explanation.ts');
  const explanation = compareBuilds(older, parseRecord(newer)!);
  io.writeStderr(
    `\n${valuesNote(explanation)}${formatExplanation(explanation, cached)}${formatSurprises(explanation, cached)}`,
  );
}
