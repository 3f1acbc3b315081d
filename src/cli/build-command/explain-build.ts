/**
 * `tsfront build --explain`: compares a build with the record of an earlier one, and with what the daemon took from its
 * cache.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { Build, StatusUpdate } from '../../client/index.ts';
import type { BuildRecord } from '../../explain/build-record.ts';
import type { Bridge, Reference, Result } from '../../gateway/bridge.ts';
import type { Definition } from '../../llb/definition.ts';
import { UsageError } from '../../offline/usage-error.ts';
import { defaultCacheDir } from '../../system/cache-dir.ts';
import type { Io } from '../io.ts';
import type { BuildFlags } from '../options/declare-build.ts';
import { requireWritable, writeOutput } from '../output.ts';
import { warn } from '../warn.ts';
import type { BuildInputs } from './build-inputs.ts';
import type { ChosenFrontend } from './choose-frontend.ts';

/** Watches a build that is to be explained. */
export interface BuildExplainer {
  /** The frontend; its graph is kept. */
  watchFrontend(frontend: ChosenFrontend): ChosenFrontend;
  /** The build; which of its steps the daemon takes from its cache is kept. */
  watchSteps(build: Build): Build;
  /** Explains the build, and writes its record if it has succeeded. */
  finish(succeeded: boolean): Promise<void>;
}

/**
 * Prepares the explanation of a build; undefined if it was not asked for.
 *
 * @throws UsageError for `--record` without `--explain`, and for a context that is not a directory
 */
export async function explainBuild(
  flags: BuildFlags,
  inputs: BuildInputs,
  io: Io,
): Promise<BuildExplainer | undefined> {
  if (!flags.explain) {
    if (flags.record !== undefined) throw new UsageError('--record goes with --explain');
    return undefined;
  }
  if (flags.record === '') throw new UsageError('--record: the name is empty');
  const context = inputs.localDirs['context'];
  if (context === undefined) throw new UsageError('--explain is for a context that is a directory on this machine');
  requireWritable('--record', flags.record);
  const file = flags.record ?? (await defaultRecord(context, inputs.dockerfile, flags, io));
  const older = await readRecord(file, flags.record !== undefined);

  let recording: Promise<BuildRecord | Error> | undefined;
  const cached = new Map<string, boolean>();
  return {
    watchFrontend: (frontend) => async (bridge, upload) => {
      const graphs = new Map<Reference, Definition>();
      const result = await frontend({ ...bridge, solve: keeping(bridge, graphs) }, upload);
      const definitions = graphsOf(result, graphs);
      // The files are read while the daemon builds.
      if (definitions) recording = record(definitions, bridge.options.opts, inputs, io);
      return result;
    },
    watchSteps: (build) => ({ ...build, status: watched(build.status, cached) }),
    async finish(succeeded) {
      const newer = await recording;
      // A build that fails early has no graph.
      if (!newer && !succeeded) return;
      if (!newer) return warn('the build is not explained: another frontend has read the Dockerfile', io);
      if (newer instanceof Error) return warn(`the build is not explained: ${newer.message}`, io);
      if (older) await explain(older, newer, cached, io);
      else io.writeStderr(`explain: there is no record of an earlier build in ${file}\n`);
      if (!succeeded) return;
      await mkdir(path.dirname(file), { recursive: true });
      await writeOutput(file, `${JSON.stringify(newer)}\n`, io);
    },
  };
}

/** The record of the last build of the same Dockerfile, context and target. */
async function defaultRecord(context: string, dockerfile: string, { target }: BuildFlags, io: Io): Promise<string> {
  const cache = defaultCacheDir(io.env);
  if (cache === undefined) throw new UsageError('--explain: there is no home directory: give a file with --record');
  const names = await Promise.all([context, dockerfile].map((it) => realpath(it).catch(() => it)));
  const key = createHash('sha256')
    .update([...names, target ?? ''].join('\0'))
    .digest('hex')
    .slice(0, 32);
  return path.join(cache, 'builds', `${key}.json`);
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
  for (const [platform, of] of refs ?? new Map([['', ref]])) {
    const graph = of && graphs.get(of);
    if (!graph) return undefined;
    definitions.set(platform, graph);
  }
  return definitions;
}

async function record(
  definitions: ReadonlyMap<string, Definition>,
  opts: Readonly<Record<string, string>>,
  { localDirs }: BuildInputs,
  { signal }: Io,
): Promise<BuildRecord | Error> {
  try {
    const { recordBuild } = await import('../../explain/build-record.ts');
    const opened = { opts, dirs: new Map(Object.entries(localDirs)) };
    return await recordBuild({ compiled: { definitions }, opened }, signal);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
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

async function explain(
  older: BuildRecord,
  newer: BuildRecord,
  cached: ReadonlyMap<string, boolean>,
  io: Io,
): Promise<void> {
  const { compareBuilds } = await import('../../explain/compare-builds.ts');
  const { formatExplanation, formatSurprises } = await import('../explanation.ts');
  const explanation = compareBuilds(older, newer);
  io.writeStderr(`\n${formatExplanation(explanation)}${formatSurprises(explanation, cached)}`);
}
