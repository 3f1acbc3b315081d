/** `tsfront explain`: which steps of a build run again after a change, and why. */
import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { BuildRecord } from '../../explain/build-record.ts';
import { UsageError } from '../../offline/usage-error.ts';
import { redactedJson } from '../../text/redact.ts';
import { lastRecord, type RecordedPlace } from '../build-records.ts';
import { Exit } from '../exit.ts';
import { reportFailure } from '../failure.ts';
import { untilAborted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { offlineCommand, type SourceFlags } from '../options/offline-command.ts';
import { openBuild } from '../options/open-build.ts';
import { type OptionsOf, options } from '../options/options.ts';
import { unknownImagesNote, withUnknownImages } from '../options/unknown-images.ts';
import { requireOwnPlaces, requireWritable, writeOutput, writeText } from '../output.ts';
import { timeSince } from '../time-since.ts';

function declare() {
  return offlineCommand('explain')
    .summary('say why steps of a build run again')
    .description(
      "Compares two builds without a daemon: which steps of the newer one are not in the older one's cache, the first cause of each (a file, a variable, the instruction, the base image, …), and which steps only follow from others. Files are compared as BuildKit does: by content, mode and name, not by time.",
    )
    .argument('[context]', 'build context of the newer build: a directory', '.')
    .addOption(options.from)
    .addOption(options.fromFile)
    .addOption(options.fromTarget)
    .addOption(options.fromBuildArg)
    .addOption(options.fromPlatform)
    .addOption(options.recordFile)
    .addOption(options.contextFormat)
    .addOption(options.outputFile);
}

type ExplainFlags = OptionsOf<ReturnType<typeof declare>>;

/** Makes the command. */
export function explainCommand(io: Io) {
  return declare().action((context, flags) => run(context, flags, io));
}

async function run(context: string, flags: ExplainFlags, io: Io): Promise<void> {
  if (flags.from === '') throw new UsageError('--from: the name is empty');
  requireWritable('--output', flags.output);
  requireWritable('--record', flags.record);
  requireWritable('--write-images', flags.writeImages);
  requireOwnPlaces([
    { path: flags.output ?? '-', kind: 'file', by: '--output' },
    { path: flags.record, kind: 'file', by: '--record' },
    { path: flags.writeImages, kind: 'file', by: '--write-images' },
  ]);
  const unknown = new Set<string>();
  const { older, newer } = await bothBuilds(context, flags, unknown, io);
  if (unknown.size > 0) io.writeStderr(`note: ${unknownImagesNote(unknown)}\n`);
  if (flags.record !== undefined) await writeOutput(flags.record, `${JSON.stringify(newer)}\n`, io);
  const { compareBuilds } = await import('../../explain/compare-builds.ts');
  const explanation = compareBuilds(older, newer);
  if (flags.format === 'json') return writeOutput(flags.output, `${redactedJson(explanation, 2, io.hide)}\n`, io);
  const { formatExplanation } = await import('../explanation.ts');
  await writeText(flags.output, formatExplanation(explanation), io);
}

interface BothBuilds {
  readonly older: BuildRecord;
  readonly newer: BuildRecord;
}

/** The builds that are compared. Without a --from option, the older one is the last that `tsfront build` has made. */
async function bothBuilds(context: string, flags: ExplainFlags, unknown: Set<string>, io: Io): Promise<BothBuilds> {
  const openOlder = () =>
    olderBuild(context, flags, unknown, io).catch((error: unknown) => {
      throw ofOlder(error, flags);
    });
  if (flags.from !== undefined || hasOlderOptions(flags)) {
    const older = await openOlder();
    return { older, newer: await record(context, flags, unknown, io) };
  }
  let last: Awaited<ReturnType<typeof lastRecord>>;
  const newer = await record(context, flags, unknown, io, async (place) => {
    last = await lastRecord(place, io);
  });
  if (last === undefined) return { older: await openOlder(), newer };
  io.writeStderr(
    `note: compared with the last build, ${timeSince(last.time)}; --from HEAD compares with the last commit\n`,
  );
  return { older: last.record, newer };
}

const hasOlderOptions = ({ fromFile, fromTarget, fromBuildArg, fromPlatform }: ExplainFlags) =>
  fromFile !== undefined || fromTarget !== undefined || fromBuildArg.length > 0 || fromPlatform.length > 0;

/** Compiles a build and reads its files; an error of the Dockerfile is reported here. */
async function record(
  context: string,
  flags: SourceFlags,
  unknown: Set<string>,
  io: Io,
  onPlace?: (place: RecordedPlace) => Promise<void>,
): Promise<BuildRecord> {
  const build = await openBuild(context, flags, io);
  try {
    if (!build.dirs.has('context'))
      throw new UsageError(`the context ${context} is not a directory on this machine: name a directory`);
    await onPlace?.({ context: build.dirs.get('context')!, dockerfile: build.dockerfile, target: flags.target });
    const opened = flags.offline ? withUnknownImages(build.options, unknown) : build.options;
    const { compile, CompileError } = await import('../../offline/compile.ts');
    const compiled = await untilAborted(compile(opened), io.signal).catch(async (error) => {
      if (!(error instanceof CompileError)) throw error;
      throw new Exit(await reportFailure(error, io, build));
    });
    await build.keepImages();
    const { recordBuild } = await import('../../explain/build-record.ts');
    const of = { compiled, opened: { opts: opened.opts, dirs: build.dirs } };
    return await untilAborted(recordBuild(of, io.signal), io.signal);
  } finally {
    await build.close();
  }
}

async function olderBuild(context: string, flags: ExplainFlags, unknown: Set<string>, io: Io): Promise<BuildRecord> {
  const { writeImages: _, ...others } = flags;
  const file = flags.fromFile ?? flags.file;
  const target = flags.fromTarget ?? flags.target;
  const older: SourceFlags = {
    ...others,
    ...(file !== undefined && { file }),
    ...(target !== undefined && { target }),
    buildArg: flags.fromBuildArg.length > 0 ? flags.fromBuildArg : flags.buildArg,
    platform: flags.fromPlatform.length > 0 ? flags.fromPlatform : flags.platform,
  };
  const from = flags.from ?? (hasOlderOptions(flags) ? undefined : 'HEAD');
  if (from === undefined) return record(context, older, unknown, io);
  const found = await stat(from).catch(() => undefined);
  if (found?.isDirectory()) {
    const moved = await relocated(older, [[await realpath(context), from]]);
    return record(from, moved, unknown, io);
  }
  if (found) return fromFile(from, context, older, unknown, io);
  const { checkOutRevision } = await import('../../explain/git-revision.ts');
  const revision = await untilAborted(checkOutRevision(context, from, io.signal), io.signal);
  try {
    const moved = await relocated(older, [[await realpath(revision.repository), revision.root]]);
    return await record(revision.dir, moved, unknown, io);
  } finally {
    await revision.remove();
  }
}

/** An error of usage names the option that the older build has in place of the other's. */
function ofOlder(error: unknown, flags: ExplainFlags): unknown {
  if (!(error instanceof UsageError)) return error;
  const given = { file: flags.fromFile, 'build-arg': flags.fromBuildArg[0], platform: flags.fromPlatform[0] };
  for (const [name, value] of Object.entries(given))
    if (value !== undefined && error.message.startsWith(`--${name}: `))
      return new UsageError(`--from-${error.message.slice(2)}`, { cause: error });
  return error;
}

const maxFileBytes = 512 << 20;

/** A record, a compiled file, or another Dockerfile of the same context. */
async function fromFile(
  file: string,
  context: string,
  flags: SourceFlags,
  unknown: Set<string>,
  io: Io,
): Promise<BuildRecord> {
  if (!file.endsWith('.json')) return record(context, { ...flags, file }, unknown, io);
  if ((await stat(file)).size > maxFileBytes) throw new UsageError(`--from: ${file} is larger than 512 MiB`);
  const text = await readFile(file, 'utf8');
  const { parseRecord, recordBuild } = await import('../../explain/build-record.ts');
  try {
    const found = parseRecord(text);
    if (found) return found;
    const { parseCompiled } = await import('../../offline/compiled-file.ts');
    const compiled = parseCompiled(text);
    const { openBuildContext } = await import('../../offline/build-context.ts');
    const opened = await openBuildContext({ context, file: flags.file, readStdin: io.readStdin, offline: true });
    return await untilAborted(recordBuild({ compiled, opened }, io.signal), io.signal);
  } catch (error) {
    io.signal.throwIfAborted();
    throw new UsageError(`--from: ${file} is neither a record nor a compiled file: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** The options with the paths in a directory replaced by those in another one. */
async function relocated(flags: SourceFlags, places: readonly (readonly [string, string])[]): Promise<SourceFlags> {
  const move = async (file: string): Promise<string> => {
    const full = await realpath(file).catch(() => path.resolve(file));
    for (const [from, to] of places) {
      const relative = path.relative(from, full);
      if (relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative)) return path.join(to, relative);
    }
    return file;
  };
  const buildContext = await Promise.all(
    flags.buildContext.map(async (given) => {
      const equals = given.indexOf('=');
      const value = given.slice(equals + 1);
      const isDir = equals > 0 && (await stat(value).catch(() => undefined))?.isDirectory();
      return isDir ? `${given.slice(0, equals)}=${await move(value)}` : given;
    }),
  );
  const file = flags.file === undefined || flags.file === '-' ? flags.file : await move(flags.file);
  return { ...flags, ...(file !== undefined && { file }), buildContext };
}
