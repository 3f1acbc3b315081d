/**
 * The server's end of HTTP/2 (RFC 9113) on a byte stream, for calls that stream both ways. It is our own because Node's
 * ends a connection whose headers come in more than nine frames (150 KB, while each pattern of a .dockerignore is a
 * header), with an error that says nothing, and no option changes that.
 */
import { joinBytes } from '../go/bytes.ts';
import type { ByteStream } from './byte-stream.ts';
import { type HeaderBlock, headerFrames } from './header-block.ts';
import { defaultTableBytes, fieldBytes, type HeaderField, maxHeaderBytes, readHeaders } from './hpack.ts';
import {
  defaultWindow,
  FrameType,
  goawayFrame,
  Http2ErrorCode,
  numberFrame,
  type PeerSettings,
  Setting,
  settingsFrame,
} from './http2-frames.ts';
import { type Http2Endpoint, receiveFrames } from './http2-receive.ts';
import { BodySender, OutgoingBody } from './http2-send.ts';
import { ReceiveWindow } from './receive-window.ts';
import { after } from './timer.ts';

/** Maximum number of bytes that wait to be sent on a stream. */
const writeAheadBytes = 1 << 20;
/** Flow-control windows of a stream and of the connection, in bytes. */
const streamWindow = 4 << 20;
const connectionWindow = 16 << 20;
/** Streams at a time: more than a build has, and no more than there is memory for. */
const maxStreams = 10_000;
/**
 * Maximum number of bytes that wait for a client which sends requests but does not read the answers; then it is
 * disconnected.
 */
const maxWaitingBytes = 64 << 20;

/** Bytes that the headers of all streams may take together. */
const maxHeadersBytes = 64 << 20;
/** Milliseconds for a client that is cut off to take the reason. */
const goodbyeMs = 1000;

/** A request, and the stream that answers it. */
export interface Http2Stream {
  readonly headers: readonly HeaderField[];
  /** The headers took more than maxHeaderBytes: `headers` has what came first. */
  readonly isTruncated: boolean;
  /** The request body. Reading it widens the window; unread data is discarded when the stream has ended. */
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

/** The headers of a request, as far as they were kept. */
interface RequestHeaders {
  readonly fields: readonly HeaderField[];
  /** Bytes that they take in memory. */
  readonly bytes: number;
  readonly isTruncated: boolean;
}

/**
 * Speaks HTTP/2 over `stream` and calls `onStream` for each request. A client that breaks the rules is cut off.
 *
 * @param goneReason what signals are aborted with
 */
export function serveHttp2(stream: ByteStream, onStream: (stream: Http2Stream) => void, goneReason: () => Error): void {
  receiveFrames(stream, new ServerConnection(stream, onStream, goneReason));
}

class ServerConnection implements Http2Endpoint {
  readonly peer = 'client';
  readonly sender: BodySender;
  private readonly stream: ByteStream;
  private readonly onStream: (stream: Http2Stream) => void;
  private readonly goneReason: () => Error;
  private readonly streams = new Map<number, ServerStream>();
  private readonly table = { fields: [] as HeaderField[], capacity: defaultTableBytes };
  private headersBytes = 0;
  private lastId = 0;
  private readonly window = new ReceiveWindow(connectionWindow);

  constructor(stream: ByteStream, onStream: (stream: Http2Stream) => void, goneReason: () => Error) {
    this.stream = stream;
    this.onStream = onStream;
    this.goneReason = goneReason;
    this.sender = new BodySender((bytes, onWritten) => this.write(bytes, onWritten));
    this.write(
      joinBytes([
        settingsFrame([
          [Setting.headerTableSize, 0],
          [Setting.maxConcurrentStreams, maxStreams],
          [Setting.initialWindowSize, streamWindow],
        ]),
        numberFrame(FrameType.windowUpdate, 0, connectionWindow - defaultWindow),
      ]),
    );
  }

  onData(id: number, payload: Uint8Array, size: number, isEnd: boolean): void {
    const stream = this.streams.get(id);
    if (!this.window.take(size) || stream?.takes(size) === false) throw new Error('the client sent more than it may');
    const isKept = stream?.keep(payload);
    const rest = isKept ? size - payload.length : size; // padding and discarded data
    if (rest > 0) this.giveBack(stream, rest);
    if (isEnd) stream?.endBody();
  }

  onHeaders(block: HeaderBlock): void {
    const headers = this.read(block);
    const { id, isEnd } = block;
    if (id > this.lastId) {
      if (id % 2 === 0) throw new Error(`a client cannot open stream ${id}`);
      this.lastId = id;
      this.open(id, headers, isEnd);
    } else if (isEnd) this.streams.get(id)?.endBody();
  }

  onSettings(settings: PeerSettings): void {
    this.sender.apply(settings);
    this.sender.flush();
  }

  onWindowUpdate(id: number, bytes: number): void {
    this.sender.grow(id, bytes);
  }

  onReset(id: number): void {
    const stream = this.streams.get(id);
    if (stream) this.cancel(stream);
  }

  answer(frame: Uint8Array): void {
    this.write(frame);
  }

  onBroken({ message }: Error): void {
    this.cancelAll();
    this.stream.write(goawayFrame({ lastId: this.lastId, code: Http2ErrorCode.protocolError, message }));
    this.stream.end();
    after(goodbyeMs, () => this.stream.destroy()); // whoever breaks rules may not read either
  }

  onClosed(): void {
    this.stream.destroy();
    this.cancelAll();
  }

  respond(id: number, fields: readonly HeaderField[]): void {
    if (this.streams.has(id)) this.write(headerFrames(id, fields, 0, this.sender.frameSize));
  }

