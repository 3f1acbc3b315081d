/** Where commands write their results to. */
import { randomUUID } from 'node:crypto';
import { lstat, rename, rm, writeFile } from 'node:fs/promises';
import { printable } from '../text/printable.ts';
import { redactCredentials } from '../text/redact.ts';
import { untilAborted } from './interrupt.ts';
import type { Io } from './io.ts';

/** Writes text for people, to standard output or as a file that can be shown on a terminal. */
export async function writeText(file: string | undefined, text: string, io: Io): Promise<void> {
  if (file === undefined || file === '-') return io.print(text);
  return writeOutput(file, printable(redactCredentials(text)), io);
}

/**
 * Writes a result for programs as a file in one go: nobody sees half of it, and a failure leaves what was there. Links, pipes and devices are
 * written through, not replaced. `-` is standard output.
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
    } else await untilAborted(writing, io.signal); // nobody may ever read a pipe
  } catch (error) {
    if (partial !== file) await rm(partial, { force: true });
    else io.signal.throwIfAborted();
    const { message } = error as Error;
    throw new Error(`cannot write ${file}: ${message.replaceAll(partial, file)}`, { cause: error });
  }
}
