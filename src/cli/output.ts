/** Where commands write their results to. */
import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import type { Io } from './io.ts';

/** Writes a file in one go: nobody sees half of it, and a failure leaves what was there. `-` is standard output. */
export async function writeOutput(file: string | undefined, data: string | Uint8Array, io: Io): Promise<void> {
  if (file === undefined || file === '-') return io.writeStdout(data);
  const partial = `${file}.${randomUUID()}`;
  try {
    await writeFile(partial, data);
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw new Error(`cannot write ${file}: ${(error as Error).message}`, { cause: error });
  }
}