  /** Lets the client send as much again as was read. */
  giveBack(stream: ServerStream | undefined, bytes: number): void {
    const growth = stream?.giveBack(bytes) ?? 0;
    if (growth > 0) this.write(numberFrame(FrameType.windowUpdate, stream!.id, growth));
    const all = this.window.giveBack(bytes);
    if (all > 0) this.write(numberFrame(FrameType.windowUpdate, 0, all));
  }

  /** The stream is over. */
  forget(stream: ServerStream): void {
    if (!this.streams.delete(stream.id)) return;
    this.headersBytes -= stream.headerBytes;
    this.sender.forget(stream.outgoing);
    this.throwAway(stream);
  }

  /** Reports discarded data as consumed, so that the client may send more. */
  throwAway(stream: ServerStream): void {
    const bytes = stream.throwAway();
    if (bytes > 0) this.giveBack(undefined, bytes);
  }

  private write(bytes: Uint8Array, onWritten?: () => void): void {
    this.stream.write(bytes, onWritten);
    if (this.stream.waitingBytes > maxWaitingBytes) this.stream.destroy();
  }

  private read(block: HeaderBlock): RequestHeaders {
    const fields: HeaderField[] = [];
    let bytes = 0;
    try {
      readHeaders(block.encoded(), this.table, (field) => {
        if (bytes > maxHeaderBytes) return;
        bytes += fieldBytes(field);
        fields.push(field);
      });
    } catch (error) {
      // What is more is not kept; the client's next block can be read all the same, as nothing refers to another block.
      if (!block.isCut) throw error;
    }
    return { fields, bytes, isTruncated: block.isCut || bytes > maxHeaderBytes };
  }

  private open(id: number, headers: RequestHeaders, hasEnded: boolean): void {
    if (this.streams.size >= maxStreams || this.headersBytes + headers.bytes > maxHeadersBytes) {
      this.write(numberFrame(FrameType.rstStream, id, Http2ErrorCode.refusedStream));
      return;
    }
    this.headersBytes += headers.bytes;
    const stream = new ServerStream(this, id, headers, hasEnded);
    this.streams.set(id, stream);
    this.sender.start(stream.outgoing, id);
    this.onStream(stream);
  }

  private cancel(stream: ServerStream): void {
    this.forget(stream);
    stream.cancel(this.goneReason());
  }

  private cancelAll(): void {
    for (const stream of [...this.streams.values()]) this.cancel(stream);
  }
}

class ServerStream implements Http2Stream {
  readonly id: number;
  readonly headers: readonly HeaderField[];
  readonly isTruncated: boolean;
  readonly headerBytes: number;
  readonly body: AsyncIterable<Uint8Array>;
  readonly outgoing = new OutgoingBody({
    onWritten: () => {
      if (this.outgoing.pending < writeAheadBytes) this.wakeWriters();
    },
    ended: () => this.connection.forget(this),
  });
  private readonly connection: ServerConnection;
  private readonly abort = new AbortController();
  /** Received data that was not read yet; undefined if it is discarded. */
  private received: Uint8Array[] | undefined = [];
  /** Nothing more will come. */
  private hasEnded: boolean;
  private readonly window = new ReceiveWindow(streamWindow);
  private wakeReader = () => {};
  private writers: (() => void)[] = [];

  constructor(connection: ServerConnection, id: number, headers: RequestHeaders, hasEnded: boolean) {
    this.connection = connection;
    this.id = id;
    this.headers = headers.fields;
    this.headerBytes = headers.bytes;
    this.isTruncated = headers.isTruncated;
    this.hasEnded = hasEnded;
    this.body = this.read();
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  respond(headers: readonly HeaderField[]): void {
    this.connection.respond(this.id, headers);
  }

  async write(data: Uint8Array): Promise<void> {
    this.signal.throwIfAborted();
    this.connection.sender.add(this.outgoing, data);
    while (this.outgoing.pending >= writeAheadBytes) {
      await new Promise<void>((resolve) => this.writers.push(resolve));
      this.signal.throwIfAborted();
    }
  }

  end(trailers: readonly HeaderField[]): void {
    this.connection.throwAway(this);
    this.connection.sender.end(this.outgoing, trailers);
  }

  /** Whether the client may send that much now. */
  takes(bytes: number): boolean {
    return this.window.take(bytes) && !this.hasEnded;
  }

  /** Keeps data for the reader of the body. @returns whether it will be read */
  keep(payload: Uint8Array): boolean {
    if (!this.received || payload.length === 0) return false;
    this.received.push(payload);
    this.wakeReader();
    return true;
  }

  /** Counts what the reader has taken. @returns the increment of the window to send to the client; 0 for none */
  giveBack(bytes: number): number {
    return this.hasEnded ? 0 : this.window.giveBack(bytes);
  }

  /** The client sends nothing more. */
  endBody(): void {
    this.hasEnded = true;
    this.wakeReader();
  }

  /** Drops what waits for a reader. @returns how many bytes were waiting for a reader */
  throwAway(): number {
    const bytes = this.received?.reduce((sum, { length }) => sum + length, 0) ?? 0;
    this.received = undefined;
    return bytes;
  }

  cancel(reason: Error): void {
    this.abort.abort(reason);
    this.wakeReader();
    this.wakeWriters();
  }

  private async *read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunks = this.received?.splice(0) ?? [];
      for (const chunk of chunks) {
        this.connection.giveBack(this, chunk.length);
        yield chunk;
      }
      if (chunks.length > 0) continue;
      this.signal.throwIfAborted();
      if (this.hasEnded) return;
      await new Promise<void>((resolve) => {
        this.wakeReader = resolve;
      });
    }
  }

  private wakeWriters(): void {
    const writers = this.writers;
    this.writers = [];
    for (const wake of writers) wake();
  }
}
