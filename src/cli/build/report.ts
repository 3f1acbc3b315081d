/** How a command ends that talks to a daemon. */
import path from 'node:path';
import { errorSources, formatSource } from '../../client/index.ts';
import { UsageError } from '../../offline/usage-error.ts';
import { RpcError } from '../../rpc/status.ts';
import { systemErrorsInWords } from '../../text/system-error.ts';
import { exitCode } from '../exit.ts';
import { interruptedCode } from '../interrupt.ts';
import type { Io } from '../io.ts';

type Report = Pick<Io, 'writeStderr'>;

export function warn(message: string, io: Report): void {
  io.writeStderr(`WARNING: ${message}\n`);
}

/** The name of a file as the user knows it: a frontend knows the Dockerfile without its folder. */
export function shownPath(filename: string, dockerfile: string): string {
  return dockerfile !== '' && filename.toLowerCase() === path.basename(dockerfile).toLowerCase()
    ? path.join(path.dirname(dockerfile), filename)
    : filename;
}

/**
 * Says what went wrong, with the lines it is about.
 *
 * @param dockerfile the path of the Dockerfile as the user knows it, if there is one
 * @returns the exit code
 */
export function reportFailure(error: unknown, io: Report & Pick<Io, 'signal'>, dockerfile = ''): number {
  if (io.signal.aborted) {
    io.writeStderr('ERROR: the build was canceled\n');
    return interruptedCode(io.signal);
  }
  const sources = errorSources(error);
  for (const source of sources)
    io.writeStderr(formatSource({ ...source, filename: shownPath(source.filename, dockerfile) }));
  const message = error instanceof RpcError ? error.status : error instanceof Error ? error.message : String(error);
  io.writeStderr(
    error instanceof RpcError ? `ERROR: failed to solve: ${message}\n` : `ERROR: ${systemErrorsInWords(message)}\n`,
  );
  return error instanceof UsageError ? exitCode.usage : exitCode.failed;
}
