/** `tsfront explain`: which steps of a build run again after a change, and why. */
import { stat } from 'node:fs/promises';
import { unknownImagesNote } from '../../daemonless/unknown-images.ts';
import type { BuildRecord } from '../../explain/build-record.ts';
import { redactedJson } from '../../text/redact.ts';
import { UsageError } from '../../text/usage-error.ts';
import { lastRecord } from '../explain-command/build-records.ts';
import type { SharedWork } from '../explain-command/explained-side.ts';
import type { Io } from '../io.ts';
import { daemonlessCommand, type SourceFlags } from '../options/daemonless-command.ts';
import { inFlags } from '../options/flag-names.ts';
import { type OptionsOf, options } from '../options/options.ts';
import { requireOwnPlaces, requireWritable, writeOutput, writeText } from '../output.ts';
import { timeSince } from '../time-since.ts';

function declare() {
  return daemonlessCommand('explain')
    .summary('say why steps of a build run again')
    .description(
      "Compares two builds without a daemon: which steps of the newer one are not in the older one's cache, the first cause of each (a file, a variable, the instruction, the base image, …), and which steps only follow from others. Files are compared as BuildKit does: by content, mode and name, not by time.",
    )
    .argument(
      '[context]',
      'the newer build: its context, a directory; or what --to takes, and the context is the current directory',
      '.',
    )
    .addOption(options.from)
    .addOption(options.fromFile)
    .addOption(options.fromTarget)
    .addOption(options.fromBuildArg)
    .addOption(options.fromPlatform)
    .addOption(options.to)
    .addOption(options.recordFile)
    .addOption(options.contextFormat)
    .addOption(options.outputFile);
}

type ExplainFlags = OptionsOf<ReturnType<typeof declare>>;

/** Makes the command. */
export function explainCommand(io: Io) {
  return declare().action((context, flags) => run(context, flags, io));
}

async function run(given: string, flags: ExplainFlags, io: Io): Promise<void> {
  if (flags.from === '') throw new UsageError('--from: the name is empty');
  if (flags.to === '') throw new UsageError('--to: the name is empty');
  requireWritable('--output', flags.output);
  requireWritable('--record', flags.record);
  requireWritable('--write-images', flags.writeImages);
  requireOwnPlaces([
    { path: flags.output ?? '-', kind: 'file', by: '--output' },
    { path: flags.record, kind: 'file', by: '--record' },
    { path: flags.writeImages, kind: 'file', by: '--write-images' },
  ]);
  const { context, to, option } = await newerSide(given, flags);
  const unknown = new Set<string>();
  const { compilingOnce } = await import('../../daemonless/compile-once.ts');
  const { older, newer, whole } = await bothBuilds(
    { context, option, side: to },
    flags,
    { unknown, compile: compilingOnce() },
    io,
  );
  if (unknown.size > 0) io.writeStderr(`note: ${unknownImagesNote(unknown)}\n`);
  if (flags.record !== undefined) await writeRecord(flags.record, await whole(), io);
  const { compareBuilds } = await import('../../explain/compare-builds.ts');
  const explanation = compareBuilds(older, newer);
  const { formatExplanation, valuesNote } = await import('../explain-command/explanation.ts');
  if (!explanation.valuesCompared) io.writeStderr(valuesNote(explanation));
  if (flags.format === 'json') return writeOutput(flags.output, `${redactedJson(explanation, 2, io.hide)}\n`, io);
  await writeText(flags.output, formatExplanation(explanation), io);
}

async function writeRecord(file: string, record: BuildRecord, io: Io): Promise<void> {
  const { formatRecord } = await import('../../explain/build-record.ts');
  await writeOutput(file, `${formatRecord(record)}\n`, io);
}

