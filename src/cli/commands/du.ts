/** `tsfront du`: the records of a daemon's build cache. */
import { Command } from '@commander-js/extra-typings';
import type { CacheRecord } from '../../client/index.ts';
import { formatBytes } from '../../text/number.ts';
import { redactedJson } from '../../text/redact.ts';
import { UsageError } from '../../text/usage-error.ts';
import { printCacheRecords } from '../cache-records.ts';
import type { Io } from '../io.ts';
import { parseCacheFilters } from '../options/cache-filter.ts';
import { options } from '../options/options.ts';
import { withConnection } from '../with-connection.ts';

export function duCommand(io: Io) {
  return new Command('du')
    .summary('show the build cache')
    .description('Lists the records of the build cache and how much space they take.')
    .addOption(options.builder)
    .addOption(options.recordFormat)
    .addOption(options.shortForJson)
    .addOption(options.wholeRecords)
    .addOption(options.filter)
    .action(async (flags) => {
      if (flags.verbose && flags.format) throw new UsageError('--format and --verbose cannot be used together');
      const { filters, age } = parseCacheFilters(flags.filter);
      if (age !== undefined) throw new UsageError('--filter: until and unused-for are filters of prune');
      await withConnection(flags.builder, io, async (connection, { diskUsage }) => {
        const records = await diskUsage(connection, filters);
        if (flags.json || flags.format === 'json') {
          for (const record of records) await io.writeStdout(`${redactedJson(record)}\n`);
          return;
        }
        await printCacheRecords(
          [...records].sort((a, b) => a.size - b.size),
          flags.verbose || flags.format === 'pretty',
          io,
        );
        const sum = (some: readonly CacheRecord[]) => some.reduce((total, { size }) => total + size, 0);
        const reclaimable = sum(records.filter((record) => !record.inUse));
        await io.print(`Reclaimable:\t${formatBytes(reclaimable)}\nTotal:\t\t${formatBytes(sum(records))}\n`);
      });
    });
}
