/**
 * The server's end of HTTP/2 (RFC 9113) on a duplex stream, for calls that stream both ways. It is our own because Node's
 * ends a connection whose headers come in more than nine frames (150 KB, while each pattern of a .dockerignore is a
 * header), with an error that says nothing, and no option changes that.
 */
import type { Duplex } from 'node:stream';
import {
  DEFAULT_TABLE_BYTES,
  encodeHeaders,
  fieldBytes,
  type HeaderField,
  MAX_HEADER_BYTES,
  readHeaders,
} from './hpack.ts';
import {
  ACK,
  CONTINUATION,
  DATA,
  defaultFrameSize,
  defaultWindow,
  END_HEADERS,
  END_STREAM,
  frameHead,
  GOAWAY,
  HEADER_TABLE_SIZE,
  HEADERS,
  headSize,
  INITIAL_WINDOW_SIZE,
  largestWindow,
  MAX_CONCURRENT_STREAMS,
  numberFrame,
  PING,
  PRIORITY,
  PROTOCOL_ERROR,
  PUSH_PROMISE,
  REFUSED_STREAM,
  RST_STREAM,
  readFrames,
  readSettings,
  SETTINGS,
  settingsFrame,
  WINDOW_UPDATE,
  withoutPadding,
  writeFrameHead,
} from './http2-frames.ts';

/** How much may be written to a stream that has not left yet. */
const WRITE_AHEAD_BYTES = 1 << 20;
/** What a stream sends before it is another's turn. */
const TURN_BYTES = 256 << 10;
/** How much the client may send ahead on a stream, and on all of them. */
const STREAM_WINDOW = 4 << 20;
const CONNECTION_WINDOW = 16 << 20;
/** Streams at a time: more than a build has, and no more than there is memory for. */
const MAX_STREAMS = 10_000;
/** A client that goes on asking without taking the answers is cut off when that many bytes wait for it. */
const MAX_WAITING_BYTES = 64 << 20;

/** Bytes that the headers of all streams may take together. */
const MAX_HEADERS_BYTES = 64 << 20;
/** Milliseconds for a client that is cut off to take the reason. */
const GOODBYE_MS = 1000;

/** The least that a payload holds. */
const leastPayload = new Map<number, number>([
  [RST_STREAM, 4],
  [PING, 8],
  [WINDOW_UPDATE, 4],
]);

/** A request, and the stream that answers it. */
export interface Http2Stream {
  readonly headers: readonly HeaderField[];
  /** The headers took more than MAX_HEADER_BYTES: `headers` has what came first. */
  readonly isTruncated: boolean;
  /** What the client sends. Reading makes room for more; what nobody reads is thrown away once the stream has ended. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Aborted when the client gives the stream up, and when the connection ends. */
  readonly signal: AbortSignal;
  /** Sends the answer's headers. */
  respond(headers: readonly HeaderField[]): void;
  /** Sends data, which is the stream's from now on. Resolves when more is taken. @throws the signal's reason */
  write(data: Uint8Array): Promise<void>;
  /** Ends the answer with its trailers, when all data has left. */
  end(trailers: readonly HeaderField[]): void;
}

interface Stream {
  readonly id: number;
  readonly abort: AbortController;
  readonly headerBytes: number;
  /** What came and was not read yet; undefined once nobody will. */
  received: Buffer[] | undefined;
  /** Nothing more will come. */
  hasEnded: boolean;
  /** What may still come, and what was read since the client last heard of it. */
  receiveWindow: number;
  read: number;
  wakeReader: () => void;
  /** What waits for the client's window. */
  readonly queue: Uint8Array[];
  /** Bytes in the queue and on their way. */
  pending: number;
  sendWindow: number;
  trailers: readonly HeaderField[] | undefined;
  wakeWriters: (() => void)[];
}

interface HeaderBlock {
  readonly id: number;
  readonly isEnd: boolean;
  readonly parts: Buffer[];
  bytes: number;
}

/**
 * Speaks HTTP/2 over `duplex` and calls `onStream` for each request. A client that breaks the rules is cut off.
 *
 * @param goneReason what signals are aborted with
 */
