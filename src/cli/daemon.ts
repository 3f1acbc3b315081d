/** `tsfront du`, `tsfront prune` and `tsfront workers`: what a daemon has. */
import { Command, Option } from 'commander';
import type { CacheRecord } from '../client/index.ts';
import { formatBytes } from '../client/progress/format.ts';
import { parseDuration } from '../go/duration.ts';
import { parseRamInBytes } from '../go/size.ts';
import { UsageError } from '../offline/usage-error.ts';
import { printableLine } from '../text/printable.ts';
import { withConnection } from './connected.ts';
import { flagValue } from './flag-value.ts';
import { formatOption } from './format-option.ts';
import type { Io } from './io.ts';
import { formatTable, since } from './table.ts';

const BUILDER = ['--builder <address>', 'the daemon'] as const;
const VERBOSE = ['--verbose', 'show all that is known of each record'] as const;
const FILTER = [
  '--filter <filter...>',
  'only records that match all: type=regular, until=24h, description~=…',
] as const;

export function duCommand(io: Io): Command {
  return new Command('du')
    .summary('show the build cache')
    .description('Lists the records of the build cache and how much space they take.')
    .option(...BUILDER)
    .option(...FILTER)
    .addOption(formatOption('records', ['table', 'pretty', 'json']))
    .option('--json', 'short for --format=json')
    .option(...VERBOSE)
    .action(async (flags: DuFlags) => {
      if (flags.verbose && flags.format) throw new UsageError('--format and --verbose cannot be used together');
      await withConnection(flags.builder, io, async (connection, { diskUsage }) => {
        const { filters, age } = parseFilters(flags.filter);
        if (age !== undefined) throw new Error('until and unused-for are filters of prune');
        const records = await diskUsage(connection, filters);
        if (flags.json || flags.format === 'json') {
          for (const record of records) await io.writeStdout(`${JSON.stringify(record)}\n`);
          return;
        }
        await printRecords(
          [...records].sort((a, b) => a.size - b.size),
          flags.verbose || flags.format === 'pretty',
          io,
        );
        const sum = (of: readonly CacheRecord[]) => of.reduce((total, { size }) => total + size, 0);
        const reclaimable = sum(records.filter((record) => !record.inUse));
        await io.print(`Reclaimable:\t${formatBytes(reclaimable)}\nTotal:\t\t${formatBytes(sum(records))}\n`);
      });
    });
}

export function pruneCommand(io: Io): Command {
  return new Command('prune')
    .summary('remove build cache')
    .description('Removes records of the build cache that nothing uses.')
    .option(...BUILDER)
    .option(...FILTER)
    .option('-a, --all', 'also internal and frontend records')
    .addOption(new Option('-f, --force', 'nothing is asked anyway').hideHelp())
    .option(...VERBOSE)
    .option('--keep-duration <duration>', 'keep what was used within that time, such as 24h')
    .option('--reserved-space <size>', 'always keep that much')
    .option('--max-used-space <size>', 'the most the cache may have afterwards')
    .option('--min-free-space <size>', 'how much of the disk shall be free afterwards')
    .action(async (flags: PruneFlags) => {
      await withConnection(flags.builder, io, async (connection, { prune }) => {
        const removed: CacheRecord[] = [];
        const size = (flag: string, text: string | undefined) =>
          text ? Number(flagValue(flag, text, parseRamInBytes)) : undefined;
        const { filters, age = flags.keepDuration } = parseFilters(flags.filter);
        const ageFlag = age === flags.keepDuration ? '--keep-duration' : '--filter until';
        const records = prune(connection, {
          filters,
          all: flags.all,
          keepDuration: age ? Number(flagValue(ageFlag, age, parseDuration) / 1_000_000n) : undefined,
          reservedSpace: size('--reserved-space', flags.reservedSpace),
          maxUsedSpace: size('--max-used-space', flags.maxUsedSpace),
          minFreeSpace: size('--min-free-space', flags.minFreeSpace),
        });
        for await (const record of records) removed.push(record);
        await printRecords(removed, flags.verbose, io);
        await io.print(`Total:\t${formatBytes(removed.reduce((total, record) => total + record.size, 0))}\n`);
      });
    });
}

