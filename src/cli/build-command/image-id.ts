/** `--iidfile`: requires an output with an image, and removes an old ID before the build. */
import { lstat, rm, stat, truncate } from 'node:fs/promises';
import { exporterOf } from '../../client/exporter-table.ts';
import type { Export } from '../../client/index.ts';
import { systemErrorsInWords } from '../../text/system-error.ts';
import { UsageError } from '../../text/usage-error.ts';
import type { BuildFlags } from '../options/declare-build.ts';

/** Requires an output with an image if there is an `--iidfile`. @throws UsageError for outputs that make no image */
export function requireImageId({ iidfile }: Pick<BuildFlags, 'iidfile'>, exports: readonly Export[]): void {
  if (iidfile && exports.some(({ type }) => exporterOf(type)?.makesImage === false))
    throw new UsageError('local and tar exporters are incompatible with --iidfile: they make no image');
}

/**
 * Removes the file. The target of a link is emptied; devices and pipes are not touched. @throws UsageError if the file
 * cannot be written
 */
export async function removeOldId(iidfile: string): Promise<void> {
  const isOther = (await lstat(iidfile).catch(() => undefined))?.isFile() === false;
  const isOld = !isOther || (await stat(iidfile).catch(() => undefined))?.isFile() === true;
  if (!isOld) return;
  const removing = isOther ? truncate(iidfile) : rm(iidfile, { force: true });
  await removing.catch((error: NodeJS.ErrnoException) => {
    const why = /EISDIR/.test(error.code ?? '') ? 'it is a directory' : systemErrorsInWords(error.message);
    throw new UsageError(`--iidfile: cannot write ${iidfile}: ${why}`, { cause: error });
  });
}
