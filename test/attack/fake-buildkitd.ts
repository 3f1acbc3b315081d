/** A daemon that does what no real one can be made to do. */
import http2 from 'node:http2';
import type net from 'node:net';
import type { AddressInfo } from 'node:net';
import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type Connection, type ConnectOptions, connect } from '../../src/client/index.ts';
import { Control } from '../../src/gen/moby/buildkit/v1/control_pb.ts';
import { frame } from '../../src/rpc/framing.ts';

/** What it does with a call; the method's name is without its service. */
export type Answer = (stream: http2.ServerHttp2Stream, daemon: FakeBuildkitd) => void;

export interface FakeBuildkitd extends AsyncDisposable {
  readonly address: string;
  /** Methods in the order in which they were called. */
  readonly calls: string[];
  readonly sockets: Set<net.Socket>;
  /** Stops reading and answering on all connections, as a stopped process. */
  freeze(): void;
}

/** Answers a call with messages and a status. */
export function answer<M extends DescMessage>(
  stream: http2.ServerHttp2Stream,
  schema: M,
  messages: readonly MessageInitShape<M>[],
  trailers: http2.OutgoingHttpHeaders | undefined = { 'grpc-status': '0' },
): void {
  if (stream.destroyed) return;
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => (trailers ? stream.sendTrailers(trailers) : stream.close()));
  for (const message of messages) stream.write(frame(toBinary(schema, create(schema, message))));
  stream.end();
}

const methods = Control.method;

/** Ends a call well, with an empty answer. */
const empty =
  (method: keyof typeof methods): Answer =>
  (stream) =>
    answer(stream, methods[method].output, [{}]);

/** A session that is taken and never used; what else is there is answered, unless `answers` does. */
export async function fakeBuildkitd(answers: Readonly<Record<string, Answer>> = {}): Promise<FakeBuildkitd> {
  const all: Record<string, Answer> = {
    ListWorkers: empty('listWorkers'),
    Info: empty('info'),
    Solve: empty('solve'),
    Status: empty('status'),
    Session: (stream) => stream.respond({ ':status': 200, 'content-type': 'application/grpc' }),
    ...answers,
  };
  const server = http2.createServer({ maxHeaderListPairs: 65_535 } as http2.ServerOptions);
  server.on('session', (session) => session.on('error', () => {}));
  const daemon = await listen(server);
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {}).resume();
    const method = String(headers[':path']).split('/').at(-1)!;
    daemon.calls.push(method);
    const act = all[method];
    if (act) act(stream, daemon);
    else
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12' }, { endStream: true });
  });
  return daemon;
}

/** Any server as a daemon. */
export async function listen(server: net.Server | http2.Http2Server): Promise<FakeBuildkitd> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `buildkit+tcp://127.0.0.1:${port}`,
    calls: [],
    sockets,
    freeze() {
      // http2 reads from the handle itself.
      for (const socket of sockets) (socket as unknown as { _handle: { readStop(): void } })._handle.readStop();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** A connection to a daemon, which has 60 s to give a sign of life. */
export function connectTo(daemon: FakeBuildkitd, options: ConnectOptions = {}): Promise<Connection> {
  return connect(daemon.address, { env: {}, timeout: 20_000, ...options });
}
