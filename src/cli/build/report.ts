/** How a command ends that talks to a daemon. */
import { errorSources, formatSource } from '../../client/index.ts';
import { RpcError } from '../../rpc/status.ts';

/** Aborted by Ctrl-C and SIGTERM; a second one ends the process at once. */
export function interruptSignal(): { readonly signal: AbortSignal; release(): void } {
  const abort = new AbortController();
  const stop = (name: NodeJS.Signals) => {
    if (abort.signal.aborted) process.exit(130);
    abort.abort(new Error(name === 'SIGINT' ? 'interrupted' : 'terminated'));
    process.stdin.destroy(); // whoever reads it waits for an end that may never come
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return {
    signal: abort.signal,
    release: () => void process.off('SIGINT', stop).off('SIGTERM', stop),
  };
}

export function warn(message: string): void {
  process.stderr.write(`WARNING: ${message}\n`);
}

/** Says what went wrong, with the lines it is about. @returns the exit code */
export function reportFailure(error: unknown, interrupted?: AbortSignal): number {
  if (interrupted?.aborted) {
    process.stderr.write('ERROR: the build was canceled\n');
    return 130;
  }
  const sources = errorSources(error);
  for (const source of sources) process.stderr.write(formatSource(source));
  const message = error instanceof RpcError ? error.status : error instanceof Error ? error.message : String(error);
  process.stderr.write(`ERROR: ${error instanceof RpcError ? 'failed to solve: ' : ''}${message}\n`);
  return 1;
}
