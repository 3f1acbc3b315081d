/**
 * A grpc-js channel over any byte stream. grpc-js connects by itself to sockets only; a daemon may also be behind an
 * HTTP upgrade, the standard streams of a command or an SSH connection. One way for all of them also means that a
 * connection that fails says why, at once.
 */
import http2 from 'node:http2';
import type { Duplex } from 'node:stream';
import { type ClientOptions, connectivityState, Metadata, type StatusObject } from '@grpc/grpc-js';
import { deframe, frame } from './framing.ts';
import { watchLiveness } from './liveness.ts';
import { Code, RpcError } from './status.ts';
import { decodeStatusMessage } from './status-details.ts';

/** grpc-js's channel as an interface. */
export type Channel = NonNullable<ClientOptions['channelOverride']>;
type Call = ReturnType<Channel['createCall']>;
type Listener = Parameters<Call['start']>[1];

export interface DuplexChannelOptions {
  /** For messages. */
  readonly target: string;
  /** The :authority header. */
  readonly authority: string;
  /** Opens a connection. Called again when a call comes after the connection was lost. */
  dial(): Promise<Duplex & { readonly bytesRead?: number }>;
  /**
   * Milliseconds without a byte from the peer, while calls are open, after which the connection is given up; 0 for never,
   * the default. It takes a stream that counts: `bytesRead`.
   */
  readonly silenceMs?: number | undefined;
  /** What to do about a peer that was given up, for its error. */
  readonly advice?: string | undefined;
}

/** A connection, and why it was ended if that was here. */
interface Opened {
  readonly session: http2.ClientHttp2Session;
  givenUp: string;
}

/** Any answer to it will do: that there is no such service, too. */
const QUESTION = '/grpc.health.v1.Health/Check';

/** A channel with one HTTP/2 connection, opened with the first call. */
export function createDuplexChannel(options: DuplexChannelOptions): Channel {
  let current: Promise<Opened> | undefined;
  let end = () => {};
  let closed = false;
  let open = 0; // calls

  const connect = async (): Promise<Opened> => {
    const connection = await options.dial();
    const session = http2.connect(`http://${options.authority}`, {
      createConnection: () => connection,
      maxSessionMemory: 256,
      settings: { enablePush: false, initialWindowSize: 4 << 20 },
    });
    const opened: Opened = { session, givenUp: '' };
    session.on('error', () => {}); // reported by the calls that run on it
    session.once('connect', () => session.setLocalWindowSize(16 << 20));
    session.once('close', () => {
      current = undefined;
    });
    const { silenceMs } = options;
    const endWatch =
      silenceMs && connection.bytesRead !== undefined
        ? watchLiveness({
            silenceMs,
            arrived: () => (open > 0 ? connection.bytesRead : undefined),
            ask: questioner(session),
            giveUp() {
              opened.givenUp = `${options.target} gave no sign of life for ${silenceMs / 1000} s`;
              if (options.advice) opened.givenUp += `: ${options.advice}`;
              connection.destroy();
            },
          })
        : () => {};
    // a session that is destroyed first writes once more, which Node does not survive while the last write is stuck
    connection.once('close', () => {
      endWatch();
      session.destroy();
    });
    end = () => connection.destroy();
    if (closed) end();
    return opened;
  };
  const getSession = (): Promise<Opened> => {
    if (closed) return Promise.reject(new RpcError(Code.unavailable, `the client of ${options.target} is closed`));
    if (!current) {
      const connecting = connect();
      connecting.catch(() => {
        current = undefined;
      });
      current = connecting;
    }
    return current;
  };

  return {
    close() {
      closed = true;
      end();
    },
    getTarget: () => options.target,
    getConnectivityState: () => (closed ? connectivityState.SHUTDOWN : connectivityState.READY),
    watchConnectivityState: (_state, _deadline, callback) => callback(),
    getChannelzRef: () => ({ kind: 'channel' as never, id: 0, name: options.target }),
    createCall: (method, deadline) =>
      createCall(method, deadline, options, getSession, (change) => {
        open += change;
      }),
  };
}