export function serveHttp2(duplex: Duplex, onStream: (stream: Http2Stream) => void, goneReason: () => Error): void {
  const streams = new Map<number, Stream>();
  /** Streams whose queues are not empty, in the order of their turns. */
  const sending = new Set<Stream>();
  const table = { fields: [] as HeaderField[], capacity: DEFAULT_TABLE_BYTES };
  let headersBytes = 0;
  let lastId = 0;
  let sendWindow = defaultWindow;
  let initialWindow = defaultWindow;
  let frameSize = defaultFrameSize;
  let receiveWindow = CONNECTION_WINDOW;
  let read = 0;
  let block: HeaderBlock | undefined;

  let isCorked = false;
  const write = (bytes: Uint8Array, written?: () => void) => {
    if (duplex.destroyed || duplex.writableEnded) return;
    // what belongs together leaves together, and never while what came is still being read
    if (!isCorked) {
      isCorked = true;
      duplex.cork();
      process.nextTick(() => {
        isCorked = false;
        duplex.uncork();
      });
    }
    duplex.write(bytes, written && ((error) => error ?? written()));
    if (duplex.writableLength > MAX_WAITING_BYTES) duplex.destroy();
  };
  const writeHeaders = (id: number, fields: readonly HeaderField[], flags: number) => {
    const encoded = encodeHeaders(fields);
    for (let at = 0; at === 0 || at < encoded.length; at += frameSize) {
      const part = encoded.subarray(at, at + frameSize);
      const isLast = at + frameSize >= encoded.length;
      const head = frameHead(at === 0 ? HEADERS : CONTINUATION, at === 0 ? flags : 0, id, part.length);
      if (isLast) head[4]! |= END_HEADERS;
      write(Buffer.concat([head, part]));
    }
  };

  const give = (stream: Stream | undefined, bytes: number) => {
    if (stream && !stream.hasEnded) {
      stream.read += bytes;
      if (stream.read >= STREAM_WINDOW / 2) {
        write(numberFrame(WINDOW_UPDATE, stream.id, stream.read));
        stream.receiveWindow += stream.read;
        stream.read = 0;
      }
    }
    read += bytes;
    if (read < CONNECTION_WINDOW / 2) return;
    write(numberFrame(WINDOW_UPDATE, 0, read));
    receiveWindow += read;
    read = 0;
  };
  const throwAway = (stream: Stream) => {
    const bytes = stream.received?.reduce((sum, { length }) => sum + length, 0) ?? 0;
    stream.received = undefined;
    if (bytes > 0) give(undefined, bytes);
  };
  const forget = (stream: Stream) => {
    if (!streams.delete(stream.id)) return;
    headersBytes -= stream.headerBytes;
    sending.delete(stream);
    throwAway(stream);
  };
  const cancel = (stream: Stream) => {
    forget(stream);
    stream.abort.abort(goneReason());
    stream.wakeReader();
    wakeWriters(stream);
  };

  /** As much as the windows allow, the streams in turns. */
  const flush = () => {
    for (const stream of sending) {
      if (sendWindow <= 0) return;
      sending.delete(stream); // back at the end when there is more, so that the loop comes to it again
      const frames = takeFrames(stream, Math.min(TURN_BYTES, sendWindow, stream.sendWindow), frameSize);
      if (!frames) continue; // until the client opens its window
      sendWindow -= frames.bytes;
      stream.sendWindow -= frames.bytes;
      write(frames.out, () => {
        stream.pending -= frames.bytes;
        if (stream.pending < WRITE_AHEAD_BYTES) wakeWriters(stream);
      });
      if (stream.queue.length > 0) sending.add(stream);
      else finish(stream);
    }
  };
  const finish = (stream: Stream) => {
    if (!stream.trailers || stream.queue.length > 0 || !streams.has(stream.id)) return;
    writeHeaders(stream.id, stream.trailers, END_STREAM);
    forget(stream);
  };

  const open = (id: number, headers: HeaderField[], headerBytes: number, isTruncated: boolean, hasEnded: boolean) => {
    if (streams.size >= MAX_STREAMS || headersBytes + headerBytes > MAX_HEADERS_BYTES)
      return write(numberFrame(RST_STREAM, id, REFUSED_STREAM));
    headersBytes += headerBytes;
    const stream: Stream = {
      id,
      abort: new AbortController(),
      headerBytes,
      received: [],
      hasEnded,
      receiveWindow: STREAM_WINDOW,
      read: 0,
      wakeReader: () => {},
      queue: [],
      pending: 0,
      sendWindow: initialWindow,
      trailers: undefined,
      wakeWriters: [],
    };
    streams.set(id, stream);
    onStream({
      headers,
      isTruncated,
      body: readBody(stream, (bytes) => give(stream, bytes)),
      signal: stream.abort.signal,
      respond: (fields) => {
        if (streams.has(id)) writeHeaders(id, fields, 0);
      },
      async write(data) {
        stream.abort.signal.throwIfAborted();
        stream.queue.push(data);
        stream.pending += data.length;
        sending.add(stream);
        flush();
        while (stream.pending >= WRITE_AHEAD_BYTES) {
          await new Promise<void>((resolve) => stream.wakeWriters.push(resolve));
          stream.abort.signal.throwIfAborted();
        }
      },
      end(trailers) {
        stream.trailers = trailers;
        throwAway(stream);
        finish(stream);
      },
    });
  };

  const onBlock = ({ id, isEnd, parts, bytes }: HeaderBlock) => {
    const fields: HeaderField[] = [];
    let listBytes = 0;
    const isCut = bytes > MAX_HEADER_BYTES;
    try {
      readHeaders(Buffer.concat(parts), table, (field) => {
        if (listBytes > MAX_HEADER_BYTES) return;
        listBytes += fieldBytes(field);
        fields.push(field);
      });
    } catch (error) {
      if (!isCut) throw error; // or else it breaks off where we stopped to keep it
    }
    if (id > lastId) {
      if (id % 2 === 0) throw new Error(`a client cannot open stream ${id}`);
      lastId = id;
      return open(id, fields, listBytes, isCut || listBytes > MAX_HEADER_BYTES, isEnd);
    }
    const stream = streams.get(id);
    if (stream && isEnd) endBody(stream);
  };
  const onPart = (payload: Buffer, flags: number) => {
    const current = block!;
    current.bytes += payload.length;
    // what is more is not kept; the client's next block can be read all the same, as nothing refers to another block
    if (payload.length > 0 && current.bytes <= MAX_HEADER_BYTES) current.parts.push(Buffer.from(payload));
    if (!(flags & END_HEADERS)) return;
    block = undefined;
    onBlock(current);
  };
  const onData = (id: number, payload: Buffer, flags: number, size: number) => {
    receiveWindow -= size;
    if (receiveWindow < 0) throw new Error('the client sent more than it may');
    const stream = streams.get(id);
    if (stream) {
      stream.receiveWindow -= size;
      if (stream.hasEnded || stream.receiveWindow < 0) throw new Error('the client sent more than it may');
    }
    const isKept = stream?.received && payload.length > 0;
    if (isKept) {
      stream.received!.push(payload);
      stream.wakeReader();
    }
    const rest = isKept ? size - payload.length : size; // padding, and what nobody reads
    if (rest > 0) give(stream, rest);
    if (stream && flags & END_STREAM) endBody(stream);
  };
  const endBody = (stream: Stream) => {
    stream.hasEnded = true;
    stream.wakeReader();
  };
  const onSettings = (payload: Buffer) => {
    const settings = readSettings(payload);
    frameSize = settings.frameSize ?? frameSize;
    const window = settings.initialWindow ?? initialWindow;
    for (const stream of streams.values()) {
      stream.sendWindow += window - initialWindow;
      if (stream.queue.length > 0) sending.add(stream);
    }
    initialWindow = window;
    write(frameHead(SETTINGS, ACK, 0, 0));
    flush();
  };
  const onWindowUpdate = (id: number, payload: Buffer) => {
    const more = payload.readUInt32BE(0) & 0x7fffffff;
    const stream = streams.get(id);
    if (id === 0) sendWindow += more;
    else if (stream) {
      stream.sendWindow += more;
      if (stream.queue.length > 0) sending.add(stream);
    }
    if (sendWindow > largestWindow) throw new Error('a window is larger than there are');
    flush();
  };

  const onFrame = (type: number, flags: number, id: number, whole: Buffer) => {
    let payload = withoutPadding(type, flags, whole);
    if (payload.length < (leastPayload.get(type) ?? 0)) throw new Error('the client sent a frame that is too short');
    if (block && type !== CONTINUATION) throw new Error('a header block is not continued');
    switch (type) {
      case DATA:
        return onData(id, payload, flags, whole.length);
      case HEADERS:
        if (flags & PRIORITY) payload = payload.subarray(5);
        block = { id, isEnd: (flags & END_STREAM) !== 0, parts: [], bytes: 0 };
        return onPart(payload, flags);
      case CONTINUATION:
        if (block?.id !== id) throw new Error('a header block is continued that was not begun');
        return onPart(payload, flags);
      case SETTINGS:
        if (!(flags & ACK)) onSettings(payload);
        return;
      case PING:
        if (!(flags & ACK)) write(Buffer.concat([frameHead(PING, ACK, 0, payload.length), payload]));
        return;
      case WINDOW_UPDATE:
        return onWindowUpdate(id, payload);
      case RST_STREAM: {
        const stream = streams.get(id);
        if (stream) cancel(stream);
        return;
      }
      case PUSH_PROMISE:
        throw new Error('a client cannot push');
    }
  };

  const lose = () => {
    for (const stream of [...streams.values()]) cancel(stream);
  };
  write(
    Buffer.concat([
      settingsFrame([
        [HEADER_TABLE_SIZE, 0],
        [MAX_CONCURRENT_STREAMS, MAX_STREAMS],
        [INITIAL_WINDOW_SIZE, STREAM_WINDOW],
      ]),
      numberFrame(WINDOW_UPDATE, 0, CONNECTION_WINDOW - defaultWindow),
    ]),
  );
  readFrames(duplex, 'client', onFrame, ({ message }) => {
    lose();
    duplex.end(goaway(lastId, message), () => duplex.destroy());
    setTimeout(() => duplex.destroy(), GOODBYE_MS).unref(); // whoever breaks rules may not read either
  });
  duplex.once('end', () => duplex.destroy());
  duplex.once('error', () => duplex.destroy());
  duplex.once('close', lose);
}

