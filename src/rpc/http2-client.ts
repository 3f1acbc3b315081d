/**
 * The client's end of HTTP/2 (RFC 9113) on a duplex stream. A frontend starts for every build: loading Node's own http2
 * takes longer than all its calls, and a heap snapshot cannot hold it. The client of a daemon uses it as well, because
 * Node's takes no more than eight CONTINUATION frames: the errors of a long Dockerfile, which quote it, need more.
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
const MAX_CONCURRENT_STREAMS = 3;
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
/** How much the server may send ahead for all requests together. */
const sessionWindow = 16 << 20;

/** Frames of one header block; of the usual size, a block of the largest length takes a thousand. */
const maxBlockFrames = 16_384;
/** Answers to the server's pings and settings that it has not taken yet, as many as Go's servers allow. */
const maxUnsentAnswers = 10_000;

/** Why a connection is over that the other side, or this one, has simply closed. */
export const HUNG_UP = 'the connection was closed';

export interface ResponseHandler {
  /** Header fields, and in a second call the trailers. */
  headers(fields: readonly HeaderField[]): void;
  data(chunk: Buffer): void;
  /** The stream is over; `reason` tells why if not because the answer is complete. */
  end(reason: string | undefined): void;
}

export interface Request {
  /** Sends more of the body; `done` is called when it has left, or never will. */
  write(bytes: Uint8Array, done?: () => void): void;
  /** Ends the body. */
  end(): void;
  /** Lets the server send that many bytes more. Without it, it sends a window's worth at most. */
  taken(bytes: number): void;
  /** Gives the request up: its handler hears no more. */
  cancel(): void;
}

export interface Http2Client {
  /** Sends a request. With a body it is complete, without one the body is to be written. */
  request(fields: readonly HeaderField[], handler: ResponseHandler, body?: Uint8Array): Request;
  /** Whether it takes no more requests. */
  readonly isLost: boolean;
  /**
   * Whether one more request would be sent at once, and leave the server room for a question. Until the server has told how
   * many it takes there is room for one.
   */
  readonly hasRoom: boolean;
  /** Resolves when the server has told it, or when the connection is lost. */
  readonly told: Promise<void>;
  close(): void;
}

export interface Http2Options {
  /** How much the server may send ahead: bytes of each answer. */
  readonly window: number;
  /**
   * Milliseconds that the server may be silent while requests are open, questions included, or take nothing of a request
   * with a body; 0 for as long as it likes.
   */
  readonly silenceMs: number;
  /** Asks what is answered at once; HTTP/2's own ping by default, which many a gRPC server takes for abuse. */
  readonly ask?: ((client: Http2Client) => void) | undefined;
}

interface Stream {
  readonly handler: ResponseHandler;
  readonly fields: readonly HeaderField[];
  /** 0 while it waits for its turn. */
  id: number;
  /** What the flow control has not let through yet. */
  readonly unsent: { rest: Uint8Array; done: (() => void) | undefined }[];
  /** The body is known to its end. */
  bodyEnds: boolean;
  /** The end of the body was sent. */
  bodySent: boolean;
  /** Whether the body was there from the beginning. */
  readonly whole: boolean;
  window: number;
  /** Bytes of headers that have come. */
  headerBytes: number;
  /** Bytes that have come and that the server has no leave to send again; and that it has, but does not know yet. */
  ahead: number;
  taken: number;
}

