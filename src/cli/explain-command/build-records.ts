/** The records of builds that `tsfront build` keeps, one for each Dockerfile, context and target. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { BuildRecord } from '../../explain/build-record.ts';
import { defaultCacheDir } from '../../system/cache-dir.ts';
import type { Io } from '../io.ts';
import { writeOutput } from '../output.ts';

/** Turns the records off if it is 0 or false. */
const recordVariable = 'TSFRONT_RECORD';

/** Maximum size of a record in bytes. A larger one is not kept. */
const maxRecordBytes = 16 << 20;
/** Maximum number of records. The oldest are removed. */
const maxRecords = 50;
/** Maximum size of all records in bytes. */
const maxTotalBytes = 64 << 20;

/** A build, as its record is found by. */
export interface RecordedPlace {
  /** The directory of the context. */
  readonly context: string;
  /** The path of the Dockerfile. */
  readonly dockerfile: string;
  readonly target: string | undefined;
}

/** Whether the environment wants no records. */
export const areRecordsOff = ({ env }: Pick<Io, 'env'>) => /^(?:0|false|off|no)$/i.test(env[recordVariable] ?? '');

/** The file of the record; undefined if the user has no directory for it. */
export async function recordFile(
  { context, dockerfile, target }: RecordedPlace,
  { env }: Pick<Io, 'env'>,
): Promise<string | undefined> {
  const cache = defaultCacheDir(env);
  if (cache === undefined) return undefined;
  const names = await Promise.all([context, dockerfile].map((it) => realpath(it).catch(() => it)));
  const key = createHash('sha256')
    .update([...names, target ?? ''].join('\0'))
    .digest('hex');
  return path.join(cache, 'builds', `${key.slice(0, 32)}.json`);
}

/** The key by which records of this user have digests of values; undefined if the user has no directory for it. */
export async function recordKey({ env }: Pick<Io, 'env'>): Promise<string | undefined> {
  const { readValueKey } = await import('../../explain/value-key.ts');
  return readValueKey(defaultCacheDir(env));
}

/** Where digests of files are kept for the next record; undefined if the user wants none, or has no directory. */
export function digestDir(io: Pick<Io, 'env'>): string | undefined {
  const cache = areRecordsOff(io) ? undefined : defaultCacheDir(io.env);
  return cache && path.join(cache, 'digests');
}

/** Keeps a record, and removes the oldest ones if there are too many. Other users cannot read it. */
export async function keepRecord(file: string, text: string, io: Io): Promise<void> {
  if (text.length > maxRecordBytes) return;
  const dir = path.dirname(file);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await writeOutput(file, text, io);
  const names = (await readdir(dir)).filter((name) => name.endsWith('.json'));
  const found = await Promise.all(
    names.map(async (name) => {
      const stats = await stat(path.join(dir, name)).catch(() => undefined);
      return { name, time: stats?.mtimeMs ?? 0, bytes: stats?.size ?? 0 };
    }),
  );
  let total = 0;
  for (const [index, { name, bytes }] of found.sort((a, b) => b.time - a.time).entries()) {
    total += bytes;
    if (index >= maxRecords || total > maxTotalBytes) await rm(path.join(dir, name), { force: true });
  }
}

/** A record of the last build, and when it was kept; undefined if absent, or of another version. */
export async function lastRecord(
  place: RecordedPlace,
  io: Pick<Io, 'env'>,
): Promise<{ readonly record: BuildRecord; readonly time: Date } | undefined> {
  const file = await recordFile(place, io);
  if (file === undefined) return undefined;
  try {
    const { mtime, size } = await stat(file);
    if (size > maxRecordBytes) return undefined;
    const { parseRecord } = await import('../../explain/build-record.ts');
    const record = parseRecord(await readFile(file, 'utf8'));
    return record && { record, time: mtime };
  } catch {
    return undefined;
  }
}
