/**
 * The client's end of HTTP/2 (RFC 9113) on a duplex stream, for requests whose body is known and whose answer is read
 * whole. A frontend starts for every build: loading Node's own http2 takes longer than all its calls, and a heap snapshot
 * cannot hold it.
 */
import type { Duplex } from 'node:stream';
import { decodeHeaders, encodeHeaders, type HeaderField } from './hpack.ts';
import {
  ACK,
  CANCEL,
  CONTINUATION,
  DATA,
  defaultFrameSize,
  defaultWindow,
  ENABLE_PUSH,
  END_HEADERS,
  END_STREAM,
  frameHead,
  GOAWAY,
  HEADER_TABLE_SIZE,
  HEADERS,
  INITIAL_WINDOW_SIZE,
  numberFrame,
  PING,
  PREFACE,
  PRIORITY,
  PUSH_PROMISE,
  RST_STREAM,
  readFrames,
  readSettings,
  SETTINGS,
  settingsFrame,
  WINDOW_UPDATE,
  withoutPadding,
} from './http2-frames.ts';

export interface ResponseHandler {
  /** Header fields, and in a second call the trailers. */
  headers(fields: readonly HeaderField[]): void;
  data(chunk: Buffer): void;
  /** The stream is over; `reason` tells why if not because the answer is complete. */
  end(reason: string | undefined): void;
}

export interface Http2Client {
  /** Sends a request; returns a function that gives it up, after which its handler hears no more. */
  request(fields: readonly HeaderField[], body: Uint8Array, handler: ResponseHandler): () => void;
  close(): void;
}

interface Stream {
  readonly handler: ResponseHandler;
  /** What the flow control has not let through yet. */
  rest: Uint8Array;
  window: number;
}

/** Speaks HTTP/2 over `duplex`; `window` is how much the peer may send ahead, for each request and for all of them. */
export function connectHttp2(duplex: Duplex, window: number): Http2Client {
  const streams = new Map<number, Stream>();
  let nextId = 1;
  let sendWindow = defaultWindow;
  let initialWindow = defaultWindow;
  let frameSize = defaultFrameSize;
  let received = 0; // not yet given back to the peer's window
  let lost: string | undefined;
  let block: { id: number; parts: Buffer[]; endStream: boolean } | undefined;

  duplex.write(
    Buffer.concat([
      PREFACE,
      settingsFrame([
        [HEADER_TABLE_SIZE, 0],
        [ENABLE_PUSH, 0],
        [INITIAL_WINDOW_SIZE, window],
      ]),
      numberFrame(WINDOW_UPDATE, 0, window - defaultWindow),
    ]),
  );

  const finish = (id: number, reason?: string) => {
    const stream = streams.get(id);
    streams.delete(id);
    stream?.handler.end(reason);
  };
  const lose = (reason: string) => {
    lost ??= reason;
    for (const id of [...streams.keys()]) finish(id, lost);
  };

  const flush = (id: number, stream: Stream) => {
    while (stream.rest.length > 0) {
      const size = Math.min(stream.rest.length, stream.window, sendWindow, frameSize);
      if (size <= 0) return;
      const part = stream.rest.subarray(0, size);
      stream.rest = stream.rest.subarray(size);
      stream.window -= size;
      sendWindow -= size;
      duplex.write(frameHead(DATA, stream.rest.length === 0 ? END_STREAM : 0, id, size));
      duplex.write(part);
    }
  };
  const flushAll = () => {
    for (const [id, stream] of streams) flush(id, stream);
  };

  const onHeaders = (payload: Buffer, flags: number) => {
    block!.parts.push(payload);
    if (!(flags & END_HEADERS)) return;
    const { id, parts, endStream } = block!;
    block = undefined;
    streams.get(id)?.handler.headers(decodeHeaders(Buffer.concat(parts)));
    if (endStream) finish(id);
  };
  const onSettings = (payload: Buffer) => {
    const settings = readSettings(payload);
    frameSize = settings.frameSize ?? frameSize;
    const window = settings.initialWindow ?? initialWindow;
    for (const stream of streams.values()) stream.window += window - initialWindow;
    initialWindow = window;
    duplex.write(frameHead(SETTINGS, ACK, 0, 0));
    flushAll();
  };
  const onData = (id: number, payload: Buffer, flags: number, size: number) => {
    const stream = streams.get(id);
    if (payload.length > 0) stream?.handler.data(payload);
    if (flags & END_STREAM) finish(id);
    received += size;
    // The peer's window for one request is never too small: no answer may be longer than it.
    if (received < window / 2) return;
    duplex.write(numberFrame(WINDOW_UPDATE, 0, received));
    received = 0;
  };

  const onFrame = (type: number, flags: number, id: number, whole: Buffer) => {
    let payload = withoutPadding(type, flags, whole);
    if (block && type !== CONTINUATION) throw new Error('a header block is not continued');
    switch (type) {
      case DATA:
        return onData(id, payload, flags, whole.length);
      case HEADERS:
        if (flags & PRIORITY) payload = payload.subarray(5);
        block = { id, parts: [], endStream: (flags & END_STREAM) !== 0 };
        return onHeaders(payload, flags);
      case CONTINUATION:
        if (block?.id !== id) throw new Error('a header block is continued that was not begun');
        return onHeaders(payload, flags);
      case SETTINGS:
        if (!(flags & ACK)) onSettings(payload);
        return;
      case PING:
        if (!(flags & ACK)) duplex.write(Buffer.concat([frameHead(PING, ACK, 0, payload.length), payload]));
        return;
      case WINDOW_UPDATE: {
        const stream = streams.get(id);
        if (id === 0) sendWindow += payload.readUInt32BE(0);
        else if (stream) stream.window += payload.readUInt32BE(0);
        return flushAll();
      }
      case RST_STREAM:
        return finish(id, `the server reset the stream with code ${payload.readUInt32BE(0)}`);
      case GOAWAY: {
        lost ??= `the server is going away: ${payload.toString('utf8', 8) || `code ${payload.readUInt32BE(4)}`}`;
        const last = payload.readUInt32BE(0) & 0x7fffffff; // what was begun before may still be answered
        for (const open of [...streams.keys()]) if (open > last) finish(open, lost);
        return;
      }
      case PUSH_PROMISE:
        throw new Error('the server pushes what it was told not to');
    }
  };

  readFrames(duplex, 'server', onFrame, (error) => {
    lose(error.message);
    duplex.destroy();
  });
  duplex.on('error', (error) => lose(error.message));
  duplex.on('close', () => lose('the stream was closed'));
  duplex.on('end', () => lose('the server closed the connection'));

  return {
    request(fields, body, handler) {
      if (lost !== undefined) {
        queueMicrotask(() => handler.end(lost));
        return () => {};
      }
      const id = nextId;
      nextId += 2;
      const stream: Stream = { handler, rest: body, window: initialWindow };
      streams.set(id, stream);
      const headers = encodeHeaders(fields);
      duplex.write(Buffer.concat([frameHead(HEADERS, END_HEADERS, id, headers.length), headers]));
      flush(id, stream);
      return () => {
        if (!streams.delete(id)) return;
        duplex.write(numberFrame(RST_STREAM, id, CANCEL));
      };
    },
    close() {
      lose('the connection was closed');
      duplex.destroy();
    },
  };
}
