/** A gRPC server on one connection that is already there: a session, on which the daemon is the client. */
import type { Duplex } from 'node:stream';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { errorMessage } from '../text/error-message.ts';
import { systemErrorsInWords } from '../text/system-error.ts';
import { deframe, frame } from './framing.ts';
import { maxHeaderBytes } from './hpack.ts';
import { type Http2Stream, serveHttp2 } from './http2-server.ts';
import { nodeStream } from './node-stream.ts';
import { Code, RpcError } from './rpc-error.ts';
import { methodPath, type ServerContext, type Service, type ServiceHandlers } from './service.ts';
import { encodeStatusMessage } from './status-details.ts';

/** A call as bytes: what all kinds of handlers come down to. */
export interface RawCall extends ServerContext {
  readonly messages: AsyncIterable<Uint8Array>;
  /** Writes one message. Resolves when the transport takes more. */
  write(message: Uint8Array): Promise<void>;
  /** Writes messages that are framed already. */
  writeFrames(frames: Uint8Array): Promise<void>;
}

/** Handles a call with undecoded messages. */
export type RawHandler = (call: RawCall) => Promise<void>;

/** Handlers by method path (`/package.Service/Method`). */
export type Router = ReadonlyMap<string, RawHandler>;

/** The routes of a service. Methods without a handler are left out, so that they are not advertised. */
export function routes<S extends Service>(service: S, handlers: ServiceHandlers<S>): Map<string, RawHandler> {
  const router = new Map<string, RawHandler>();
  for (const [name, handler] of Object.entries(handlers)) {
    const method = service.method[name];
    if (!method || !handler) continue;
    const { input, output } = method;
    router.set(methodPath(service, name), async (call) => {
      const send = (message: never) => call.write(toBinary(output, create(output, message)));
      const requests = decodeAll(call.messages, (bytes) => fromBinary(input, bytes));
      if (method.methodKind === 'bidi_streaming') {
        for await (const message of handler(requests as never, call) as AsyncIterable<never>) await send(message);
        return;
      }
      const request = await first(requests);
      if (method.methodKind === 'unary') await send((await handler(request as never, call)) as never);
      else for await (const message of handler(request as never, call) as AsyncIterable<never>) await send(message);
    });
  }
  return router;
}

async function* decodeAll<T>(messages: AsyncIterable<Uint8Array>, decode: (bytes: Uint8Array) => T) {
  for await (const message of messages) yield decode(message);
}

async function first<T>(messages: AsyncIterable<T>): Promise<T> {
  for await (const message of messages) return message;
  throw new RpcError(Code.internal, 'request without a message');
}

/** A connection on which services are served. */
export interface ServedConnection {
  /** Resolves when the connection has ended, for any reason. */
  readonly closed: Promise<void>;
  /** Ends the connection and cancels what runs on it. */
  close(): void;
}

/** Serves gRPC on a connection until either side ends it. */
export function serveConnection(connection: Duplex, router: Router): ServedConnection {
  const closed = new Promise<void>((resolve) => connection.once('close', resolve));
  const goneReason = () => new RpcError(Code.canceled, 'the caller ended the call');
  serveHttp2(nodeStream(connection), (stream) => void answer(stream, router), goneReason);
  return { closed, close: () => connection.destroy() };
}

async function answer(stream: Http2Stream, router: Router): Promise<void> {
  const headers = new Map<string, string[]>();
  for (const [name, value] of stream.headers) {
    const values = headers.get(name);
    if (values) values.push(value);
    else headers.set(name, [value]);
  }
  stream.respond([
    [':status', '200'],
    ['content-type', 'application/grpc'],
  ]);
  let status: { code: number; message: string };
  try {
    const path = headers.get(':path')?.[0] ?? '';
    // Of the requests of a daemon only those for a context have long headers.
    if (stream.isTruncated)
      throw new RpcError(
        Code.resourceExhausted,
        `the headers of ${path} take more than ${maxHeaderBytes >> 20} MB: each pattern of an ignore file and each ` +
          'path that COPY and ADD name is one; write fewer, or patterns that stand for many',
      );
    const handler = router.get(path);
    if (!handler) throw new RpcError(Code.unimplemented, `unknown method ${path}`);
    await handler({
      headers,
      signal: stream.signal,
      messages: deframe(stream.body),
      write: (message) => stream.write(frame(message)),
      writeFrames: (frames) => stream.write(frames),
    });
    status = { code: Code.ok, message: '' };
  } catch (error) {
    if (error instanceof RpcError) status = { code: error.code, message: error.status };
    else {
      const message = systemErrorsInWords(errorMessage(error));
      status = { code: Code.unknown, message };
    }
  }
  stream.end([
    ['grpc-status', String(status.code)],
    ...(status.message ? [['grpc-message', encodeStatusMessage(status.message)] as const] : []),
  ]);
}
