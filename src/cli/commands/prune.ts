/** `tsfront prune`: removes records of a daemon's build cache. */
import { Command } from '@commander-js/extra-typings';
import type { CacheRecord, PruneOptions } from '../../client/index.ts';
import { parseDuration } from '../../go/duration.ts';
import { parseRamInBytes } from '../../go/size.ts';
import { formatBytes } from '../../text/number.ts';
import { UsageError } from '../../text/usage-error.ts';
import { printCacheRecords } from '../cache-records.ts';
import type { Io } from '../io.ts';
import { parseCacheFilters } from '../options/cache-filter.ts';
import { flagValue } from '../options/flag-value.ts';
import { type OptionsOf, options } from '../options/options.ts';
import { withConnection } from '../with-connection.ts';

/** The question before the cache is deleted. */
const warnings = {
  dangling: 'WARNING! This will remove all dangling build cache. Are you sure you want to continue?',
  all: 'WARNING! This will remove all build cache. Are you sure you want to continue?',
};

function declare() {
  return new Command('prune')
    .summary('remove build cache')
    .description('Removes records of the build cache that nothing uses. Asks first.')
    .addOption(options.builder)
    .addOption(options.all)
    .addOption(options.force)
    .addOption(options.wholeRecords)
    .addOption(options.keepDuration)
    .addOption(options.reservedSpace)
    .addOption(options.keepStorage)
    .addOption(options.maxUsedSpace)
    .addOption(options.minFreeSpace)
    .addOption(options.pruneFilter);
}

type PruneFlags = OptionsOf<ReturnType<typeof declare>>;

export function pruneCommand(io: Io) {
  return declare().action(async (flags) => {
    const wanted = pruneOptions(flags, io);
    // Before anybody is asked.
    (await import('../options/daemon-address.ts')).requireAddress('--builder', flags.builder);
    if (!flags.force && !(await askToConfirm(flags.all ? warnings.all : warnings.dangling, io))) return;
    await withConnection(flags.builder, io, async (connection, { prune }) => {
      const removed: CacheRecord[] = [];
      for await (const record of prune(connection, wanted)) removed.push(record);
      await printCacheRecords(removed, flags.verbose, io);
      await io.print(`Total:\t${formatBytes(removed.reduce((total, record) => total + record.size, 0))}\n`);
    });
  });
}

/** @throws UsageError for invalid sizes, durations and filters */
function pruneOptions(flags: PruneFlags, io: Io): PruneOptions {
  const size = (flag: string, text: string | undefined) =>
    text === undefined ? undefined : Number(flagValue(flag, text, parseRamInBytes));
  const { filters, age } = parseCacheFilters(flags.filter);
  if (age !== undefined && flags.keepDuration !== undefined)
    throw new UsageError('--keep-duration and --filter until are the same: give one of them');
  const given = age ?? flags.keepDuration;
  const duration = (text: string) => {
    const value = Number(parseDuration(text) / 1_000_000n);
    if (value < 0) throw new Error('a duration to look back is not negative');
    return value;
  };
  const flag = age === undefined ? '--keep-duration' : '--filter until';
  if (flags.keepStorage !== undefined) {
    if (flags.reservedSpace !== undefined)
      throw new UsageError('--keep-storage is the former name of --reserved-space: give one of them');
    io.writeStderr('Flag --keep-storage has been deprecated, keep-storage flag has been changed to reserved-space\n');
  }
  return {
    filters,
    all: flags.all,
    keepDuration: given === undefined ? undefined : flagValue(flag, given, duration),
    reservedSpace: size('--keep-storage', flags.keepStorage) ?? size('--reserved-space', flags.reservedSpace),
    maxUsedSpace: size('--max-used-space', flags.maxUsedSpace),
    minFreeSpace: size('--min-free-space', flags.minFreeSpace),
  };
}

/** Asks as buildx does, whose answer may come from a pipe too (`echo y | tsfront prune`). Nobody's answer is no. */
async function askToConfirm(question: string, io: Io): Promise<boolean> {
  io.writeStderr(`${question} [y/N] `);
  const answer = await io.readLine();
  if (answer !== undefined && /^y$/i.test(answer.trim())) return true;
  const why = answer === undefined ? '\nstandard input ended without an answer (--force does not ask): ' : '';
  io.writeStderr(`${why}nothing was removed\n`);
  return false;
}
