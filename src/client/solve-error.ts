/** What a failed build says of itself. */
import { jsonDetails, RpcError } from '../rpc/status.ts';
import { errorSources, type SourceExcerpt } from './progress/source.ts';

/**
 * A build that the daemon reports as failed. `message` is the daemon's own, with what the client knows about it.
 *
 * @example
 * build.result.catch((error) => {
 *   if (error instanceof SolveError && error.exitCode !== undefined) process.exitCode = error.exitCode;
 * });
 */
export class SolveError extends RpcError {
  override readonly name = 'SolveError';
  /** The exit code of the process that failed, 1 to 255, where a RUN did; of older daemons it is read from the message. */
  readonly exitCode: number | undefined;
  /** The digest of the vertex that failed, as {@link StatusUpdate} has it; undefined where the daemon names no step. */
  readonly vertex: string | undefined;

  constructor(error: RpcError) {
    super(error.code, error.status, error.details, error.cause ? { cause: error.cause } : undefined);
    const [code] = jsonDetails(error, 'gatewayapi.ExitMessage', ({ Code }) => Number(Code));
    const said = /\bexit code: (\d+)$/.exec(error.status)?.[1];
    this.exitCode = code ?? (said === undefined ? undefined : Number(said));
    this.vertex = jsonDetails(error, 'errdefs.Vertex', ({ digest }) => String(digest))[0];
  }

  /** The lines of a Dockerfile or program that the failed step was made of, outermost first; empty if the daemon sent none. */
  get sources(): readonly SourceExcerpt[] {
    return errorSources(this);
  }
}
