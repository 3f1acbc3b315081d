/**
 * The client's end of HTTP/2 (RFC 9113) on a duplex stream, for requests whose body is known and whose answer is read
 * whole. A frontend starts for every build: loading Node's own http2 takes longer than all its calls, and a heap snapshot
 * cannot hold it.
 */
import type { Duplex } from 'node:stream';
import { decodeHeaders, encodeHeaders, type HeaderField, MAX_HEADER_BYTES } from './hpack.ts';
import { watchLiveness } from './liveness.ts';

/** Frame types. */
const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PUSH_PROMISE = 5;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const CONTINUATION = 9;

/** Flags. */
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;
const PADDED = 8;
const PRIORITY = 32;

/** Settings. */
const HEADER_TABLE_SIZE = 1;
const ENABLE_PUSH = 2;
const INITIAL_WINDOW_SIZE = 4;
const MAX_FRAME_SIZE = 5;

/** The least that a payload holds. */
const payloadSizes = new Map([
  [RST_STREAM, 4],
  [PING, 8],
  [GOAWAY, 8],
  [WINDOW_UPDATE, 4],
]);

const CANCEL = 8;
const defaultWindow = 65_535;
const defaultFrameSize = 16_384;
const largestFrameSize = 16_777_215;
const headSize = 9;

/** Frames of one header block; of the usual size, a block of the largest length takes a thousand. */
const maxBlockFrames = 16_384;
/** Answers to the server's pings and settings that it has not taken yet, as many as Go's servers allow. */
const maxUnsentAnswers = 10_000;

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
  /** Bytes of headers that have come. */
  headerBytes: number;
}

/**
 * Speaks HTTP/2 over `duplex`; `window` is how much the peer may send ahead, for each request and for all of them. A
 * server that is silent for `silenceMs` while requests are open, pings included, or that takes nothing of a request for
 * so long, is given up.
 */
export function connectHttp2(duplex: Duplex, window: number, silenceMs: number): Http2Client {
  const streams = new Map<number, Stream>();
  let nextId = 1;
  let sendWindow = defaultWindow;
  let initialWindow = defaultWindow;
  let frameSize = defaultFrameSize;
  let received = 0; // not yet given back to the peer's window
  let lost: string | undefined;
  let block: { id: number; parts: Buffer[]; size: number; endStream: boolean } | undefined;
  let arrived = 0; // bytes
  let sent = 0; // bytes of bodies
  let unsentAnswers = 0;
  let pinged = false;

  duplex.write(
    Buffer.concat([
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      settingsFrame([
        [HEADER_TABLE_SIZE, 0],
        [ENABLE_PUSH, 0],
        [INITIAL_WINDOW_SIZE, window],
      ]),
      windowUpdate(0, window - defaultWindow),
    ]),
  );

  const finish = (id: number, reason?: string) => {
    const stream = streams.get(id);
    streams.delete(id);
    stream?.handler.end(reason);
  };
  const lose = (reason: string) => {
    lost ??= reason;
    endWatches();
    for (const id of [...streams.keys()]) finish(id, lost);
  };

  const abandon = (reason: string) => {
    lose(reason);
    duplex.destroy();
  };
  const seconds = silenceMs / 1000;
  const watches = [
    watchLiveness({
      silenceMs,
      arrived: () => (streams.size > 0 ? arrived : undefined),
      ask() {
        if (pinged) return;
        pinged = true;
        duplex.write(Buffer.concat([frameHead(PING, 0, 0, 8), Buffer.alloc(8)]));
      },
      giveUp: () => abandon(`no sign of life for ${seconds} s`),
    }),
    watchLiveness({
      silenceMs,
      arrived: () => ([...streams.values()].some(({ rest }) => rest.length > 0) ? sent : undefined),
      ask() {}, // its pings are answered, or the other watch ends it
      giveUp: () => abandon(`nothing of a request was taken for ${seconds} s`),
    }),
  ];
  const endWatches = () => {
    for (const end of watches) end();
  };

  const flush = (id: number, stream: Stream) => {
    while (stream.rest.length > 0) {
      const size = Math.min(stream.rest.length, stream.window, sendWindow, frameSize);
      if (size <= 0) return;
      const part = stream.rest.subarray(0, size);
      stream.rest = stream.rest.subarray(size);
      stream.window -= size;
      sendWindow -= size;
      sent += size;
      duplex.write(frameHead(DATA, stream.rest.length === 0 ? END_STREAM : 0, id, size));
      duplex.write(part);
    }
  };
  const flushAll = () => {
    for (const [id, stream] of streams) flush(id, stream);
  };

  const onHeaders = (payload: Buffer, flags: number) => {
    const { id, parts, endStream } = block!;
    parts.push(payload);
    block!.size += payload.length;
    const stream = streams.get(id);
    const size = block!.size + (stream?.headerBytes ?? 0);
    if (size > MAX_HEADER_BYTES || parts.length > maxBlockFrames)
      throw new Error(`the server sent more than ${MAX_HEADER_BYTES} bytes of headers, or in too many frames`);
    if (!(flags & END_HEADERS)) return;
    block = undefined;
    if (stream) stream.headerBytes = size;
    stream?.handler.headers(decodeHeaders(Buffer.concat(parts)));
    if (endStream) finish(id);
  };
  const answer = (bytes: Buffer) => {
    if (++unsentAnswers > maxUnsentAnswers) throw new Error('the server asks without taking the answers');
    duplex.write(bytes, () => {
      unsentAnswers--;
    });
  };
  const onSettings = (payload: Buffer) => {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      const value = payload.readUInt32BE(at + 2);
      const setting = payload.readUInt16BE(at);
      if (setting === MAX_FRAME_SIZE) {
        if (value < defaultFrameSize || value > largestFrameSize) throw new Error(`frames of at most ${value} bytes`);
        frameSize = value;
      }
      if (setting !== INITIAL_WINDOW_SIZE) continue;
      for (const stream of streams.values()) stream.window += value - initialWindow;
      initialWindow = value;
    }
    answer(frameHead(SETTINGS, ACK, 0, 0));
    flushAll();
  };
  const onData = (id: number, payload: Buffer, flags: number, size: number) => {
    const stream = streams.get(id);
    if (payload.length > 0) stream?.handler.data(payload);
    if (flags & END_STREAM) finish(id);
    received += size;
    // The peer's window for one request is never too small: no answer may be longer than it.
    if (received < window / 2) return;
    duplex.write(windowUpdate(0, received));
    received = 0;
  };

  const onFrame = (type: number, flags: number, id: number, whole: Buffer) => {
    let payload = whole;
    if (flags & PADDED && (type === DATA || type === HEADERS)) {
      const padding = payload[0] ?? 0;
      if (padding >= payload.length) throw new Error('a frame is all padding and more');
      payload = payload.subarray(1, payload.length - padding);
    }
    const size = payloadSizes.get(type);
    if (size !== undefined && payload.length < size) throw new Error('the server sent a frame that is too short');
    if (block && type !== CONTINUATION) throw new Error('a header block is not continued');
    switch (type) {
      case DATA:
        return onData(id, payload, flags, whole.length);
      case HEADERS:
        if (flags & PRIORITY) payload = payload.subarray(5);
        block = { id, parts: [], size: 0, endStream: (flags & END_STREAM) !== 0 };
        return onHeaders(payload, flags);
      case CONTINUATION:
        if (block?.id !== id) throw new Error('a header block is continued that was not begun');
        return onHeaders(payload, flags);
      case SETTINGS:
        if (!(flags & ACK)) onSettings(payload);
        return;
      case PING:
        if (flags & ACK) pinged = false;
        else answer(Buffer.concat([frameHead(PING, ACK, 0, 8), payload.subarray(0, 8)]));
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

  duplex.on('data', (chunk: Buffer) => {
    arrived += chunk.length;
  });
  readFrames(duplex, onFrame, (error) => abandon(error.message));
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
      const stream: Stream = { handler, rest: body, window: initialWindow, headerBytes: 0 };
      streams.set(id, stream);
      const headers = encodeHeaders(fields);
      duplex.write(Buffer.concat([frameHead(HEADERS, END_HEADERS, id, headers.length), headers]));
      flush(id, stream);
      return () => {
        if (!streams.delete(id)) return;
        const reset = Buffer.alloc(4);
        reset.writeUInt32BE(CANCEL);
        duplex.write(Buffer.concat([frameHead(RST_STREAM, 0, id, 4), reset]));
      };
    },
    close: () => abandon('the connection was closed'),
  };
}

