/** Records of the build cache for people. */
import type { CacheRecord } from '../client/index.ts';
import { formatBytes } from '../text/number.ts';
import { printableLine } from '../text/printable.ts';
import type { Io } from './io.ts';
import { timeSince } from './time-since.ts';

/** Prints a table of the records, or all that is known of each. */
export async function printCacheRecords(
  records: readonly CacheRecord[],
  verbose: boolean | undefined,
  io: Io,
): Promise<void> {
  if (verbose) {
    for (const record of records) await io.print(`${formatCacheRecord(record)}\n`);
    return;
  }
  const { formatTable } = await import('./format-table.ts');
  const rows = records.map((record) => [
    record.id + (record.mutable ? '*' : ''),
    String(!record.inUse),
    formatBytes(record.size) + (record.shared ? '*' : ''),
    timeSince(record.lastUsedAt),
    record.description,
  ]);
  await io.print(formatTable([['ID', 'RECLAIMABLE', 'SIZE', 'LAST USED', 'DESCRIPTION'], ...rows]));
}

/** All of a record, a line for each thing, as `docker buildx du --verbose` shows it. */
export function formatCacheRecord(record: CacheRecord): string {
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
    line('Last used', timeSince(record.lastUsedAt)) +
    line('Type', record.type)
  );
}
