/** `tsfront du`, `tsfront prune` and `tsfront workers`: what a daemon has. */
import { Command, Option } from 'commander';
import type { CacheRecord, PruneOptions } from '../client/index.ts';
import { formatBytes } from '../client/progress/format.ts';
import { parseDuration } from '../go/duration.ts';
import { parseRamInBytes } from '../go/size.ts';
import { UsageError } from '../offline/usage-error.ts';
import { didYouMean } from '../parser/suggest.ts';
import { printableLine } from '../text/printable.ts';
import { withConnection } from './connected.ts';
import { flagValue } from './flag-value.ts';
import { formatOption } from './format-option.ts';
import type { Io } from './io.ts';
import { addListOption } from './list-option.ts';
import { since } from './since.ts';

const BUILDER = ['--builder <address>', 'the daemon'] as const;
const VERBOSE = ['--verbose', 'show all that is known of each record'] as const;
const FILTER = ['--filter <filter>', 'only records that match all: type=regular, inuse=false, description~=…'] as const;

export function duCommand(io: Io): Command {
  const command = new Command('du')
    .summary('show the build cache')
    .description('Lists the records of the build cache and how much space they take.')
    .option(...BUILDER)
    .addOption(formatOption('records', ['table', 'pretty', 'json']))
    .option('--json', 'short for --format=json')
    .option(...VERBOSE)
    .action(async (flags: DuFlags) => {
      if (flags.verbose && flags.format) throw new UsageError('--format and --verbose cannot be used together');
      const { filters, age } = parseFilters(flags.filter);
      if (age !== undefined) throw new UsageError('--filter: until and unused-for are filters of prune');
      await withConnection(flags.builder, io, async (connection, { diskUsage }) => {
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
  addListOption(command, ...FILTER);
  return command;
}

/** What is asked before the cache goes. */
const WARNINGS = {
  dangling: 'WARNING! This will remove all dangling build cache. Are you sure you want to continue?',
  all: 'WARNING! This will remove all build cache. Are you sure you want to continue?',
};

export function pruneCommand(io: Io): Command {
  const command = new Command('prune')
    .summary('remove build cache')
    .description('Removes records of the build cache that nothing uses, after asking.')
    .option(...BUILDER)
    .option('-a, --all', 'also internal and frontend records')
    .option('-f, --force', 'do not ask')
    .option(...VERBOSE)
    .option('--keep-duration <duration>', 'keep what was used within that time, such as 24h')
    .option('--reserved-space <size>', 'always keep that much, such as 10GB')
    .addOption(new Option('--keep-storage <size>', 'the former name of --reserved-space').hideHelp())
    .option('--max-used-space <size>', 'the most the cache may have afterwards')
    .option('--min-free-space <size>', 'how much of the disk shall be free afterwards')
    .action(async (flags: PruneFlags) => {
      const options = pruneOptions(flags, io);
      (await import('./daemon-address.ts')).requireAddress('--builder', flags.builder); // before anybody is asked
      if (!flags.force && !(await confirmed(flags.all ? WARNINGS.all : WARNINGS.dangling, io))) return;
      await withConnection(flags.builder, io, async (connection, { prune }) => {
        const removed: CacheRecord[] = [];
        for await (const record of prune(connection, options)) removed.push(record);
        await printRecords(removed, flags.verbose, io);
        await io.print(`Total:\t${formatBytes(removed.reduce((total, record) => total + record.size, 0))}\n`);
      });
    });
  addListOption(command, FILTER[0], `${FILTER[1]}; until=24h is --keep-duration 24h`);
  return command;
}

/** @throws UsageError for sizes, durations and filters that are none */
function pruneOptions(flags: PruneFlags, io: Io): PruneOptions {
  const size = (flag: string, text: string | undefined) =>
    text === undefined ? undefined : Number(flagValue(flag, text, parseRamInBytes));
  const { filters, age } = parseFilters(flags.filter);
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
async function confirmed(question: string, io: Io): Promise<boolean> {
  io.writeStderr(`${question} [y/N] `);
  const answer = await io.readLine();
  if (answer !== undefined && /^y$/i.test(answer.trim())) return true;
  const why = answer === undefined ? '\nstandard input ended without an answer (--force does not ask): ' : '';
  io.writeStderr(`${why}nothing was removed\n`);
  return false;
}

interface DuFlags {
  readonly builder?: string;
  readonly filter: readonly string[];
  readonly format?: 'table' | 'pretty' | 'json';
  readonly json?: boolean;
  readonly verbose?: boolean;
}

interface PruneFlags {
  readonly verbose?: boolean;
  readonly builder?: string;
  readonly filter: readonly string[];
  readonly all?: boolean;
  readonly force?: boolean;
  readonly keepDuration?: string;
  readonly keepStorage?: string;
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

/** What BuildKit's records have to be filtered by. */
const FIELDS = ['id', 'parents', 'description', 'inuse', 'mutable', 'immutable', 'type', 'shared', 'private'];
const AGES = ['until', 'unused-for'];
const TYPES = ['internal', 'frontend', 'source.local', 'source.git.checkout', 'exec.cachemount', 'regular'];

/**
 * Filters as docker's `key=value` or as BuildKit's own (`==`, `!=`, `~=`): one that asks for all of them.
 * An age (`until`, `unused-for`) is none of BuildKit's filters.
 * @throws UsageError for what no record could ever match
 */
export function parseFilters(given: readonly string[] = []): { filters: string[]; age: string | undefined } {
  const all: string[] = [];
  const seen = new Set<string>();
  let age: string | undefined;
  for (const filter of given) {
    const invalid = (why: string) => new UsageError(`invalid value ${JSON.stringify(filter)} for --filter: ${why}`);
    const [, key = filter, operator, value = ''] = /^([\w.-]+)([^\w.-]*=)(.*)$/s.exec(filter) ?? [];
    const known = [...FIELDS, ...AGES];
    if (!known.includes(key))
      throw invalid(
        `no record has ${JSON.stringify(key)}${didYouMean(key, known, false)}: known are ${known.join(', ')}`,
      );
    if (operator !== undefined && !['=', '==', '!=', '~='].includes(operator))
      throw invalid(`${operator} is no operator: known are =, ==, != and ~=`);
    const isAge = AGES.includes(key);
    const subject = isAge ? 'until' : key;
    if (seen.has(subject) && (isAge || operator === '=')) throw invalid(`${key} expects only one value`);
    seen.add(subject);
    if (isAge && operator !== '=') throw invalid(`it takes a duration, as ${key}=24h`);
    if (key === 'type' && operator !== undefined && operator !== '~=' && !TYPES.includes(value))
      throw invalid(
        `unknown type ${JSON.stringify(value)}${didYouMean(value, TYPES, false)}: known are ${TYPES.join(', ')}`,
      );
    if (isAge) age = value;
    else all.push(operator === '=' ? `${key}${key === 'id' ? '~=' : '=='}${value}` : filter);
  }
  return { filters: all.length > 0 ? [all.join(',')] : [], age };
}

async function printRecords(records: readonly CacheRecord[], verbose: boolean | undefined, io: Io): Promise<void> {
  if (verbose) {
    for (const record of records) await io.print(`${formatRecord(record)}\n`);
    return;
  }
  const { formatTable } = await import('./table.ts');
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
