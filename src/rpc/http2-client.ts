/**
 * The client's end of HTTP/2 (RFC 9113) on a byte stream of any host. A frontend starts for every build, and loading
 * Node's own http2 takes longer than all its calls. The client of a daemon uses it as well, because Node's takes no
 * more than eight CONTINUATION frames: the errors of a long Dockerfile, which quote it, need more.
 */
import { joinBytes } from '../go/bytes.ts';
import type { ByteStream } from './byte-stream.ts';
import { type HeaderBlock, headerFrames } from './header-block.ts';
import { decodeHeaders, type HeaderField, maxHeaderBytes } from './hpack.ts';
import {
  clientPreface,
  defaultFrameSize,
  defaultWindow,
  FrameType,
  type Goaway,
  Http2ErrorCode,
  numberFrame,
  type PeerSettings,
  Setting,
  settingsFrame,
} from './http2-frames.ts';
import { type Http2Endpoint, receiveFrames } from './http2-receive.ts';
import { BodySender, OutgoingBody } from './http2-send.ts';
import { watchLiveness } from './liveness.ts';
import { ReceiveWindow } from './receive-window.ts';

/** Flow-control window of the connection, in bytes. */
const connectionWindow = 16 << 20;

/** Maximum number of frames in a header block. With frames of the usual size, the largest block has a thousand. */
const maxBlockFrames = 16_384;
/** Maximum number of unsent acknowledgements of pings and settings, as in Go's servers. */
const maxUnsentAnswers = 10_000;

/** The reason when either side closed the connection without an error. */
export const hungUp = 'the connection was closed';

/** Receives the response to a request. */
export interface ResponseHandler {
  /** Called with the header fields, and a second time with the trailers. */
  headers(fields: readonly HeaderField[]): void;
  data(chunk: Uint8Array): void;
  /** Called at the end of the stream; `reason` is undefined if the response is complete. */
  end(reason: string | undefined): void;
}

/** A request in progress. */
export interface Http2Request {
  /** Sends more of the body. `onWritten` is called when the bytes are written, or cannot be any more. */
  write(bytes: Uint8Array, onWritten?: () => void): void;
  /** Ends the body. */
  end(): void;
  /** Reports bytes as consumed, so that the server may send as many more. */
  taken(bytes: number): void;
  /** Cancels the request. Its handler is not called any more. */
  cancel(): void;
}

/** The client's end of a connection. */
export interface Http2Client {
  /** Sends a request. With `body` it is complete; otherwise the body is written to the returned request. */
  request(fields: readonly HeaderField[], handler: ResponseHandler, body?: Uint8Array): Http2Request;
  /** Whether the connection is lost, so that no more requests can be sent. */
  readonly isLost: boolean;
  /**
   * Whether another request would be sent at once, and the server's limit of concurrent streams would still leave one
   * for {@link Http2Options.question}. Until the limit is known, it counts as one.
   */
  readonly hasRoom: boolean;
  /** Resolves when the server's limit of concurrent streams is known, or when the connection is lost. */
  readonly limitKnown: Promise<void>;
  close(): void;
}

/** Options of a connection. */
export interface Http2Options {
  /** Flow-control window of each response, in bytes. */
  readonly window: number;
  /**
   * Maximum time in milliseconds without any progress while requests are open: the server neither sends anything nor
   * reads from a request body. 0 means no limit. Pings do not count as progress, because the HTTP/2 library of a server
   * that hangs still answers them; they are not used to test the server either, because many gRPC servers treat them as
   * abuse.
   */
  readonly silenceMs: number;
  /**
   * A request that a working server answers at once. It is sent when the server is silent, and any answer proves that
   * the server works, even that the method does not exist. Other requests leave one of the server's concurrent streams
   * for it.
   */
  readonly question?: { readonly fields: readonly HeaderField[]; readonly body: Uint8Array } | undefined;
}

/** A request and the state of its response. */
class ClientStream {
  readonly fields: readonly HeaderField[];
  readonly handler: ResponseHandler;
  readonly body = new OutgoingBody();
  /** Whether the body was passed with the request. */
  readonly isWhole: boolean;
  readonly window: ReceiveWindow;
  /** Bytes of headers received so far. */
  headerBytes = 0;

  constructor(fields: readonly HeaderField[], handler: ResponseHandler, window: number, body: Uint8Array | undefined) {
    this.fields = fields;
    this.handler = handler;
    this.window = new ReceiveWindow(window);
    this.isWhole = body !== undefined;
    if (!body) return;
    this.body.add(body);
    this.body.hasEnd = true;
  }

