/**
 * A gRPC server on one connection that is already there: a session, on which the daemon is the client. It is written on
 * node:http2 because grpc-js cannot lift the limit of 128 headers a request may have (each include pattern and follow
 * path of a context is one), and because file transfer needs to write many small messages as one frame.
 */
import http2 from 'node:http2';
import type { Duplex } from 'node:stream';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { deframe, frame } from './framing.ts';
import { methodPath, type ServerContext, type Service, type ServiceHandlers } from './service.ts';
import { Code, RpcError } from './status.ts';
import { encodeStatusMessage } from './status-details.ts';

/** A call as bytes: what all kinds of handlers come down to. */
export interface RawCall extends ServerContext {
  readonly messages: AsyncIterable<Uint8Array>;
  /** Writes one message. Resolves when the transport takes more. */
  write(message: Uint8Array): Promise<void>;
  /** Writes messages that are framed already. */
  writeFrames(frames: Uint8Array): Promise<void>;
}

/** How much may be written that has not left yet. */
const WRITE_AHEAD_BYTES = 1 << 20;

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

export interface ServedConnection {
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
  /** Ends the connection and cancels what runs on it. */
  close(): void;
}

/** Serves gRPC on a connection until either side ends it. */
export function serveConnection(connection: Duplex, router: Router): ServedConnection {
  const session = http2.performServerHandshake(connection, {
    maxHeaderListPairs: 65_535,
    maxSessionMemory: 256,
    settings: { maxHeaderListSize: 16 << 20, initialWindowSize: 4 << 20, maxConcurrentStreams: 1 << 20 },
  });
  const closed = new Promise<void>((resolve) => {
    session.once('close', resolve);
    connection.once('close', () => session.destroy());
  });
  session.setLocalWindowSize?.(16 << 20);
  session.on('error', () => connection.destroy());
  connection.on('error', () => connection.destroy());
  session.on('stream', (stream, _headers, _flags, rawHeaders) => {
    // the listener gets the headers as they came: names that come twice stay apart
    void answer(stream, collectHeaders(rawHeaders as unknown as string[]), router);
  });
  // not the session: it would write once more, which Node does not survive while the last write is stuck
  return { closed, close: () => connection.destroy() };
}

function collectHeaders(raw: readonly string[]): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const values = headers.get(raw[i]!);
    if (values) values.push(raw[i + 1]!);
    else headers.set(raw[i]!, [raw[i + 1]!]);
  }
  return headers;
}

async function answer(stream: http2.ServerHttp2Stream, headers: Map<string, string[]>, router: Router): Promise<void> {
  const abort = new AbortController();
  let status: { code: number; message: string } | undefined;
  let waiting: (() => void)[] = [];
  const wakeAll = () => {
    const woken = waiting;
    waiting = [];
    for (const resolve of woken) resolve();
  };
  stream.on('error', () => {}); // 'close' follows
  stream.once('close', () => {
    abort.abort(new RpcError(Code.canceled, 'the caller ended the call'));
    wakeAll();
  });
  stream.once('wantTrailers', () => {
    stream.sendTrailers({
      'grpc-status': String(status?.code ?? Code.ok),
      ...(status?.message ? { 'grpc-message': encodeStatusMessage(status.message) } : {}),
    });
  });
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });

  // the transport is kept busy: it takes the next frames before the last ones have left
  let pending = 0;
  const writeFrames = async (frames: Uint8Array) => {
    if (stream.destroyed) throw abort.signal.reason ?? new RpcError(Code.canceled, 'the caller ended the call');
    pending += frames.length;
    stream.write(frames, () => {
      pending -= frames.length;
      if (pending < WRITE_AHEAD_BYTES) wakeAll();
    });
    while (pending >= WRITE_AHEAD_BYTES) {
      await new Promise<void>((resolve) => waiting.push(resolve));
      abort.signal.throwIfAborted();
    }
  };
  try {
    const path = headers.get(':path')?.[0] ?? '';
    const handler = router.get(path);
    if (!handler) throw new RpcError(Code.unimplemented, `unknown method ${path}`);
    await handler({
      headers,
      signal: abort.signal,
      // a handler that stops reading has not ended the call
      messages: deframe(stream.iterator({ destroyOnReturn: false })),
      write: (message) => writeFrames(frame(message)),
      writeFrames,
    });
    status = { code: Code.ok, message: '' };
  } catch (error) {
    if (error instanceof RpcError) status = { code: error.code, message: error.status };
    else status = { code: Code.unknown, message: error instanceof Error ? error.message : String(error) };
  }
  if (stream.destroyed) return;
  stream.resume(); // what the handler left unread
  stream.end();
}