interface DuFlags {
  readonly builder?: string;
  readonly filter?: string[];
  readonly format?: 'table' | 'pretty' | 'json';
  readonly json?: boolean;
  readonly verbose?: boolean;
}

interface PruneFlags {
  readonly verbose?: boolean;
  readonly builder?: string;
  readonly filter?: string[];
  readonly all?: boolean;
  readonly keepDuration?: string;
  readonly reservedSpace?: string;
  readonly maxUsedSpace?: string;
  readonly minFreeSpace?: string;
}

export function workersCommand(io: Io): Command {
  return new Command('workers')
    .summary('show the workers of a daemon')
    .description('Lists the workers of a daemon, their platforms and labels.')
    .option(...BUILDER)
    .option('--json', 'print JSON')
    .action(async (flags: { builder?: string; json?: boolean }) => {
      await withConnection(flags.builder, io, async (connection, { daemonVersion, listWorkers }) => {
        const workers = await listWorkers(connection);
        if (flags.json) {
          await io.writeStdout(`${JSON.stringify(workers, null, 2)}\n`);
          return;
        }
        const version = await daemonVersion(connection);
        const about = version ? `, BuildKit ${version}` : '';
        await io.print(`${printableLine(`${connection.address} (${connection.kind}${about})`)}\n`);
        for (const worker of workers) {
          await io.print(`\n${printableLine(worker.id)}\n  ${printableLine(worker.platforms.join(', '))}\n`);
          for (const [name, value] of Object.entries(worker.labels))
            await io.print(`  ${printableLine(`${name}: ${value}`)}\n`);
        }
      });
    });
}

/**
 * Filters as docker's `key=value` or as BuildKit's own (`==`, `!=`, `~=`, `<=`): one that asks for all of them.
 * An age (`until`, `unused-for`) is none of BuildKit's filters.
 */
export function parseFilters(given: readonly string[] = []): { filters: string[]; age: string | undefined } {
  const all: string[] = [];
  let age: string | undefined;
  for (const filter of given) {
    const [, key = filter, operator, value = ''] = /^([\w.-]+)([=!~<>]*=)(.*)$/s.exec(filter) ?? [];
    if (operator === '=' && (key === 'until' || key === 'unused-for')) age = value;
    else all.push(operator === '=' ? `${key}${key === 'id' ? '~=' : '=='}${value}` : filter);
  }
  return { filters: all.length > 0 ? [all.join(',')] : [], age };
}

async function printRecords(records: readonly CacheRecord[], verbose: boolean | undefined, io: Io): Promise<void> {
  if (verbose) {
    for (const record of records) await io.print(`${formatRecord(record)}\n`);
    return;
  }
  const rows = records.map((record) => [
    record.id + (record.mutable ? '*' : ''),
    String(!record.inUse),
    formatBytes(record.size) + (record.shared ? '*' : ''),
    since(record.lastUsedAt),
    record.description,
  ]);
  await io.print(formatTable([['ID', 'RECLAIMABLE', 'SIZE', 'LAST USED', 'DESCRIPTION'], ...rows]));
}

/** All of a record, a line for each thing, as `docker buildx du --verbose` shows it. */
export function formatRecord(record: CacheRecord): string {
  const line = (name: string, value: string) =>
    value === '' ? '' : `${`${name}:`.padEnd(14)}${printableLine(value)}\n`;
  return (
    line('ID', record.id) +
    (record.parents.length > 0 ? `Parents:\n${record.parents.map((id) => ` - ${printableLine(id)}\n`).join('')}` : '') +
    line('Created at', record.createdAt?.toISOString() ?? '') +
    line('Mutable', String(record.mutable)) +
    line('Reclaimable', String(!record.inUse)) +
    line('Shared', String(record.shared)) +
    line('Size', formatBytes(record.size)) +
    line('Description', record.description) +
    line('Usage count', String(record.usageCount)) +
    line('Last used', since(record.lastUsedAt)) +
    line('Type', record.type)
  );
}
