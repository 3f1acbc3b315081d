/**
 * A grpc-js channel over any byte stream. grpc-js connects by itself to sockets only; a daemon may also be behind an
 * HTTP upgrade, the standard streams of a command or an SSH connection. One way for all of them also means that a
 * connection that fails says why, at once.
 */
import type { Duplex } from 'node:stream';
import { type ClientOptions, connectivityState, Metadata, type StatusObject } from '@grpc/grpc-js';
import { deframe, frame } from './framing.ts';
import type { HeaderField } from './hpack.ts';
import { connectHttp2, type Http2Client, HUNG_UP, type Request } from './http2-client.ts';
import { Code, RpcError } from './status.ts';
import { decodeStatusMessage } from './status-details.ts';

type GrpcChannel = NonNullable<ClientOptions['channelOverride']>;
type Call = ReturnType<GrpcChannel['createCall']>;
type Listener = Parameters<Call['start']>[1];

/** grpc-js's channel as an interface. */
export interface Channel extends GrpcChannel {
  /** The same for calls with one answer, where a second one is an error: grpc-js never asks for it, and would wait. */
  readonly unary?: GrpcChannel;
}

export interface DuplexChannelOptions {
  /** For messages. */
  readonly target: string;
  /** The :authority header. */
  readonly authority: string;
  /** Opens a connection. Called again when a call comes after the connection was lost. */
  dial(): Promise<Duplex>;
  /**
   * Milliseconds without a byte from the peer, while calls are open, after which the connection is given up; 0 for never,
   * the default.
   */
  readonly silenceMs?: number | undefined;
  /** What to do about a peer that was given up, for its error. */
  readonly advice?: string | undefined;
}

interface Opened {
  readonly client: Http2Client;
  /** Says why a call has ended that the client ended with `reason`. */
  explain(reason: string): string;
}

/** Calls `use` at once with a connection that has room, so that nobody else takes it in between. */
type WithRoom = (use: (connection: Opened) => void) => Promise<void>;

/** What the peer may send ahead in one call. */
const WINDOW_BYTES = 4 << 20;
/** Any answer to it will do: that there is no such service, too. */
const QUESTION = '/grpc.health.v1.Health/Check';

/** So many connections are opened to one daemon; calls beyond what these take wait for others to end. */
const MAX_CONNECTIONS = 16;

/**
 * A channel over HTTP/2, opened with the first call. Each build holds two calls open to its end, and daemons take 250 at
 * most over one connection: what finds no room opens another one. It must not wait, for what it asks may be what those
 * builds need to end.
 */
export function createDuplexChannel(options: DuplexChannelOptions): Channel {
  const { target, authority, silenceMs = 0, advice } = options;
  let opened: Opened[] = [];
  let opening: Promise<Opened> | undefined;
  let closed = false;

  const connect = async (): Promise<Opened> => {
    const connection = await options.dial();
    let failure: string | undefined;
    connection.once('error', (error) => {
      failure = error.message;
    });
    const client = connectHttp2(connection, { window: WINDOW_BYTES, silenceMs, ask: questioner(authority) });
    if (closed) client.close();
    const explain = (reason: string) => {
      if (failure !== undefined) return failure;
      const lost = `connection to ${target} was lost`;
      if (reason === HUNG_UP) return lost;
      return advice && reason.startsWith('no sign of life') ? `${lost}: ${reason}; ${advice}` : `${lost}: ${reason}`;
    };
    const connected = { client, explain };
    opened.push(connected);
    return connected;
  };
  const withRoom: WithRoom = async (use) => {
    for (;;) {
      if (closed) throw new RpcError(Code.unavailable, `the client of ${target} is closed`);
      opened = opened.filter(({ client }) => !client.isLost);
      const found = opened.find(({ client }) => client.hasRoom) ?? opened[MAX_CONNECTIONS - 1];
      if (found) return use(found);
      if (!opening) {
        const dialed = connect();
        opening = dialed
          .then(async (connected) => {
            await connected.client.told;
            return connected;
          })
          .finally(() => {
            opening = undefined;
          });
        opening.catch(() => {}); // it is told here
        return use(await dialed);
      }
      const fresh = await opening;
      if (fresh.client.isLost) return use(fresh); // which says why
    }
  };

  const channel: GrpcChannel = {
    close() {
      closed = true;
      for (const { client } of opened) client.close();
    },
    getTarget: () => options.target,
    getConnectivityState: () => (closed ? connectivityState.SHUTDOWN : connectivityState.READY),
    watchConnectivityState: (_state, _deadline, callback) => callback(),
    getChannelzRef: () => ({ kind: 'channel' as never, id: 0, name: options.target }),
    createCall: (method, deadline) => createCall(method, deadline, options, withRoom, Number.POSITIVE_INFINITY),
  };
  const unary: GrpcChannel = {
    ...channel,
    createCall: (method, deadline) => createCall(method, deadline, options, withRoom, 1),
  };
  return { ...channel, unary };
}

/** Asks a small question, unless the last one is still open. */
function questioner(authority: string): (client: Http2Client) => void {
  let open = false;
  return (client) => {
    if (open) return;
    open = true;
    const end = () => {
      open = false;
    };
    client.request(requestHeaders(authority, QUESTION), { headers() {}, data() {}, end }, frame(new Uint8Array(0)));
  };
}

