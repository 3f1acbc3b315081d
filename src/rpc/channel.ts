/**
 * A grpc-js channel over any byte stream. grpc-js connects by itself to sockets only; a daemon may also be behind an
 * HTTP upgrade, the standard streams of a command or an SSH connection. One way for all of them also means that a
 * connection that fails says why, at once.
 */
import http2 from 'node:http2';
import type { Duplex } from 'node:stream';
import { type ClientOptions, connectivityState, Metadata, type StatusObject } from '@grpc/grpc-js';
import { deframe, frame } from './framing.ts';
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
  dial(): Promise<Duplex>;
}

/** A channel with one HTTP/2 connection, opened with the first call. */
export function createDuplexChannel(options: DuplexChannelOptions): Channel {
  let session: Promise<http2.ClientHttp2Session> | undefined;
  let end = () => {};
  let closed = false;

  const connect = async (): Promise<http2.ClientHttp2Session> => {
    const connection = await options.dial();
    const opened = http2.connect(`http://${options.authority}`, {
      createConnection: () => connection,
      maxSessionMemory: 256,
      settings: { enablePush: false, initialWindowSize: 4 << 20 },
    });
    opened.on('error', () => {}); // reported by the calls that run on it
    opened.once('connect', () => opened.setLocalWindowSize(16 << 20));
    opened.once('close', () => {
      session = undefined;
    });
    // a session that is destroyed first writes once more, which Node does not survive while the last write is stuck
    connection.once('close', () => opened.destroy());
    end = () => connection.destroy();
    if (closed) end();
    return opened;
  };
  const getSession = (): Promise<http2.ClientHttp2Session> => {
    if (closed) return Promise.reject(new RpcError(Code.unavailable, `the client of ${options.target} is closed`));
    if (!session) {
      const connecting = connect();
      connecting.catch(() => {
        session = undefined;
      });
      session = connecting;
    }
    return session;
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
    createCall: (method, deadline) => createCall(method, deadline, options, getSession),
  };
}

function createCall(
  method: string,
  deadline: Date | number,
  options: DuplexChannelOptions,
  getSession: () => Promise<http2.ClientHttp2Session>,
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
    const session = await getSession();
    if (ended) return;
    stream = session.request({
      ...metadata.toHttp2Headers(),
      ':method': 'POST',
      ':path': method,
      te: 'trailers',
      'content-type': 'application/grpc',
      'user-agent': 'tsfront',
    });
    let status: StatusObject | undefined;
    const takeStatus = (headers: http2.IncomingHttpHeaders) => {
      if (headers['grpc-status'] === undefined) return;
      status = {
        code: Number(headers['grpc-status']),
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
        if (!status) fail(Code.unavailable, `connection to ${options.target} was lost${cause}`);
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
      const expires = typeof deadline === 'number' ? deadline : deadline.getTime();
      if (Number.isFinite(expires)) {
        timer = setTimeout(
          () => call.cancelWithStatus(Code.deadlineExceeded, `no answer from ${options.target} in time`),
          Math.max(0, expires - Date.now()),
        );
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
