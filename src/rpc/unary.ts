/**
 * Unary gRPC calls over one HTTP/2 connection on any duplex stream: what a frontend needs inside BuildKit, where it
 * starts for every build and a whole gRPC library would cost more time to load than the calls take.
 */
import http2 from 'node:http2';
import type { Duplex } from 'node:stream';
import { frame, MAX_MESSAGE_BYTES } from './framing.ts';
import { Code, RpcError } from './status.ts';
import { decodeStatusMessage, toRpcError } from './status-details.ts';

/** Carries encoded messages; rejects with an {@link RpcError}. */
export interface UnaryTransport {
  /** `method` is the full name, e.g. `/moby.buildkit.v1.frontend.LLBBridge/Ping`. */
  unary(method: string, request: Uint8Array, options?: { readonly timeoutMs?: number }): Promise<Uint8Array>;
  /** Ends the connection; calls under way fail. */
  close(): void;
}

const prefixSize = 5; // one byte of flags, four of length
const windowSize = 16 << 20;

/** Speaks HTTP/2 as the client end of `duplex`. */
export function createUnaryTransport(duplex: Duplex): UnaryTransport {
  let broken: RpcError | undefined;
  const session = http2.connect('http://localhost', {
    createConnection: () => duplex,
    settings: { enablePush: false, initialWindowSize: windowSize },
  });
  const lost = (reason?: string) => {
    broken ??= new RpcError(Code.unavailable, `the connection to BuildKit was lost${reason ? `: ${reason}` : ''}`);
  };
  session.on('connect', () => session.setLocalWindowSize(windowSize));
  session.on('error', (error) => lost(error.message));
  session.on('goaway', () => lost('the server is going away'));
  session.on('close', () => lost());

  return {
    unary: (method, request, { timeoutMs } = {}) =>
      new Promise((resolve, reject) => {
        if (broken) return reject(broken);
        if (request.length > MAX_MESSAGE_BYTES) return reject(tooLarge('send', request.length));
        const stream = session.request({
          ':method': 'POST',
          ':path': method,
          'content-type': 'application/grpc',
          te: 'trailers',
          'user-agent': 'tsfront',
        });
        const timer = timeoutMs
          ? setTimeout(() => {
              reject(new RpcError(Code.deadlineExceeded, `no answer to ${method} within ${timeoutMs} ms`));
              stream.close(http2.constants.NGHTTP2_CANCEL);
            }, timeoutMs)
          : undefined;
        const body = createMessageReader();
        let headers: http2.IncomingHttpHeaders = {};
        let failure: RpcError | undefined;
        stream.on('response', (received) => {
          headers = received;
        });
        stream.on('trailers', (received) => {
          headers = { ...headers, ...received };
        });
        stream.on('data', (chunk: Buffer) => {
          failure ??= body.add(chunk);
          if (failure) stream.close(http2.constants.NGHTTP2_CANCEL);
        });
        stream.on('error', (error) => {
          failure ??= broken ?? new RpcError(Code.unavailable, error.message);
        });
        stream.on('close', () => {
          clearTimeout(timer);
          const error = failure ?? statusOf(headers) ?? body.incomplete();
          if (error) reject(broken && !headers['grpc-status'] ? broken : error);
          else resolve(body.message());
        });
        stream.end(frame(request)); // one write: an empty one under cork() would hang the stream
      }),
    close: () => session.destroy(),
  };
}

/** Collects the one message of an answer. */
function createMessageReader() {
  const chunks: Buffer[] = [];
  let size = 0;
  let wanted = -1;
  return {
    add(chunk: Buffer): RpcError | undefined {
      chunks.push(chunk);
      size += chunk.length;
      if (wanted < 0 && size >= prefixSize) {
        const head = chunks.length === 1 ? chunk : Buffer.concat(chunks);
        if (head[0] !== 0) return new RpcError(Code.internal, 'the server sent a compressed message');
        wanted = head.readUInt32BE(1);
        if (wanted > MAX_MESSAGE_BYTES) return tooLarge('received', wanted);
      }
      return undefined;
    },
    incomplete: () =>
      wanted >= 0 && size === prefixSize + wanted
        ? undefined
        : new RpcError(Code.internal, 'the server ended its answer before the message was complete'),
    message: () => (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).subarray(prefixSize),
  };
}

const tooLarge = (verb: 'send' | 'received', size: number) =>
  new RpcError(
    Code.resourceExhausted,
    verb === 'send'
      ? `trying to send message larger than max (${size} vs. ${MAX_MESSAGE_BYTES})`
      : `grpc: received message larger than max (${size} vs. ${MAX_MESSAGE_BYTES})`,
  );

/** The error that an answer's headers and trailers carry, undefined for success. */
function statusOf(headers: http2.IncomingHttpHeaders): RpcError | undefined {
  const code = headers['grpc-status'];
  if (code === '0') return undefined;
  if (code === undefined) {
    const http = headers[':status'];
    const why = http && http !== '200' ? `unexpected HTTP status code received from server: ${http}` : 'no status';
    return new RpcError(Code.unavailable, http ? why : 'the server closed the stream without an answer');
  }
  const details = headers['grpc-status-details-bin'];
  return toRpcError(
    Number(code),
    decodeStatusMessage(String(headers['grpc-message'] ?? '')),
    details === undefined ? undefined : Buffer.from(String(details), 'base64'),
  );
}