/** Speaks HTTP/2 over `duplex`. */
export function connectHttp2(duplex: Duplex, { window, silenceMs, ask }: Http2Options): Http2Client {
  const streams = new Map<number, Stream>();
  const waiting = new Set<Stream>(); // for one of those to end
  let maxStreams = Number.POSITIVE_INFINITY;
  const told = Promise.withResolvers<void>();
  let isTold = false;
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
      windowUpdate(0, sessionWindow - defaultWindow),
    ]),
  );

  const end = (stream: Stream, reason?: string) => {
    for (const { done } of stream.unsent.splice(0)) done?.();
    stream.handler.end(reason);
  };
  const finish = (id: number, reason?: string) => {
    const stream = streams.get(id);
    if (!stream) return;
    streams.delete(id);
    if (reason === undefined && !stream.bodySent) reset(id); // the answer came first
    end(stream, reason);
    startWaiting();
    if (lost !== undefined && streams.size === 0) duplex.destroy();
  };
  const lose = (reason: string) => {
    lost ??= reason;
    told.resolve();
    endWatches();
    for (const stream of waiting) end(stream, lost);
    waiting.clear();
    for (const id of [...streams.keys()]) finish(id, lost);
  };
  const abandon = (reason: string) => {
    lose(reason);
    duplex.destroy();
  };
  function ping(): void {
    if (pinged) return;
    pinged = true;
    duplex.write(Buffer.concat([frameHead(PING, 0, 0, 8), Buffer.alloc(8)]));
  }

  const seconds = silenceMs / 1000;
  const watches =
    silenceMs === 0
      ? []
      : [
          watchLiveness({
            silenceMs,
            arrived: () => (streams.size > 0 ? arrived : undefined),
            ask: () => (ask ?? ping)(client),
            giveUp: () => abandon(`no sign of life for ${seconds} s`),
          }),
          watchLiveness({
            silenceMs,
            arrived: () => ([...streams.values()].some(({ whole, bodySent }) => whole && !bodySent) ? sent : undefined),
            ask() {}, // its pings are answered, or the other watch ends it
            giveUp: () => abandon(`nothing of a request was taken for ${seconds} s`),
          }),
        ];
  const endWatches = () => {
    for (const end of watches) end();
  };

  const flush = (stream: Stream) => {
    if (stream.id === 0 || stream.bodySent) return;
    duplex.cork();
    for (let item = stream.unsent[0]; item; item = stream.unsent[0]) {
      const size = Math.min(item.rest.length, stream.window, sendWindow, frameSize);
      if (size <= 0 && item.rest.length > 0) break;
      const part = item.rest.subarray(0, size);
      item.rest = item.rest.subarray(size);
      const complete = item.rest.length === 0;
      if (complete) stream.unsent.shift();
      stream.bodySent = complete && stream.bodyEnds && stream.unsent.length === 0;
      stream.window -= size;
      sendWindow -= size;
      sent += size;
      const head = frameHead(DATA, stream.bodySent ? END_STREAM : 0, stream.id, size);
      const { done } = item;
      const last = complete && done ? () => done() : undefined;
      if (size > 0) duplex.write(head);
      duplex.write(size > 0 ? part : head, last);
    }
    if (stream.bodyEnds && !stream.bodySent && stream.unsent.length === 0) {
      stream.bodySent = true;
      duplex.write(frameHead(DATA, END_STREAM, stream.id, 0));
    }
    duplex.uncork();
  };
  const flushAll = () => {
    for (const stream of streams.values()) flush(stream);
  };
  const start = (stream: Stream) => {
    stream.id = nextId;
    nextId += 2;
    stream.window = initialWindow;
    streams.set(stream.id, stream);
    const headers = encodeHeaders(stream.fields);
    const frames: Buffer[] = [];
    for (let at = 0; at === 0 || at < headers.length; at += defaultFrameSize) {
      const part = headers.subarray(at, at + defaultFrameSize);
      const flags = at + defaultFrameSize >= headers.length ? END_HEADERS : 0;
      frames.push(frameHead(at === 0 ? HEADERS : CONTINUATION, flags, stream.id, part.length), part);
    }
    duplex.write(Buffer.concat(frames));
    flush(stream);
  };
  const startWaiting = () => {
    for (const stream of waiting) {
      if (streams.size >= maxStreams || lost !== undefined) return;
      waiting.delete(stream);
      start(stream);
    }
  };
  const reset = (id: number) => {
    if (duplex.destroyed) return;
    const code = Buffer.alloc(4);
    code.writeUInt32BE(CANCEL);
    duplex.write(Buffer.concat([frameHead(RST_STREAM, 0, id, 4), code]));
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
      if (setting === MAX_CONCURRENT_STREAMS) maxStreams = value;
      if (setting !== INITIAL_WINDOW_SIZE) continue;
      for (const stream of streams.values()) stream.window += value - initialWindow;
      initialWindow = value;
    }
    answer(frameHead(SETTINGS, ACK, 0, 0));
    isTold = true;
    told.resolve();
    startWaiting();
    flushAll();
  };
  const onData = (id: number, payload: Buffer, flags: number, size: number) => {
    const stream = streams.get(id);
    if (stream) {
      stream.ahead += size;
      if (stream.ahead > window) throw new Error('the server sends more than it may');
      if (payload.length > 0) stream.handler.data(payload);
      take(stream, size - payload.length);
    }
    if (flags & END_STREAM) finish(id);
    received += size;
    // for all answers together there is always room: each has a window of its own
    if (received < sessionWindow / 2) return;
    duplex.write(windowUpdate(0, received));
    received = 0;
  };

  const take = (stream: Stream, bytes: number) => {
    stream.taken += bytes;
    if (stream.taken < window / 2 || !streams.has(stream.id)) return;
    duplex.write(windowUpdate(stream.id, stream.taken));
    stream.ahead -= stream.taken;
    stream.taken = 0;
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
        for (const stream of waiting) end(stream, lost);
        waiting.clear();
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
  duplex.on('close', () => lose(HUNG_UP));
  duplex.on('end', () => lose(HUNG_UP));

  const client: Http2Client = {
    request(fields, handler, body) {
      const stream: Stream = {
        ...{ handler, fields, id: 0, unsent: [], bodyEnds: false, bodySent: false, whole: body !== undefined },
        ...{ window: 0, headerBytes: 0, ahead: 0, taken: 0 },
      };
      if (body) {
        stream.unsent.push({ rest: body, done: undefined });
        stream.bodyEnds = true;
      }
      if (lost !== undefined) queueMicrotask(() => end(stream, lost));
      else if (streams.size >= maxStreams) waiting.add(stream);
      else start(stream);
      const isOpen = () => streams.has(stream.id) || waiting.has(stream);
      return {
        write(bytes, done) {
          if (!isOpen() || stream.bodyEnds) return done?.();
          stream.unsent.push({ rest: bytes, done });
          flush(stream);
        },
        end() {
          stream.bodyEnds = true;
          if (isOpen()) flush(stream);
        },
        taken: (bytes) => take(stream, bytes),
        cancel() {
          if (!isOpen()) return;
          for (const { done } of stream.unsent.splice(0)) done?.();
          if (!waiting.delete(stream)) {
            streams.delete(stream.id);
            reset(stream.id);
          }
          startWaiting();
        },
      };
    },
    get isLost() {
      return lost !== undefined;
    },
    told: told.promise,
    get hasRoom() {
      const open = streams.size + waiting.size;
      return open === 0 || (isTold && open < maxStreams - 1);
    },
    close: () => abandon(HUNG_UP),
  };
  return client;
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