/** The newer build: by --to, or by the argument if that is not a directory. */
async function newerSide(
  given: string,
  { to }: ExplainFlags,
): Promise<{ readonly context: string; readonly to: string | undefined; readonly option: string }> {
  if ((await stat(given).catch(() => undefined))?.isDirectory()) return { context: given, to, option: '--to' };
  if (/^[a-z][a-z+]*:\/\//i.test(given) || given === '-')
    throw new UsageError(
      `${given}: explain compares builds of directories on this machine: clone or unpack it, and name the directory`,
    );
  if (to !== undefined) throw new UsageError(`${given} is not a directory: with --to, the argument is the context`);
  return { context: '.', to: given, option: 'the newer build' };
}

interface BothBuilds {
  readonly older: BuildRecord;
  readonly newer: BuildRecord;
  /** The newer build with `.git`, for a later comparison. */
  whole(): Promise<BuildRecord>;
}

/** The builds that are compared. Without a --from option, the older one is the last that `tsfront build` has made. */
async function bothBuilds(
  to: { readonly context: string; readonly option: string; readonly side: string | undefined },
  flags: ExplainFlags,
  shared: SharedWork,
  io: Io,
): Promise<BothBuilds> {
  const { openSide } = await import('../explain-command/explained-side.ts');
  const { context } = to;
  const from = flags.from ?? (hasOlderOptions(flags) ? to.side : 'HEAD');
  const isRevision = async (side: string | undefined) =>
    side !== undefined && (await stat(side).catch(() => undefined)) === undefined;
  const withoutGit = (await isRevision(from)) || (await isRevision(to.side));
  const openOlder = () => {
    const older = { option: '--from', context, side: from, flags: olderFlags(flags), withoutGit };
    return openSide(older, shared, io).catch((error: unknown) => {
      throw ofOlder(error, flags);
    });
  };
  const whole = () => openSide({ ...to, flags, withoutGit: false }, shared, io);
  if (to.side !== undefined || flags.from !== undefined || hasOlderOptions(flags)) {
    const older = await openOlder();
    const newer = await openSide({ ...to, flags, withoutGit }, shared, io);
    return { older, newer, whole: withoutGit ? whole : async () => newer };
  }
  const { last, newer } = await lastAndNow(context, flags, shared, io);
  if (last === undefined) return { older: await openOlder(), newer, whole };
  io.writeStderr(
    `note: compared with the last build, ${timeSince(last.time)}; --from HEAD compares with the last commit\n`,
  );
  return { older: last.record, newer, whole: async () => newer };
}

/** The last record of the build of a directory, and the build as it is now: without `.git` if there is no record. */
async function lastAndNow(context: string, flags: ExplainFlags, shared: SharedWork, io: Io) {
  const { openDirectory, recordOpened } = await import('../explain-command/explained-side.ts');
  const opened = await openDirectory(context, flags, io);
  try {
    const last = await lastRecord(opened.place, io);
    // It is then compared with a revision, which has none.
    const newer = await recordOpened(opened, shared, io, { withoutGit: last === undefined });
    return { last, newer };
  } finally {
    await opened.build.close();
  }
}

const hasOlderOptions = ({ fromFile, fromTarget, fromBuildArg, fromPlatform }: ExplainFlags) =>
  fromFile !== undefined || fromTarget !== undefined || fromBuildArg.length > 0 || fromPlatform.length > 0;

/** The options of the older build: its own, and those of the newer one for what it has none of. */
function olderFlags({ writeImages: _, ...flags }: ExplainFlags): SourceFlags {
  const file = flags.fromFile ?? flags.file;
  const target = flags.fromTarget ?? flags.target;
  return {
    ...flags,
    ...(file !== undefined && { file }),
    ...(target !== undefined && { target }),
    buildArg: flags.fromBuildArg.length > 0 ? flags.fromBuildArg : flags.buildArg,
    platform: flags.fromPlatform.length > 0 ? flags.fromPlatform : flags.platform,
  };
}

/** An error of usage names the option that the older build has in place of the other's. */
function ofOlder(found: unknown, flags: ExplainFlags): unknown {
  const error = inFlags(found);
  if (!(error instanceof UsageError)) return error;
  const given = { file: flags.fromFile, 'build-arg': flags.fromBuildArg[0], platform: flags.fromPlatform[0] };
  for (const [name, value] of Object.entries(given))
    if (value !== undefined && error.message.startsWith(`--${name}: `))
      return new UsageError(`--from-${error.message.slice(2)}`, { cause: error });
  return error;
}
