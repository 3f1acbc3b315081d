/**
 * Frontends that run in this process: a function gets the gateway API of a build on the daemon and returns its result.
 * That is how tsfront's own Dockerfile frontend builds without an image of it, and how a graph of one's own gets an
 * image config, which a plain solve of LLB cannot carry.
 */
import type { Bridge, Result } from '../gateway/bridge.ts';
import { toStatus } from '../gateway/error-status.ts';
import { createGrpcBridge } from '../gateway/grpc-bridge.ts';
import { platformFromPb } from '../llb/platform-message.ts';
import { createUnaryCaller } from '../rpc/client.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import { hideCause } from '../text/short-error.ts';
import type { Connection } from './connection.ts';
import { type Container, type ContainerOptions, createContainer } from './container.ts';

/** The gateway API, with what needs more than single calls. */
export interface InProcessBridge extends Bridge {
  /** Starts a container on results of this build. */
  container(options: ContainerOptions): Promise<Container>;
  /** Aborted when the build is. */
  readonly signal: AbortSignal;
}

/** A frontend that runs in this process: it answers a build with the help of a bridge to the daemon. */
export interface InProcessFrontend {
  (bridge: InProcessBridge): Promise<Result>;
  /** Frontend options that go with it, such as the platforms it builds. */
  readonly attrs?: Readonly<Record<string, string>>;
}

/**
 * tsfront's own Dockerfile frontend. It reads a Dockerfile whose `# syntax=` names `docker/dockerfile` up to the
 * version that it equals itself, without pulling that image; the daemon runs other frontends.
 */
export const dockerfileFrontend: InProcessFrontend = async (bridge) => {
  const { runFrontend } = await import('../gateway/run-frontend.ts');
  return runFrontend(bridge, { otherFrontends: 'unequal' });
};

/**
 * Maximum time in milliseconds until a build begins. The daemon answers the frontend's first call only then, which
 * takes a while if hundreds of builds are running. A daemon that hangs is detected by the connection.
 */
const startTimeoutMs = 300_000;
/** Maximum time in milliseconds until the daemon ends a build whose frontend has reported an error. */
const reportedFailureMs = 60_000;
/** The same if the error could not be reported. */
const unreportedFailureMs = 2000;

interface RunningBuild {
  readonly connection: Connection;
  readonly ref: string;
  readonly sessionId: string;
  readonly opts: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * Runs a frontend and returns its result to the daemon.
 * @param solving the build as the daemon sees it; when it fails, so does everything the frontend asks for
 * @throws what the daemon made of the frontend's error, with that error as its cause
 */
export async function runInProcess(
  frontend: InProcessFrontend,
  build: RunningBuild,
  solving: Promise<unknown>,
): Promise<void> {
  const { connection, ref, sessionId, opts, signal } = build;
  const metadata = { 'buildkit-controlapi-buildid': ref };
  // A build that ends before the frontend is done must not leave it waiting.
  const failed = new Promise<never>((_, reject) => solving.catch(reject));
  failed.catch(() => {});
  let thrown: unknown;
  const run = async () => {
    const { record } = await connection.control.listWorkers({});
    const workers = record.map(({ ID, platforms }) => ({
      id: ID,
      platforms: platforms.map(platformFromPb),
    }));
    const product = connection.kind === 'dockerd' ? 'docker' : 'buildkit';
    const transport = createUnaryCaller(connection.channel, metadata);
    const bridge = await createGrpcBridge(transport, { opts, sessionId, product, workers }, startTimeoutMs);
    const container = (options: ContainerOptions) => createContainer(connection.gateway, metadata, options, signal);
    try {
      const result = await frontend({ ...bridge, container, signal });
      await bridge.return(result);
    } catch (error) {
      thrown = error;
      const isReturned = await bridge.return({ error: toStatus(error) }).then(
        () => true,
        () => false,
      );
      // A daemon that does not take the error ends the build because of another one, or not at all.
      const late = delay(isReturned ? reportedFailureMs : unreportedFailureMs, error);
      const failed = solving.then(
        () => error,
        (reason: unknown) => reason,
      );
      throw await Promise.race([failed, late.value]).finally(late.cancel);
    }
  };
  const running = run();
  running.catch(() => {});
  try {
    await Promise.race([running, failed]);
  } catch (error) {
    if (error instanceof Error && thrown !== undefined && error !== thrown) error.cause ??= thrown;
    // Errors of a user's own frontend are shown with their stack.
    throw error instanceof RpcError && frontend === dockerfileFrontend ? hideCause(error) : error;
  }
}

function delay<T>(ms: number, value: T): { readonly value: Promise<T>; cancel(): void } {
  const { promise, resolve } = Promise.withResolvers<T>();
  const timer = setTimeout(resolve, ms, value);
  return { value: promise, cancel: () => clearTimeout(timer) };
}