/** Data frames with up to `room` bytes of what a stream has to send, as one buffer; undefined when there is no room. */
function takeFrames(stream: Stream, room: number, frameSize: number): { out: Buffer; bytes: number } | undefined {
  const { queue } = stream;
  let bytes = 0;
  for (let i = 0; i < queue.length && bytes < room; i++) bytes += queue[i]!.length;
  bytes = Math.min(bytes, room);
  if (bytes <= 0) return undefined;
  const out = Buffer.allocUnsafeSlow(bytes + headSize * Math.ceil(bytes / frameSize));
  let at = 0;
  let done = 0;
  let first = 0;
  for (let left = bytes; left > 0; ) {
    let space = Math.min(left, frameSize);
    left -= space;
    at = writeFrameHead(out, at, DATA, 0, stream.id, space);
    while (space > 0) {
      const data = queue[first]!;
      const step = Math.min(space, data.length - done);
      out.set(data.subarray(done, done + step), at);
      at += step;
      space -= step;
      done += step;
      if (done < data.length) break;
      first++;
      done = 0;
    }
  }
  queue.splice(0, first);
  if (done > 0) queue[0] = queue[0]!.subarray(done);
  return { out, bytes };
}

async function* readBody(stream: Stream, give: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for (;;) {
    const chunks = stream.received?.splice(0) ?? [];
    for (const chunk of chunks) {
      give(chunk.length);
      yield chunk;
    }
    if (chunks.length > 0) continue;
    stream.abort.signal.throwIfAborted();
    if (stream.hasEnded) return;
    await new Promise<void>((resolve) => {
      stream.wakeReader = resolve;
    });
  }
}

function wakeWriters(stream: Stream): void {
  const waiting = stream.wakeWriters;
  stream.wakeWriters = [];
  for (const wake of waiting) wake();
}

function goaway(lastId: number, message: string): Buffer {
  const payload = Buffer.alloc(8 + Buffer.byteLength(message));
  payload.writeUInt32BE(lastId, 0);
  payload.writeUInt32BE(PROTOCOL_ERROR, 4);
  payload.write(message, 8);
  return Buffer.concat([frameHead(GOAWAY, 0, 0, payload.length), payload]);
}
