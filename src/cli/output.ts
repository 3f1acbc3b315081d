/** Writes the results of commands. */
import { randomUUID } from 'node:crypto';
import { accessSync, constants, statSync } from 'node:fs';
import { lstat, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type OutputPath, refuseClashes } from '../system/output-clashes.ts';
import { printable } from '../text/printable.ts';
import { systemErrorsInWords } from '../text/system-error.ts';
import { UsageError } from '../text/usage-error.ts';
import { untilAborted } from './interrupt.ts';
import type { Io } from './io.ts';

/** Writes text for people, to standard output or as a file that can be shown on a terminal. */
export async function writeText(file: string | undefined, text: string, io: Io): Promise<void> {
  if (file === undefined || file === '-') return io.print(text);
  return writeOutput(file, printable(io.hide(text)), io);
}

/**
 * Writes a result for programs to a file, atomically: readers never see a part of it, and a failure keeps the old file.
 * Links, pipes and devices are written to, not replaced. `-` is standard output.
 */
export async function writeOutput(file: string | undefined, data: string | Uint8Array, io: Io): Promise<void> {
  if (file === undefined || file === '-') return io.writeStdout(data);
  const found = await lstat(file).catch(() => undefined);
  const partial = found?.isFile() === false ? file : `${file}.${randomUUID()}`;
  try {
    const writing = writeFile(partial, data);
    if (partial !== file) {
      await writing;
      await rename(partial, file);
    } else await untilAborted(writing, io.signal); // a pipe may never be read
  } catch (error) {
    if (partial !== file) await rm(partial, { force: true }).catch(() => {});
    else io.signal.throwIfAborted();
    throw new Error(`cannot write ${file}: ${await writeErrorReason(file, partial, error as NodeJS.ErrnoException)}`, {
      cause: error,
    });
  }
}

/**
 * Checks before long work that its result can be written.
 * @throws UsageError that names the flag
 */
export function requireWritable(flag: string, file: string | undefined): void {
  if (file === undefined || file === '-') return;
  const wrong = (why: string) => new UsageError(`${flag}: cannot write ${file}: ${why}`);
  if (file === '') throw wrong('the name is empty');
  const stat = (path: string) => {
    try {
      return statSync(path, { throwIfNoEntry: false });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') throw wrong('a part of the path is not a directory');
      throw wrong(systemErrorsInWords((error as Error).message));
    }
  };
  const found = stat(file);
  if (found?.isDirectory()) throw wrong('it is a directory');
  if (found) return;
  const dir = dirname(file);
  const above = stat(dir);
  if (!above) throw wrong(`there is no directory ${dir}`);
  if (!above.isDirectory()) throw wrong('a part of the path is not a directory');
  try {
    accessSync(dir, constants.W_OK);
  } catch (error) {
    throw wrong(systemErrorsInWords((error as Error).message));
  }
}

/**
 * Checks that all outputs of a command have different places.
 * @param places those without a path are not written; `-` is standard output
 * @throws UsageError that names the options
 */
export function requireOwnPlaces(
  places: readonly (Omit<OutputPath, 'path'> & { readonly path: string | undefined })[],
): void {
  const given = places.filter((place): place is OutputPath => Boolean(place.path));
  const [first, second] = given.filter(({ path }) => path === '-');
  if (first && second)
    throw new UsageError(`${first.by} and ${second.by} would both go to standard output: give one of them a file`);
  try {
    refuseClashes(given.filter(({ path }) => path !== '-'));
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

async function writeErrorReason(
  file: string,
  partial: string,
  { code, message }: NodeJS.ErrnoException,
): Promise<string> {
  if (code === 'EISDIR') return 'it is a directory';
  const dir = dirname(file);
  if (code === 'ENOENT' && !(await lstat(dir).catch(() => undefined))) return `there is no directory ${dir}`;
  return systemErrorsInWords(message.replaceAll(partial, file)).replace(`${file}: `, '');
}
