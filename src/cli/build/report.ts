/** How a command ends that talks to a daemon. */
import { errorSources, formatSource } from '../../client/index.ts';
import { UsageError } from '../../offline/usage-error.ts';
import { RpcError } from '../../rpc/status.ts';
import { exitCode } from '../exit.ts';
import { interruptedCode } from '../interrupt.ts';
import type { Io } from '../io.ts';

type Report = Pick<Io, 'writeStderr'>;

export function warn(message: string, io: Report): void {
  io.writeStderr(`WARNING: ${message}\n`);
}

/** Says what went wrong, with the lines it is about. @returns the exit code */
export function reportFailure(error: unknown, io: Report & Pick<Io, 'signal'>): number {
  if (io.signal.aborted) {
    io.writeStderr('ERROR: the build was canceled\n');
    return interruptedCode(io.signal);
  }
  const sources = errorSources(error);
  for (const source of sources) io.writeStderr(formatSource(source));
  const message = error instanceof RpcError ? error.status : error instanceof Error ? error.message : String(error);
  io.writeStderr(`ERROR: ${error instanceof RpcError ? 'failed to solve: ' : ''}${message}\n`);
  return error instanceof UsageError ? exitCode.usage : exitCode.failed;
}
