/**
 * A grpc-js channel over any byte stream. grpc-js connects by itself to sockets only; a daemon may also be behind an
 * HTTP upgrade, the standard streams of a command or an SSH connection. One way for all of them also means that a
 * connection that fails says why, at once.
 */
import { type ClientOptions, connectivityState, Metadata, type StatusObject } from '@grpc/grpc-js';
import { errorMessage } from '../text/error-message.ts';
import { callHeaders } from './call-headers.ts';
import { Connections, type ConnectionsOptions, type OpenConnection } from './connections.ts';
import { deframe, frame } from './framing.ts';
import type { HeaderField } from './hpack.ts';
import type { Http2Request, ResponseHandler } from './http2-client.ts';
import { Code, RpcError } from './rpc-error.ts';
import { decodeStatusMessage } from './status-details.ts';

type GrpcChannel = NonNullable<ClientOptions['channelOverride']>;
type GrpcCall = ReturnType<GrpcChannel['createCall']>;
type Listener = Parameters<GrpcCall['start']>[1];

/** grpc-js's channel as an interface. */
export interface Channel extends GrpcChannel {
  /** The same for calls with one answer, where a second one is an error: grpc-js never asks for it, and would wait. */
  readonly unary?: GrpcChannel;
}

/** A channel over HTTP/2. */
export function createDuplexChannel(options: ConnectionsOptions): Channel {
  const connections = new Connections(options);
  const channel: GrpcChannel = {
    close: () => connections.close(),
    getTarget: () => options.target,
    getConnectivityState: () => (connections.isClosed ? connectivityState.SHUTDOWN : connectivityState.READY),
    watchConnectivityState: (_state, _deadline, callback) => callback(),
    getChannelzRef: () => ({ kind: 'channel' as never, id: 0, name: options.target }),
    createCall: (method, deadline) => new DuplexCall({ method, deadline, options, connections }),
  };
  const unary: GrpcChannel = {
    ...channel,
    createCall: (method, deadline) => new DuplexCall({ method, deadline, options, connections, mostAnswers: 1 }),
  };
  return { ...channel, unary };
}

/** The headers of a call's metadata, bytes in base64. */
const metadataHeaders = (metadata: Metadata): HeaderField[] =>
  Object.entries(metadata.toHttp2Headers()).flatMap(([name, values]) =>
    [values ?? []].flat().map((value): HeaderField => [name, String(value)]),
  );

/** The received messages of a call, for one reader. */
class Inbox implements AsyncIterable<Uint8Array> {
  private readonly taken: (bytes: number) => void;
  private chunks: Uint8Array[] = [];
  private complete = false;
  private wake = () => {};

  /** @param taken called with the bytes that the reader has consumed */
  constructor(taken: (bytes: number) => void) {
    this.taken = taken;
  }

  add(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.wake();
  }

  end(): void {
    this.complete = true;
    this.wake();
  }