/** Cuts what arrives into frames. The first one that `onFrame` throws at, or that cannot be one, ends the reading. */
function readFrames(
  duplex: Duplex,
  onFrame: (type: number, flags: number, id: number, payload: Buffer) => void,
  onError: (error: Error) => void,
): void {
  let chunks: Buffer[] = [];
  let size = 0;
  let wanted = headSize;
  let first = true;
  const take = (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size < wanted) return; // a large frame comes in many chunks: they are joined once
    let buffer = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    while (buffer.length >= headSize) {
      const length = buffer.readUIntBE(0, 3);
      if (first && buffer[3] !== SETTINGS) throw new Error('the server does not speak HTTP/2');
      if (length > defaultFrameSize) throw new Error(`the server sent a frame of ${length} bytes`);
      first = false;
      const end = headSize + length;
      wanted = end;
      if (buffer.length < end) break;
      onFrame(buffer[3]!, buffer[4]!, buffer.readUInt32BE(5) & 0x7fffffff, buffer.subarray(headSize, end));
      buffer = buffer.subarray(end);
      wanted = headSize;
    }
    chunks = buffer.length > 0 ? [buffer] : [];
    size = buffer.length;
  };
  const onChunk = (chunk: Buffer) => {
    try {
      take(chunk);
    } catch (error) {
      duplex.off('data', onChunk);
      onError(error as Error);
    }
  };
  duplex.on('data', onChunk);
}

function frameHead(type: number, flags: number, id: number, size: number): Buffer {
  const head = Buffer.alloc(headSize);
  head.writeUIntBE(size, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(id, 5);
  return head;
}

function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(6 * settings.length);
  settings.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, 6 * index);
    payload.writeUInt32BE(value, 6 * index + 2);
  });
  return Buffer.concat([frameHead(SETTINGS, 0, 0, payload.length), payload]);
}

function windowUpdate(id: number, increment: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(increment);
  return Buffer.concat([frameHead(WINDOW_UPDATE, 0, id, 4), payload]);
}