  /** Ends the stream. @param reason why the stream ended; undefined if the response is complete */
  end(reason?: string): void {
    this.body.drop();
    this.handler.end(reason);
  }
}

/** Speaks HTTP/2 over `stream`. */
export function connectHttp2(stream: ByteStream, options: Http2Options): Http2Client {
  return new ClientConnection(stream, options);
}

class ClientConnection implements Http2Client, Http2Endpoint {
  readonly peer = 'server';
  readonly limitKnown: Promise<void>;
  private readonly stream: ByteStream;
  private readonly options: Http2Options;
  private readonly sender: BodySender;
  private readonly streams = new Map<number, ClientStream>();
  /** Requests that wait for another one to end. */
  private readonly waiting = new Set<ClientStream>();
  private maxStreams = Number.POSITIVE_INFINITY;
  private nextId = 1;
  private readonly window = new ReceiveWindow(connectionWindow);
  /** Why no more requests are taken. */
  private lost: string | undefined;
  private isLimitKnown = false;
  private readonly tell: () => void;
  /** Frames of answers. */
  private arrived = 0;
  private unsentAnswers = 0;
  private isAsking = false;
  private readonly endWatches: readonly (() => void)[];

  constructor(stream: ByteStream, options: Http2Options) {
    this.stream = stream;
    this.options = options;
    const limitKnown = Promise.withResolvers<void>();
    this.limitKnown = limitKnown.promise;
    this.tell = limitKnown.resolve;
    this.sender = new BodySender((bytes, onWritten) => stream.write(bytes, onWritten));
    stream.write(
      joinBytes([
        clientPreface,
        settingsFrame([
          [Setting.headerTableSize, 0],
          [Setting.enablePush, 0],
          [Setting.initialWindowSize, options.window],
        ]),
        numberFrame(FrameType.windowUpdate, 0, connectionWindow - defaultWindow),
      ]),
    );
    this.endWatches = options.silenceMs === 0 ? [] : this.watch(options.silenceMs);
    receiveFrames(stream, this);
  }

  request(fields: readonly HeaderField[], handler: ResponseHandler, body?: Uint8Array): Http2Request {
    const stream = new ClientStream(fields, handler, this.options.window, body);
    if (this.lost !== undefined) void Promise.resolve().then(() => stream.end(this.lost));
    else if (this.streams.size >= this.places) this.waiting.add(stream);
    else this.start(stream);
    return {
      write: (bytes, done) => {
        if (!this.isOpen(stream) || stream.body.hasEnd) return done?.();
        this.sender.add(stream.body, bytes, done);
      },
      end: () => {
        if (this.isOpen(stream)) this.sender.end(stream.body);
      },
      taken: (bytes) => this.giveBack(stream, bytes),
      cancel: () => this.cancel(stream),
    };
  }

  get isLost(): boolean {
    return this.lost !== undefined;
  }

  get hasRoom(): boolean {
    const open = this.streams.size + this.waiting.size;
    return open === 0 || (this.isLimitKnown && open < this.places);
  }

  close(): void {
    this.abandon(hungUp);
  }

  onFrame(id: number): void {
    if (id !== 0) this.arrived++;
  }

  onData(id: number, payload: Uint8Array, size: number, isEnd: boolean): void {
    const stream = this.streams.get(id);
    if (stream) {
      if (!stream.window.take(size)) throw new Error('the server sends more than it may');
      if (payload.length > 0) stream.handler.data(payload);
      this.giveBack(stream, size - payload.length);
    }
    if (isEnd) this.finish(id);
    // For all answers together there is always room: each has a window of its own.
    this.window.take(size);
    const growth = this.window.giveBack(size);
    if (growth > 0) this.stream.write(numberFrame(FrameType.windowUpdate, 0, growth));
  }

  onHeaderPart({ id, bytes, frames }: HeaderBlock): void {
    const before = this.streams.get(id)?.headerBytes ?? 0;
    if (before + bytes > maxHeaderBytes || frames > maxBlockFrames)
      throw new Error(`the server sent more than ${maxHeaderBytes} bytes of headers, or in too many frames`);
  }

  onHeaders(block: HeaderBlock): void {
    const stream = this.streams.get(block.id);
    if (stream) {
      stream.headerBytes += block.bytes;
      stream.handler.headers(decodeHeaders(block.encoded()));
    }
    if (block.isEnd) this.finish(block.id);
  }

  onSettings(settings: PeerSettings): void {
    this.maxStreams = settings.maxStreams ?? this.maxStreams;
    this.sender.apply(settings);
    this.isLimitKnown = true;
    this.tell();
    this.startWaiting();
    this.sender.flush();
  }