const requestHeaders = (authority: string, path: string): HeaderField[] => [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', path],
  [':authority', authority],
  ['te', 'trailers'],
  ['content-type', 'application/grpc'],
  ['user-agent', 'tsfront'],
];

/** The headers of a call's metadata, bytes in base64. */
const metadataHeaders = (metadata: Metadata): HeaderField[] =>
  Object.entries(metadata.toHttp2Headers()).flatMap(([name, values]) =>
    [values ?? []].flat().map((value): HeaderField => [name, String(value)]),
  );

/** What arrives of an answer, for one reader; `taken` is told of what it has read. */
function createInbox(taken: (bytes: number) => void) {
  let chunks: Buffer[] = [];
  let complete = false;
  let wake = () => {};
  return {
    add(chunk: Buffer) {
      chunks.push(chunk);
      wake();
    },
    end() {
      complete = true;
      wake();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const ready = chunks;
        chunks = [];
        for (const chunk of ready) {
          taken(chunk.length);
          yield chunk;
        }
        if (chunks.length > 0) continue;
        if (complete) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

function createCall(
  method: string,
  deadline: Date | number,
  options: DuplexChannelOptions,
  withRoom: WithRoom,
  mostAnswers: number,
): Call {
  let request: Request | undefined;
  let listener: Listener | undefined;
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  let credit = 0; // reads asked for and not yet answered
  let wake: (() => void) | undefined;
  const queued: (() => void)[] = []; // writes from before the stream was there

  const finish = (status: StatusObject) => {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    wake?.();
    listener?.onReceiveStatus(status);
  };
  const fail = (code: number, details: string) => finish({ code, details, metadata: new Metadata() });
  const withRequest = (act: () => void) => {
    if (request) act();
    else queued.push(act);
  };

  const run = async (metadata: Metadata) => {
    const answer = new Map<string, string>();
    const inbox = createInbox((bytes) => request?.taken(bytes));
    let lost: string | undefined;
    const settle = () => {
      const status = answer.get('grpc-status');
      if (status !== undefined) finish(toStatus(status, answer));
      else fail(Code.unavailable, lost ?? `${options.target} ended ${method} without a status`);
    };
    await withRoom(({ client, explain }) => {
      if (ended) return;
      request = client.request([...requestHeaders(options.authority, method), ...metadataHeaders(metadata)], {
        headers(fields) {
          const first = answer.size === 0;
          for (const [name, value] of fields) answer.set(name, value);
          const http = answer.get(':status');
          if (http !== '200') {
            fail(Code.unavailable, `${options.target} answered with HTTP status ${http}`);
            request?.cancel();
          } else if (first) listener?.onReceiveMetadata(new Metadata());
        },
        data: (chunk) => inbox.add(chunk),
        end(reason) {
          if (reason !== undefined) lost = explain(reason);
          inbox.end();
          // after the reader below has had its chance to deliver what has arrived
          if (!answer.has('grpc-status')) setImmediate(settle);
        },
      });
    });
    if (!request) return; // it was given up before
    for (const act of queued.splice(0)) act();
    try {
      let answers = 0;
      for await (const message of deframe(inbox)) {
        if (++answers > mostAnswers) throw new RpcError(Code.internal, `${method} was answered more than once`);
        while (credit === 0 && !ended) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        if (ended) return;
        credit--;
        listener?.onReceiveMessage(Buffer.from(message));
      }
    } catch (error) {
      request.cancel();
      if (lost === undefined) throw error;
    }
    settle();
  };

  const call: Call = {
    start(metadata, startedListener) {
      listener = startedListener;
      const expires = typeof deadline === 'number' ? deadline : deadline.getTime();
      if (Number.isFinite(expires)) {
        const ms = Math.max(0, expires - Date.now());
        const late = `${options.target} did not answer ${method} within ${Math.ceil(ms / 1000)} s`;
        timer = setTimeout(() => call.cancelWithStatus(Code.deadlineExceeded, late), ms);
      }
      run(metadata).catch((error: unknown) => {
        if (error instanceof RpcError) fail(error.code, error.status);
        else fail(Code.unavailable, error instanceof Error ? error.message : String(error));
      });
    },
    cancelWithStatus(code, details) {
      fail(code, details);
      request?.cancel();
    },
    sendMessageWithContext(context, message) {
      withRequest(() => request!.write(frame(message), () => context.callback?.()));
    },
    startRead() {
      credit++;
      wake?.();
    },
    halfClose: () => withRequest(() => request!.end()),
    getPeer: () => options.target,
    getCallNumber: () => 0,
    setCredentials: () => {},
    getAuthContext: () => null,
  };
  return call;
}

/** grpc-js needs nothing of the headers but these, and prints those that it does not like. */
function toStatus(code: string, answer: ReadonlyMap<string, string>): StatusObject {
  const metadata = new Metadata();
  const details = answer.get('grpc-status-details-bin');
  if (details !== undefined) metadata.set('grpc-status-details-bin', Buffer.from(details, 'base64'));
  return {
    code: /^\d{1,9}$/.test(code) ? Number(code) : Code.unknown,
    details: decodeStatusMessage(answer.get('grpc-message') ?? ''),
    metadata,
  };
}
