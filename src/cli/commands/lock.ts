/** `tsfront lock`: writes what the sources of a Dockerfile are at this moment to `Dockerfile.lock`, or compares it. */
import { lstat } from 'node:fs/promises';
import { Command } from '@commander-js/extra-typings';
import { maxDockerfileBytes } from '../../daemonless/locate-context.ts';
import type { Pin } from '../../daemonless/lock/resolve-source.ts';
import type { ChangedSource, UpdatedLock } from '../../daemonless/lock/update-lock.ts';
import { withUnknownImages } from '../../daemonless/unknown-images.ts';
import { lockFileName } from '../../gateway/frontend-files.ts';
import { decodeText } from '../../go/text.ts';
import { defaultPlatform, formatPlatform, normalizePlatform } from '../../image/platform.ts';
import { formatLock, type Lock, lockVersion, maxLockLength, readLock } from '../../lock/lock-file.ts';
import { readNamedFile } from '../../system/named-file.ts';
import { count } from '../../text/number.ts';
import { redactedJson } from '../../text/redact.ts';
import { UsageError } from '../../text/usage-error.ts';
import { Exit, exitCode } from '../exit.ts';
import { reportFailure } from '../failure.ts';
import { formatTable } from '../format-table.ts';
import { untilAborted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { type OpenedBuild, openBuild } from '../open-build.ts';
import { refusePath } from '../options/build-args.ts';
import { type OptionsOf, options } from '../options/options.ts';
import { requestedPlatforms } from '../options/platform-option.ts';
import { requireOwnPlaces, requireWritable, writeOutput } from '../output.ts';

function declare() {
  return new Command('lock')
    .summary('pin what a Dockerfile takes from outside')
    .description(
      'Writes Dockerfile.lock beside the Dockerfile: the digest of each image, the checksum of each download and the commit of each git repository that any of its stages takes. What the lock has already stays as it is.',
    )
    .argument('[context]', 'build context: a directory', '.')
    .addOption(options.lockCheck)
    .addOption(options.update)
    .addOption(options.sourcePolicy)
    .addOption(options.lockFormat)
    .addOption(options.file)
    .addOption(options.platform)
    .addOption(options.buildArg)
    .addOption(options.buildArgFile)
    .addOption(options.buildContext)
    .addOption(options.opt)
    .addOption(options.images)
    .addOption(options.ociLayout)
    .addOption(options.mirror)
    .addOption(options.offline)
    .addOption(options.cacheDir);
}

type LockFlags = OptionsOf<ReturnType<typeof declare>>;

export function lockCommand(io: Io) {
  return declare().action((context, flags) => run(context, flags, io));
}

async function run(context: string, flags: LockFlags, io: Io): Promise<void> {
  const { check, update } = flags;
  if (check && update !== undefined) throw new UsageError('--check writes nothing: leave out --update');
  if (check && flags.policy !== undefined) throw new UsageError('--check writes nothing: leave out --policy');
  if (Array.isArray(update))
    for (const name of update) refusePath('--update', name, 'names of sources; the build context stands before it');
  requireWritable('--policy', flags.policy);
  const build = await openBuild(context, { label: [], cache: true, uncached: [], ...flags }, io);
  try {
    if (build.dockerfile === '')
      throw new UsageError(
        'a lock stands beside its Dockerfile: name a directory, and a Dockerfile that is a file in it',
      );
    const path = lockFileName(build.dockerfile);
    requireWritable('lock', check ? undefined : path);
    requireOwnPlaces([
      { path: check ? undefined : path, kind: 'file', by: 'the lock' },
      { path: flags.policy, kind: 'file', by: '--policy' },
    ]);
    const { lock, isDamaged } = await readPrevious(path, flags, io);
    const updated = await untilAborted(makeLock(build, lock, flags, io), io.signal);
    await report(path, isDamaged ? undefined : lock, updated, flags, io);
  } catch (error) {
    if (error instanceof UsageError || error instanceof Exit || io.signal.aborted) throw error;
    throw new Exit(await reportFailure(error, io, build));
  } finally {
    await build.close();
  }
}

interface PreviousLock {
  /** undefined if absent, or if nothing of it can be read. */
  readonly lock: Lock | undefined;
  /** Whether the file has to be written again. */
  readonly isDamaged: boolean;
}

/**
 * The lock that exists. Of a damaged one, such as one with a merge conflict, what can be read is kept.
 * @throws DiagnosticError with `--check`, and for a lock that a later version has written
 */
async function readPrevious(path: string, { check }: LockFlags, io: Io): Promise<PreviousLock> {
  // It would be written through the link, and a repository may have links that lead anywhere.
  if ((await lstat(path).catch(() => undefined))?.isSymbolicLink())
    throw new UsageError(`${path} is a link: a lock is a file beside its Dockerfile`);
  let text: string;
  try {
    text = decodeText(await readNamedFile(path, maxLockLength, io.signal));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { lock: undefined, isDamaged: false };
    throw error;
  }
  try {
    return { lock: readLock(text, path), isDamaged: false };
  } catch (error) {
    if (check || isOfOtherVersion(text)) throw error;
    const { salvageLock } = await import('../../lock/salvage-lock.ts');
    const lock = salvageLock(text);
    const kept = lock?.sources.length ?? 0;
    const what = (error as Error).message;
    io.writeStderr(`note: ${what}: it is written again, and ${count(kept, 'pin')} ${kept === 1 ? 'is' : 'are'} kept\n`);
    return { lock, isDamaged: true };
  }
}

/** Whether the text is that of a lock of another version, without a conflict. */
function isOfOtherVersion(text: string): boolean {
  const version = /^lockVersion: *(\S+)\s*$/m.exec(text)?.[1];
  return version !== undefined && version !== String(lockVersion) && !/^<{7} /m.test(text);
}

async function makeLock(
  build: OpenedBuild,
  previous: Lock | undefined,
  flags: LockFlags,
  io: Io,
): Promise<UpdatedLock> {
  const { check, update, offline } = flags;
  const requested = requestedPlatforms(flags.platform, io.env);
  const platforms =
    requested.length > 0
      ? [...new Set(requested)]
      : (previous?.platforms ?? [formatPlatform(normalizePlatform(defaultPlatform()))]);
  const text = decodeText(await readNamedFile(build.dockerfile, maxDockerfileBytes, io.signal));
  const { updateLock } = await import('../../daemonless/lock/update-lock.ts');
  // Without the network a check compares names only, and what an image brings with it is then unknown.
  const isLocal = check === true && offline === true;
  const updated = await updateLock({
    options: isLocal ? withUnknownImages(build.options) : build.options,
    text,
    platforms,
    previous,
    offline,
    env: io.env,
    keepUnlocked: isLocal,
    update: (check && !isLocal) || update === true ? 'all' : update || undefined,
  });
  const { unknownImages } = updated;
  if (unknownImages.size > 0)
    io.writeStderr(
      `note: what is built on ${[...unknownImages].join(', ')} may take more: the image is not known offline\n`,
    );
  return updated;
}

async function report(
  path: string,
  previous: Lock | undefined,
  { lock, sources }: UpdatedLock,
  flags: LockFlags,
  io: Io,
): Promise<void> {
  const changed = sources.filter(({ change }) => change !== 'same');
  const text = formatLock(lock);
  const isUpToDate = changed.length === 0 && previous !== undefined && formatLock(previous) === text;
  if (!flags.check && !isUpToDate) await writeOutput(path, text, io);
  if (flags.policy !== undefined) await writePolicy(lock, flags.policy, io);
  // The policy may have standard output for itself.
  if (flags.format === 'json' && flags.policy !== '-') {
    const document = { version: 1, lockFile: path, isUpToDate, platforms: lock.platforms, sources };
    await io.writeStdout(`${redactedJson(document, 2, io.hide)}\n`);
  } else if (flags.policy !== '-') await io.print(formatReport(path, changed, sources.length, isUpToDate, flags));
  if (flags.check && !isUpToDate) throw new Exit(exitCode.failed);
}

async function writePolicy(lock: Lock, file: string, io: Io): Promise<void> {
  const { lockPolicy } = await import('../../daemonless/lock/source-policy.ts');
  const { text, omitted } = lockPolicy(lock);
  for (const name of omitted)
    io.writeStderr(
      `WARNING: the policy has no rule for ${name}: it would have to name the credentials in its address\n`,
    );
  await writeOutput(file, text, io);
}

/** What each change means for `--check`, and otherwise. */
const words: Readonly<Record<ChangedSource['change'], readonly [checked: string, written: string]>> = {
  same: ['ok', 'kept'],
  changed: ['moved', 'updated'],
  new: ['not locked', 'added'],
  unused: ['not used', 'removed'],
  unlocked: ['not locked', 'not locked'],
};

function formatReport(
  path: string,
  changed: readonly ChangedSource[],
  sources: number,
  isUpToDate: boolean,
  { check }: LockFlags,
): string {
  const rows = changed.map(({ name, change, before, after }) => [
    name,
    words[change][check ? 0 : 1],
    before ? shown(before) : '-',
    after ? shown(after) : '-',
  ]);
  const table = rows.length > 0 ? formatTable([['SOURCE', 'STATE', 'OLD', 'NEW'], ...rows]) : '';
  const total = count(sources, 'source');
  if (isUpToDate) return `${path} is up to date: ${total}\n`;
  if (check)
    return `${table}${path} is not up to date: \`tsfront lock\` adds and removes, \`tsfront lock --update\` follows what moved\n`;
  return `${table}${path}: ${total}\n`;
}

/** The first digits, and the day. */
function shown({ pin, date }: Pin): string {
  const short = pin.slice(pin.indexOf(':') + 1).slice(0, 12);
  return date === undefined ? short : `${short} (${date.slice(0, 10)})`;
}