  onWindowUpdate(id: number, bytes: number): void {
    this.sender.grow(id, bytes);
  }

  onReset(id: number, code: number): void {
    this.finish(id, `the server reset the stream with code ${code}`);
  }

  onGoaway({ lastId, code, message }: Goaway): void {
    this.lost ??= `the server is going away: ${message || `code ${code}`}`;
    this.endWaiting();
    // Others may still be answered.
    for (const id of [...this.streams.keys()]) if (id > lastId) this.finish(id, this.lost);
  }

  answer(frame: Uint8Array): void {
    if (++this.unsentAnswers > maxUnsentAnswers) throw new Error('the server asks without taking the answers');
    this.stream.write(frame, () => {
      this.unsentAnswers--;
    });
  }

  onBroken(error: Error): void {
    this.abandon(error.message);
  }

  onClosed(error?: Error): void {
    this.lose(error?.message ?? hungUp);
  }

  /** Streams that the server takes; one of them is kept for the question. */
  private get places(): number {
    return this.options.question && this.maxStreams > 1 ? this.maxStreams - 1 : this.maxStreams;
  }

  private isOpen(stream: ClientStream): boolean {
    return this.streams.has(stream.body.id) || this.waiting.has(stream);
  }

  private start(stream: ClientStream): void {
    const id = this.nextId;
    this.nextId += 2;
    this.streams.set(id, stream);
    this.stream.write(headerFrames(id, stream.fields, 0, defaultFrameSize));
    this.sender.start(stream.body, id);
  }

  private startWaiting(): void {
    for (const stream of this.waiting) {
      if (this.streams.size >= this.places || this.lost !== undefined) return;
      this.waiting.delete(stream);
      this.start(stream);
    }
  }

  private giveBack(stream: ClientStream, bytes: number): void {
    const growth = stream.window.giveBack(bytes);
    const { id } = stream.body;
    if (growth > 0 && this.streams.has(id)) this.stream.write(numberFrame(FrameType.windowUpdate, id, growth));
  }

  private finish(id: number, reason?: string): void {
    const stream = this.streams.get(id);
    if (!stream) return;
    const isAnsweredFirst = reason === undefined && !stream.body.isOver;
    this.remove(stream);
    if (isAnsweredFirst) this.reset(id);
    stream.end(reason);
    this.startWaiting();
    if (this.lost !== undefined && this.streams.size === 0) this.stream.destroy();
  }

  private cancel(stream: ClientStream): void {
    if (!this.isOpen(stream)) return;
    if (this.waiting.delete(stream)) stream.body.drop();
    else {
      this.remove(stream);
      this.reset(stream.body.id);
    }
    this.startWaiting();
  }

  private remove(stream: ClientStream): void {
    this.streams.delete(stream.body.id);
    this.sender.forget(stream.body);
  }

  private reset(id: number): void {
    this.stream.write(numberFrame(FrameType.rstStream, id, Http2ErrorCode.cancel));
  }

  private endWaiting(): void {
    for (const stream of this.waiting) stream.end(this.lost);
    this.waiting.clear();
  }

  private lose(reason: string): void {
    this.lost ??= reason;
    this.tell();
    for (const end of this.endWatches) end();
    this.endWaiting();
    for (const id of [...this.streams.keys()]) this.finish(id, this.lost);
  }

  private abandon(reason: string): void {
    this.lose(reason);
    this.stream.destroy();
  }

  private watch(silenceMs: number): readonly (() => void)[] {
    const seconds = silenceMs / 1000;
    const isSending = () => [...this.streams.values()].some(({ isWhole, body }) => isWhole && !body.isOver);
    return [
      watchLiveness({
        silenceMs,
        arrived: () => (this.streams.size > 0 ? this.arrived : undefined),
        ask: () => this.ask(),
        giveUp: () => this.abandon(`no sign of life for ${seconds} s`),
      }),
      watchLiveness({
        silenceMs,
        arrived: () => (isSending() ? this.sender.sent : undefined),
        ask() {}, // the other watch does
        giveUp: () => this.abandon(`nothing of a request was taken for ${seconds} s`),
      }),
    ];
  }

  private ask(): void {
    const { question, window } = this.options;
    if (!question || this.isAsking || this.lost !== undefined || this.streams.size >= this.maxStreams) return;
    this.isAsking = true;
    const end = () => {
      this.isAsking = false;
    };
    this.start(new ClientStream(question.fields, { headers() {}, data() {}, end }, window, question.body));
  }
}