  async *[Symbol.asyncIterator]() {
    for (;;) {
      const ready = this.chunks;
      this.chunks = [];
      for (const chunk of ready) {
        this.taken(chunk.length);
        yield chunk;
      }
      if (this.chunks.length > 0) continue;
      if (this.complete) return;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}

/** What a call is made of. */
interface CallSettings {
  readonly method: string;
  readonly deadline: Date | number;
  readonly options: ConnectionsOptions;
  readonly connections: Connections;
  /** Messages after which a further one is an error; any number by default. */
  readonly mostAnswers?: number;
}

/** One call, as grpc-js drives it. */
class DuplexCall implements GrpcCall {
  private readonly method: string;
  private readonly deadline: Date | number;
  private readonly options: ConnectionsOptions;
  private readonly connections: Connections;
  private readonly mostAnswers: number;
  private listener: Listener | undefined;
  private timer: NodeJS.Timeout | undefined;
  private ended = false;

  /** undefined until there is a connection for it. */
  private request: Http2Request | undefined;
  /** What the caller has done before there was a connection, in order. */
  private readonly queued: ((request: Http2Request) => void)[] = [];

  /** Headers and trailers. */
  private readonly answer = new Map<string, string>();
  private readonly inbox = new Inbox((bytes) => this.request?.taken(bytes));
  /** Why the answer has no end. */
  private lost: string | undefined;
  /** Messages asked for and not yet delivered. */
  private credit = 0;
  private wake = () => {};

  constructor({ method, deadline, options, connections, mostAnswers = Number.POSITIVE_INFINITY }: CallSettings) {
    this.method = method;
    this.deadline = deadline;
    this.options = options;
    this.connections = connections;
    this.mostAnswers = mostAnswers;
  }

  start(metadata: Metadata, listener: Listener): void {
    this.listener = listener;
    this.startTimer();
    this.run(metadata).catch((error: unknown) => {
      if (error instanceof RpcError) this.fail(error.code, error.status);
      else this.fail(Code.unavailable, errorMessage(error));
    });
  }

  cancelWithStatus(code: number, details: string): void {
    this.fail(code, details);
    this.request?.cancel();
  }

  sendMessageWithContext(context: { callback?: () => void }, message: Buffer): void {
    this.withRequest((request) => request.write(frame(message), () => context.callback?.()));
  }

  startRead(): void {
    this.credit++;
    this.wake();
  }

  halfClose(): void {
    this.withRequest((request) => request.end());
  }

  getPeer(): string {
    return this.options.target;
  }

  getCallNumber(): number {
    return 0;
  }

  setCredentials(): void {}

  getAuthContext(): null {
    return null;
  }

  private startTimer(): void {
    const expires = typeof this.deadline === 'number' ? this.deadline : this.deadline.getTime();
    if (!Number.isFinite(expires)) return;
    const ms = Math.max(0, expires - Date.now());
    const late = `${this.options.target} did not answer ${this.method} within ${Math.ceil(ms / 1000)} s`;
    this.timer = setTimeout(() => this.cancelWithStatus(Code.deadlineExceeded, late), ms);
  }

  private async run(metadata: Metadata): Promise<void> {
    await this.connections.withRoom((connection) => {
      if (this.ended) return;
      const fields = [...callHeaders(this.options.authority, this.method), ...metadataHeaders(metadata)];
      this.request = connection.client.request(fields, this.handler(connection));
    });
    const { request } = this;
    if (!request) return; // it was given up before
    for (const act of this.queued.splice(0)) act(request);
    try {
      await this.deliver();
    } catch (error) {
      request.cancel();
      if (this.lost === undefined) throw error;
    }
    this.settle();
  }

  private handler({ explain }: OpenConnection): ResponseHandler {
    return {
      headers: (fields) => this.onHeaders(fields),
      data: (chunk) => this.inbox.add(chunk),
      end: (reason) => {
        if (reason !== undefined) this.lost = explain(reason);
        this.inbox.end();
        // After `deliver` has had its chance to deliver what has arrived.
        if (!this.answer.has('grpc-status')) setImmediate(() => this.settle());
      },
    };
  }

  private onHeaders(fields: readonly HeaderField[]): void {
    const first = this.answer.size === 0;
    for (const [name, value] of fields) this.answer.set(name, value);
    const http = this.answer.get(':status');
    if (http !== '200') {
      this.fail(Code.unavailable, `${this.options.target} answered with HTTP status ${http}`);
      this.request?.cancel();
    } else if (first) this.listener?.onReceiveMetadata(new Metadata());
  }

  /** Hands on messages as they are asked for, until the answer or the call ends. */
  private async deliver(): Promise<void> {
    let answers = 0;
    for await (const message of deframe(this.inbox)) {
      if (++answers > this.mostAnswers) throw new RpcError(Code.internal, `${this.method} was answered more than once`);
      while (this.credit === 0 && !this.ended) {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
      if (this.ended) return;
      this.credit--;
      this.listener?.onReceiveMessage(Buffer.from(message));
    }
  }

  private settle(): void {
    const status = this.answer.get('grpc-status');
    if (status !== undefined) this.finish(statusObject(status, this.answer));
    else this.fail(Code.unavailable, this.lost ?? `${this.options.target} ended ${this.method} without a status`);
  }

  private withRequest(act: (request: Http2Request) => void): void {
    if (this.request) act(this.request);
    else this.queued.push(act);
  }

  private fail(code: number, details: string): void {
    this.finish({ code, details, metadata: new Metadata() });
  }

  private finish(status: StatusObject): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.timer);
    this.wake();
    this.listener?.onReceiveStatus(status);
  }
}

/** grpc-js needs nothing of the headers but these, and prints those that it does not like. */
function statusObject(code: string, answer: ReadonlyMap<string, string>): StatusObject {
  const metadata = new Metadata();
  const details = answer.get('grpc-status-details-bin');
  if (details !== undefined) metadata.set('grpc-status-details-bin', Buffer.from(details, 'base64'));
  return {
    code: /^\d{1,9}$/.test(code) ? Number(code) : Code.unknown,
    details: decodeStatusMessage(answer.get('grpc-message') ?? ''),
    metadata,
  };
}
