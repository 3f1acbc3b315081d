/** A session: the connection on which the daemon calls the services that the client offers. */
import type { Duplex } from 'node:stream';
import { Health, HealthCheckResponse_ServingStatus } from '../../gen/grpc/health/v1/health_pb.ts';
import { escapeQuery } from '../../go/url.ts';
import { type RawHandler, type Router, routes, serveConnection } from '../../rpc/server.ts';
import { anything, checkArgument, listOf, objectWith } from '../../text/arguments.ts';
import type { Connection } from '../connection.ts';
import { createId } from '../create-id.ts';

/** Something a session offers: its routes by method path. */
export interface Attachable {
  /** The services that it offers to the daemon. */
  readonly routes: Router;
  /** Adds to the error of a build what only this side knows of its cause. */
  explain?(error: unknown): unknown;
  /** Called when the session is over: resolves when nothing of it is half done any more. */
  close?(): Promise<void>;
}

/** A session with a daemon, in which services answer what it asks for. */
export interface Session {
  /** The ID by which a solve request names the session. */
  readonly id: string;
  /** Resolves when the connection has ended, from either side. */
  readonly closed: Promise<void>;
  /** Ends it, and closes its attachables. */
  close(): void;
}

/** Options of a session. */
export interface SessionOptions {
  readonly id?: string | undefined;
  /** Contexts of sessions with the same key and the same options share what was sent before. */
  readonly sharedKey?: string | undefined;
  readonly name?: string | undefined;
}

/** Opens a session on a daemon and serves the attachables on it. Health checks are always answered. */
export async function openSession(
  connection: Pick<Connection, 'openSession'>,
  attachables: readonly Attachable[],
  options: SessionOptions = {},
): Promise<Session> {
  checkArgument('openSession', 'attachables', attachables, listOf(objectWith({ routes: anything })));
  const router = new Map<string, RawHandler>(healthRoutes());
  for (const attachable of attachables) for (const [path, handler] of attachable.routes) router.set(path, handler);
  const id = options.id ?? createId();
  const stream: Duplex = await connection.openSession({
    'X-Docker-Expose-Session-Uuid': [id],
    ...textHeader('X-Docker-Expose-Session-Sharedkey', options.sharedKey ?? ''),
    ...(options.name ? textHeader('X-Docker-Expose-Session-Name', options.name) : {}),
    'X-Docker-Expose-Session-Grpc-Method': [...router.keys()],
  });
  const { closed, close } = serveConnection(stream, router);
  return { id, closed, close };
}

/**
 * A header with text of the user, who may name a directory as he likes. gRPC's headers are printable ASCII: other text
 * is query-escaped, which a BuildKit that knows the second header undoes (moby/buildkit 6989; its name is not compared
 * with a daemon of that version). To others it is a name as good as any.
 */
function textHeader(name: string, text: string): Record<string, string[]> {
  if (/^[ -~]*$/.test(text)) return { [name]: [text] };
  return { [name]: [escapeQuery(text)], [`${name}-Encoded`]: ['1'] };
}

function healthRoutes(): Router {
  const status = HealthCheckResponse_ServingStatus.SERVING;
  return routes(Health, { check: async () => ({ status }) });
}