/** Asks a small question, unless the last one is still open. HTTP/2's own would do, but gRPC servers take it for abuse. */
function questioner(session: http2.ClientHttp2Session): () => void {
  let asked: http2.ClientHttp2Stream | undefined;
  return () => {
    if (asked || session.destroyed) return;
    asked = session.request({ ...requestHeaders, ':path': QUESTION });
    asked
      .on('error', () => {})
      .once('close', () => {
        asked = undefined;
      });
    asked.resume();
    asked.end(frame(new Uint8Array(0)));
  };
}

const requestHeaders = {
  ':method': 'POST',
  te: 'trailers',
  'content-type': 'application/grpc',
  'user-agent': 'tsfront',
};

function createCall(
  method: string,
  deadline: Date | number,
  options: DuplexChannelOptions,
  getSession: () => Promise<Opened>,
  count: (change: 1 | -1) => void,
): Call {
  let stream: http2.ClientHttp2Stream | undefined;
  let listener: Listener | undefined;
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  let credit = 0; // reads asked for and not yet answered
  let wake: (() => void) | undefined;
  const queued: (() => void)[] = []; // writes from before the stream was there

  const finish = (status: StatusObject) => {
    if (ended) return;
    ended = true;
    if (listener) count(-1);
    clearTimeout(timer);
    wake?.();
    listener?.onReceiveStatus(status);
  };
  const fail = (code: number, details: string) => finish({ code, details, metadata: new Metadata() });
  const withStream = (act: () => void) => {
    if (stream) act();
    else queued.push(act);
  };

  const run = async (metadata: Metadata) => {
    const opened = await getSession();
    if (ended) return;
    stream = opened.session.request({ ...metadata.toHttp2Headers(), ...requestHeaders, ':path': method });
    let status: StatusObject | undefined;
    const takeStatus = (headers: http2.IncomingHttpHeaders) => {
      if (headers['grpc-status'] === undefined) return;
      const code = Number(headers['grpc-status']);
      status = {
        code: Number.isInteger(code) && code >= 0 ? code : Code.unknown,
        details: decodeStatusMessage(String(headers['grpc-message'] ?? '')),
        metadata: Metadata.fromHttp2Headers(headers),
      };
    };
    let cause = '';
    stream.on('error', (error) => {
      cause = `: ${error.message}`;
    });
    stream.on('trailers', takeStatus);
    stream.on('response', (headers) => {
      if (headers[':status'] !== 200) {
        fail(Code.unavailable, `${options.target} answered with HTTP status ${headers[':status']}`);
        stream?.close(http2.constants.NGHTTP2_CANCEL);
        return;
      }
      listener?.onReceiveMetadata(Metadata.fromHttp2Headers(headers));
      takeStatus(headers);
    });
    stream.once('close', () => {
      // after the reader below has had its chance to deliver what has arrived
      setImmediate(() => {
        if (!status) fail(Code.unavailable, opened.givenUp || `connection to ${options.target} was lost${cause}`);
      });
    });
    for (const act of queued.splice(0)) act();
    for await (const message of deframe(stream)) {
      while (credit === 0 && !ended) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (ended) return;
      credit--;
      listener?.onReceiveMessage(Buffer.from(message));
    }
    if (status) finish(status);
  };

  const call: Call = {
    start(metadata, startedListener) {
      listener = startedListener;
      count(1);
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
      stream?.close(http2.constants.NGHTTP2_CANCEL);
    },
    sendMessageWithContext(context, message) {
      withStream(() => {
        if (stream?.writable) stream.write(frame(message), () => context.callback?.());
        else context.callback?.();
      });
    },
    startRead() {
      credit++;
      wake?.();
    },
    halfClose: () => withStream(() => stream?.end()),
    getPeer: () => options.target,
    getCallNumber: () => 0,
    setCredentials: () => {},
    getAuthContext: () => null,
  };
  return call;
}
