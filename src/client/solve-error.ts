/** The error of a failed build. */
import { sourceLocationOf } from '../gateway/error-status.ts';
import { jsonDetails, RpcError } from '../rpc/rpc-error.ts';
import { hideCause, hideFields } from '../text/short-error.ts';
import { errorSources, type SourceExcerpt } from './progress/source-excerpt.ts';

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
  /** The location of the failed step, such as `Dockerfile:2`; undefined if the daemon reports no lines. */
  readonly place: string | undefined;
  /**
   * The exit code of the process that failed, 1 to 255, where a RUN did; of older daemons it is read from the message.
   */
  readonly exitCode: number | undefined;
  /** The digest of the failed vertex, as in {@link StatusUpdate}; undefined if the daemon reports none. */
  readonly vertex: string | undefined;

  constructor(error: RpcError) {
    super(error.code, error.status, error.details);
    const cause = Object.getOwnPropertyDescriptor(error, 'cause');
    if (cause) Object.defineProperty(this, 'cause', { ...cause, enumerable: false });
    if (cause?.get) hideCause(this);
    const [code] = jsonDetails(error, 'gatewayapi.ExitMessage', ({ Code }) => Number(Code));
    const exitCode = /\bexit code: (\d+)$/.exec(error.status)?.[1];
    const [place] = this.sources.flatMap(({ filename, ranges: [lines] }) =>
      lines?.start ? `${filename}:${lines.start}` : [],
    );
    this.place = place ?? sourceLocationOf(error.cause);
    this.exitCode = code ?? (exitCode === undefined ? undefined : Number(exitCode));
    this.vertex = jsonDetails(error, 'errdefs.Vertex', ({ digest }) => String(digest))[0];
    for (const name of ['place', 'exitCode', 'vertex'] as const) if (this[name] === undefined) hideFields(this, name);
  }

  /**
   * The lines of a Dockerfile or program that the failed step was made of, outermost first; empty if the daemon sent
   * none.
   */
  get sources(): readonly SourceExcerpt[] {
    return errorSources(this);
  }
}
